"""The requests that readings answer, and the actions that a person can take."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from opencode_tui.records.insights import InsightMark


class SessionsRequest(Struct, frozen=True):
    """The root sessions active in one of analysis.periods.PERIODS or on a day (2026-05-13)."""

    period: str = "week"
    sparks: bool = True
    """Whether the rows have their costs, from which their spend over time is worked out."""
    contexts: bool = True
    """Whether the rows have their newest context, which takes a third of the rest."""
    turns: bool = True
    """Whether the rows have the number of their turns, which takes a quarter of the rest."""

    @classmethod
    def first(cls, period: str) -> SessionsRequest:
        """What is shown first of a long period."""
        return cls(period, sparks=False, contexts=False, turns=False)

    @property
    def parts(self) -> tuple[bool, bool, bool]:
        """Whether the rows have sparks, contexts and turns."""
        return self.sparks, self.contexts, self.turns


class SessionRequest(Struct, frozen=True):
    """One session with its tree of subagents and its turns."""

    session_id: str


class ShippedRequest(Struct, frozen=True):
    """What became of a session's spend, as git knows it where it may be asked."""

    session_id: str


class TurnRequest(Struct, frozen=True):
    """The calls of one turn of a session."""

    session_id: str
    turn_id: str


class AlertsRequest(Struct, frozen=True):
    """The alerts that fired, newest first."""

    most: int = 200


class DayRequest(Struct, frozen=True):
    """The snapshot of a day; None is today."""

    day: date | None = None


class TeamRequest(Struct, frozen=True):
    """What the seats of the team cost in a week (2026-W20) or a month (2026-05), from their files."""

    period: str = ""
    """Empty for this week."""
    number: int = 0
    """Another number asks again."""


class ProjectsRequest(Struct, frozen=True):
    """A day's cost by project; None is today."""

    day: date | None = None


class Filter(Struct, frozen=True):
    """Only the calls for which a dimension has one of these keys."""

    dimension: str
    keys: tuple[str, ...]


class BreakdownRequest(Struct, frozen=True):
    """A period's cost by one dimension, or by two; `first` and `last`, if given, replace the named period."""

    by: tuple[str, ...]
    """One or two of dimensions.DIMENSIONS."""
    period: str = "today"
    """As people write it; see analysis.periods.days_of_text."""
    first: date | None = None
    last: date | None = None
    where: tuple[Filter, ...] = ()
    details: bool = True
    """Whether the rows have their turns, seconds, speeds and edits, which take longer than the rest."""
    brief: bool = False
    """Whether only the spend, the list price, the calls and their tokens are asked for, which takes least."""

    @property
    def is_about_tasks(self) -> bool:
        return "task" in self.by or any(each.dimension == "task" for each in self.where)


class ComparisonRequest(Struct, frozen=True):
    """What the work of each of two models would have cost on the other."""

    models: tuple[str, str]
    """Their keys."""
    works: tuple[BreakdownRequest, BreakdownRequest]
    """The calls of each."""


class InsightsRequest(Struct, frozen=True):
    """A period's insights; `first` and `last`, if given, replace the named period."""

    period: str = "week"
    """As people write it; see analysis.periods.days_of_text."""
    first: date | None = None
    last: date | None = None


class LeversRequest(Struct, frozen=True):
    """The levers with what a period shows for each."""

    period: str = "week"
    """As people write it; see analysis.periods.days_of_text."""


class HistoryRequest(Struct, frozen=True):
    """Every day that the ledger has, with the running week and month."""


class HoursRequest(Struct, frozen=True):
    """The hours of the week over a calendar year."""

    year: int


class QuotasRequest(Struct, frozen=True):
    """How much of each plan's quota is used."""


class AccountsRequest(Struct, frozen=True):
    """Who was paid in a period for whose models."""

    period: str = "month"
    """As people write it; see analysis.periods.days_of_text."""


class ReconcileRequest(Struct, frozen=True):
    """OpenCode's own figures beside the ledger's, each difference by its cause."""


_OfPeriod = SessionsRequest | ProjectsRequest | BreakdownRequest | ComparisonRequest | HistoryRequest | HoursRequest
_OfPlans = QuotasRequest | AccountsRequest
Request = (
    _OfPeriod
    | _OfPlans
    | InsightsRequest
    | LeversRequest
    | SessionRequest
    | TurnRequest
    | AlertsRequest
    | ReconcileRequest
    | TeamRequest
    | ShippedRequest
)


class SeeAlerts(Struct, frozen=True):
    """Mark these alerts as seen, which takes them off the banner."""

    ids: tuple[int, ...]


class UnseeAlerts(Struct, frozen=True):
    """Take back that these alerts were seen: each is new again."""

    ids: tuple[int, ...]


class SnoozeAlerts(Struct, frozen=True):
    """Hide these alerts until a moment."""

    ids: tuple[int, ...]
    until_ms: int


class AcknowledgeAlerts(Struct, frozen=True):
    """Mark these alerts as dealt with: they are seen, and no snooze brings them back."""

    ids: tuple[int, ...]


class UnacknowledgeAlerts(Struct, frozen=True):
    """Take back the acknowledgement of these alerts: each is what it was before."""

    ids: tuple[int, ...]


class InstallGuard(Struct, frozen=True):
    """Install the guard in OpenCode."""


class LiftGuard(Struct, frozen=True):
    """Let the guard pass all calls until a moment, or those past one kind of limit; None ends the lift."""

    until_ms: int | None
    what: str = ""
    """`rate`, `loop`, `subagent`, `budget` or `budget NAME`; empty for everything."""


class RaiseCutoff(Struct, frozen=True):
    """Raise the guard's cutoff for today; None ends the raise."""

    cutoff_nano: int | None


class MarkInsights(Struct, frozen=True):
    """Dismiss these insights or mark them as done, as each mark says; an earlier mark is replaced."""

    marks: tuple[InsightMark, ...]


class UnmarkInsights(Struct, frozen=True):
    """Take the marks of insights away: each is new again. An insight is its rule and its key."""

    insights: tuple[tuple[str, str], ...]


TakeBack = UnseeAlerts | UnacknowledgeAlerts | UnmarkInsights
"""What takes an earlier action back."""
_OnGuard = InstallGuard | LiftGuard | RaiseCutoff
Action = SeeAlerts | SnoozeAlerts | AcknowledgeAlerts | MarkInsights | TakeBack | _OnGuard
"""What a person does on the screen; the poller's thread carries it out."""
