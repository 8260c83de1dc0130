"""Answers requests: one reading for each type of request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opencode_tui.readings.accounts import read_accounts
from opencode_tui.readings.alerts import read_alerts
from opencode_tui.readings.breakdown import read_breakdown
from opencode_tui.readings.context import Context
from opencode_tui.readings.history import read_history, read_hours
from opencode_tui.readings.insights import read_insights
from opencode_tui.readings.levers import read_lever_list
from opencode_tui.readings.projects import read_projects
from opencode_tui.readings.quotas import read_quotas
from opencode_tui.readings.reconcile import read_reconciliation
from opencode_tui.readings.repricing import read_comparison
from opencode_tui.readings.session import read_session, read_turn
from opencode_tui.readings.sessions import read_sessions
from opencode_tui.readings.shipped import read_session_shipped
from opencode_tui.readings.team import read_team
from opencode_tui.records.answers import Answer
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.requests import (
    AccountsRequest,
    AlertsRequest,
    BreakdownRequest,
    ComparisonRequest,
    HistoryRequest,
    HoursRequest,
    InsightsRequest,
    LeversRequest,
    ProjectsRequest,
    QuotasRequest,
    ReconcileRequest,
    Request,
    SessionRequest,
    SessionsRequest,
    ShippedRequest,
    TeamRequest,
    TurnRequest,
)

READINGS: Mapping[type[Any], Callable[[Any, Context], Answer]] = {
    AccountsRequest: read_accounts,
    AlertsRequest: read_alerts,
    BreakdownRequest: read_breakdown,
    ComparisonRequest: read_comparison,
    HistoryRequest: read_history,
    HoursRequest: read_hours,
    InsightsRequest: read_insights,
    LeversRequest: read_lever_list,
    QuotasRequest: read_quotas,
    ReconcileRequest: read_reconciliation,
    SessionRequest: read_session,
    SessionsRequest: read_sessions,
    TeamRequest: read_team,
    ShippedRequest: read_session_shipped,
    TurnRequest: read_turn,
    ProjectsRequest: read_projects,
}


def answer(request: Request, context: Context) -> Answer:
    """Answer a request from the ledger. Raises LookupError with a sentence if the subject is unknown."""
    with paused_collection():
        return READINGS[type(request)](request, context)
