"""Reads the alerts that fired from the ledger, with the sessions that they lead to."""

from __future__ import annotations

from opencode_tui.ledger import alert_log, queries, session_queries
from opencode_tui.readings.context import Context
from opencode_tui.readings.naming import session_title
from opencode_tui.records.alerts import AlertedSession
from opencode_tui.records.answers import AlertList
from opencode_tui.records.requests import AlertsRequest


def read_alerts(request: AlertsRequest, context: Context) -> AlertList:
    connection = context.connection
    alerts = alert_log.alerts(connection, most=request.most)
    ids = {alert.leads_to for alert in alerts if alert.leads_to}
    facts = queries.session_facts(connection, ids)
    sums = session_queries.tree_sums(connection, ids)
    sessions = []
    for id, (nano, started_ms) in sums.items():
        title, place = (known.title, known.project) if (known := facts.get(id)) else ("", "")
        sessions.append(AlertedSession(id, session_title(title, place, started_ms, context.calendar), nano))
    return AlertList(request, context.now_ms, alerts, tuple(sessions))
