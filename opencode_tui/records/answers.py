"""The answers to requests."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from opencode_tui.records.accounts import Accounts
from opencode_tui.records.alerts import Alert, AlertedSession
from opencode_tui.records.breakdown import Breakdown
from opencode_tui.records.history import HistoryView, WeekHours
from opencode_tui.records.insights import FollowedInsight, Insight
from opencode_tui.records.levers import LeverEvidence
from opencode_tui.records.quotas import Quotas
from opencode_tui.records.reconciliation import Reconciliation
from opencode_tui.records.repricing import RepricedWork
from opencode_tui.records.requests import (
    AlertsRequest,
    ComparisonRequest,
    InsightsRequest,
    LeversRequest,
    ShippedRequest,
    TeamRequest,
)
from opencode_tui.records.session import SessionView, TurnView
from opencode_tui.records.sessions import SessionList
from opencode_tui.records.shipped import Shipped
from opencode_tui.records.team import TeamReport
from opencode_tui.records.usage import Projects


class AlertList(Struct, frozen=True):
    request: AlertsRequest
    taken_ms: int
    alerts: tuple[Alert, ...]
    sessions: tuple[AlertedSession, ...] = ()
    """Those that the alerts lead to, as far as the ledger knows them."""


class Comparison(Struct, frozen=True):
    """The works of two models, each at the price of the other; None where that is not known."""

    request: ComparisonRequest
    taken_ms: int
    works: tuple[RepricedWork | None, RepricedWork | None]


class InsightList(Struct, frozen=True):
    """A period's insights, the costliest first; those that were dismissed are apart."""

    request: InsightsRequest
    taken_ms: int
    first: date
    last: date
    label: str
    """The request's period, or `custom`."""
    insights: tuple[Insight, ...]
    spend_nano: int
    """What the whole period cost."""
    lower_bound: bool = False
    """The spend is a lower bound: a row or a store could not be read."""
    sessions_left: int = 0
    """Sessions that the rules have not looked at since they changed."""
    dismissed: tuple[Insight, ...] = ()
    followed: tuple[FollowedInsight, ...] = ()
    """All that were marked as done, in whatever period; the last one first."""


class LeverList(Struct, frozen=True):
    request: LeversRequest
    taken_ms: int
    levers: tuple[LeverEvidence, ...]
    """In the order in which to try them."""
    insights: InsightList
    """Those of the same period."""


class TeamView(Struct, frozen=True):
    request: TeamRequest
    taken_ms: int
    report: TeamReport


class SessionShipped(Struct, frozen=True):
    """What became of what a session with all its subagents cost."""

    request: ShippedRequest
    taken_ms: int
    shipped: Shipped


_OfPeriod = SessionList | Projects | Breakdown | Comparison | HistoryView | WeekHours
_OfPlans = Quotas | Accounts
_OfSession = SessionView | TurnView | SessionShipped
Answer = _OfPeriod | TeamView | _OfPlans | InsightList | LeverList | _OfSession | AlertList | Reconciliation
