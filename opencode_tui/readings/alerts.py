"""Reads the alerts that fired from the ledger."""

from __future__ import annotations

from opencode_tui.ledger import alert_log
from opencode_tui.readings.context import Context
from opencode_tui.records.answers import AlertList
from opencode_tui.records.requests import AlertsRequest


def read_alerts(request: AlertsRequest, context: Context) -> AlertList:
    return AlertList(request, context.now_ms, alert_log.alerts(context.connection, most=request.most))
