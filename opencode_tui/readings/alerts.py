"""Reads the alerts that fired from the ledger, with the sessions that they lead to."""

from __future__ import annotations

from opencode_tui.ledger import alert_log, session_queries
from opencode_tui.readings.context import Context
from opencode_tui.readings.naming import session_titles
from opencode_tui.records.alerts import AlertedSession
from opencode_tui.records.answers import AlertList
from opencode_tui.records.requests import AlertsRequest


def read_alerts(request: AlertsRequest, context: Context) -> AlertList:
    connection = context.connection
    alerts = alert_log.alerts(connection, most=request.most)
    ids = {alert.leads_to for alert in alerts if alert.leads_to}
    titles = session_titles(connection, ids, context.calendar)
    sums = session_queries.tree_sums(connection, ids)
    sessions = tuple(AlertedSession(id, title, sums.get(id, 0)) for id, title in titles.items())
    return AlertList(request, context.now_ms, alerts, sessions)
