"""What a reader can ask for, and what a person can do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionsQuery:
    """The root sessions that did something in one of analysis.periods.PERIODS, or on a day (2026-05-13)."""

    period: str = "week"


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """One session with its tree of subagents and its turns."""

    session_id: str


@dataclass(frozen=True, slots=True)
class TurnQuery:
    """The calls of one turn of a session."""

    session_id: str
    turn_id: str


@dataclass(frozen=True, slots=True)
class AlertsQuery:
    """The alerts that fired, the newest first."""

    most: int = 200


Query = SessionsQuery | SessionQuery | TurnQuery | AlertsQuery


@dataclass(frozen=True, slots=True)
class SeeAlerts:
    """The person has seen these alerts: their banner goes."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SnoozeAlerts:
    ids: tuple[int, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class AcknowledgeAlerts:
    """The person has dealt with these alerts: they are seen, and no snooze brings them back."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LiftGuard:
    """Let the guard pass calls for so many minutes; 0 ends that."""

    minutes: int


@dataclass(frozen=True, slots=True)
class RaiseCutoff:
    """Let the guard hold a higher cutoff, for today; 0 ends that."""

    cutoff_nano: int


Action = SeeAlerts | SnoozeAlerts | AcknowledgeAlerts | LiftGuard | RaiseCutoff
"""What a person does from the screen; the poller's thread carries it out."""
