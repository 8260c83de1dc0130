"""The answers to requests."""

from __future__ import annotations

from dataclasses import dataclass

from opencode_tui.records.alerts import Alert
from opencode_tui.records.requests import AlertsQuery
from opencode_tui.records.session import SessionView, TurnView
from opencode_tui.records.sessions import SessionList


@dataclass(frozen=True, slots=True)
class AlertsView:
    query: AlertsQuery
    taken_ms: int
    alerts: tuple[Alert, ...]


View = SessionList | SessionView | TurnView | AlertsView
