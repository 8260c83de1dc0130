"""The answers to requests."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.records.alerts import Alert, AlertedSession
from opencode_tui.records.breakdown import Breakdown
from opencode_tui.records.history import HistoryView, WeekHours
from opencode_tui.records.requests import AlertsRequest
from opencode_tui.records.session import SessionView, TurnView
from opencode_tui.records.sessions import SessionList
from opencode_tui.records.usage import Usage


class AlertList(Struct, frozen=True):
    request: AlertsRequest
    taken_ms: int
    alerts: tuple[Alert, ...]
    sessions: tuple[AlertedSession, ...] = ()
    """Those that the alerts lead to, as far as the ledger knows them."""


Answer = SessionList | SessionView | TurnView | AlertList | Usage | Breakdown | HistoryView | WeekHours
