"""What a reader can ask for, and what a person can do."""

from __future__ import annotations

from datetime import date

from msgspec import Struct


class SessionsRequest(Struct, frozen=True):
    """The root sessions that did something in one of analysis.periods.PERIODS, or on a day (2026-05-13)."""

    period: str = "week"


class SessionRequest(Struct, frozen=True):
    """One session with its tree of subagents and its turns."""

    session_id: str


class TurnRequest(Struct, frozen=True):
    """The calls of one turn of a session."""

    session_id: str
    turn_id: str


class AlertsRequest(Struct, frozen=True):
    """The alerts that fired, the newest first."""

    most: int = 200


class DayRequest(Struct, frozen=True):
    """The picture of a day; None is today, whichever day that is."""

    day: date | None = None


class UsageRequest(Struct, frozen=True):
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


class SeeAlerts(Struct, frozen=True):
    """The person has seen these alerts: their banner goes."""

    ids: tuple[int, ...]


class SnoozeAlerts(Struct, frozen=True):
    """These alerts stay away until a moment."""

    ids: tuple[int, ...]
    until_ms: int


class AcknowledgeAlerts(Struct, frozen=True):
    """The person has dealt with these alerts: they are seen, and no snooze brings them back."""

    ids: tuple[int, ...]


class LiftGuard(Struct, frozen=True):
    """Let the guard pass calls until a moment; None ends that."""

    until_ms: int | None


class RaiseCutoff(Struct, frozen=True):
    """Let the guard hold a higher cutoff, for today; None ends that."""

    cutoff_nano: int | None


Action = SeeAlerts | SnoozeAlerts | AcknowledgeAlerts | LiftGuard | RaiseCutoff
"""What a person does from the screen; the poller's thread carries it out."""
