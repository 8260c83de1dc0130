"""What a reader can ask for, and what a person can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class SessionsRequest:
    """The root sessions that did something in one of analysis.periods.PERIODS, or on a day (2026-05-13)."""

    period: str = "week"


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """One session with its tree of subagents and its turns."""

    session_id: str


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """The calls of one turn of a session."""

    session_id: str
    turn_id: str


@dataclass(frozen=True, slots=True)
class AlertsRequest:
    """The alerts that fired, the newest first."""

    most: int = 200


@dataclass(frozen=True, slots=True)
class DayRequest:
    """The picture of a day; None is today, whichever day that is."""

    day: date | None = None


@dataclass(frozen=True, slots=True)
class UsageRequest:
    """What a period cost by one key; the days from `first` to `last` come before the period's name."""

    by: str = "model"
    """`day`, `session`, or one of ledger.queries.SLICE_KEYS."""
    period: str = "today"
    """One of analysis.periods.PERIODS."""
    first: date | None = None
    last: date | None = None
    model: str | None = None
    """Only the models that this text fits."""


Request = SessionsRequest | SessionRequest | TurnRequest | AlertsRequest | UsageRequest


@dataclass(frozen=True, slots=True)
class SeeAlerts:
    """The person has seen these alerts: their banner goes."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SnoozeAlerts:
    """These alerts stay away until a moment."""

    ids: tuple[int, ...]
    until_ms: int


@dataclass(frozen=True, slots=True)
class AcknowledgeAlerts:
    """The person has dealt with these alerts: they are seen, and no snooze brings them back."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LiftGuard:
    """Let the guard pass calls until a moment; None ends that."""

    until_ms: int | None


@dataclass(frozen=True, slots=True)
class RaiseCutoff:
    """Let the guard hold a higher cutoff, for today; None ends that."""

    cutoff_nano: int | None


Action = SeeAlerts | SnoozeAlerts | AcknowledgeAlerts | LiftGuard | RaiseCutoff
"""What a person does from the screen; the poller's thread carries it out."""
