"""Carries out what a person does from the dashboard or the command line: one function for each type of action."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from msgspec import Struct

from opencode_tui.clock import Calendar
from opencode_tui.guard.control import lift, raise_cutoff, unraise
from opencode_tui.ledger import alert_log, insight_marks
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.outcomes import (
    AlertsAcknowledged,
    AlertsSeen,
    AlertsSnoozed,
    AlertsUnacknowledged,
    AlertsUnseen,
    CutoffRaised,
    GuardInstalled,
    GuardLifted,
    InsightsMarked,
    InsightsUnmarked,
    Outcome,
)
from opencode_tui.records.requests import (
    AcknowledgeAlerts,
    Action,
    InstallGuard,
    LiftGuard,
    MarkInsights,
    RaiseCutoff,
    SeeAlerts,
    SnoozeAlerts,
    UnacknowledgeAlerts,
    UnmarkInsights,
    UnseeAlerts,
)


class Workplace(Struct, frozen=True):
    """What actions read and change."""

    guard: Path
    """The guard's state file."""
    calendar: Calendar
    now_ms: int
    """Unix milliseconds."""
    ledger: Ledger | None = None
    """Open for writing; None where only the guard is acted on."""
    spent_nano: Callable[[], int] = lambda: 0
    """Today's spend."""
    install_guard: Callable[[], GuardInstalled] | None = None
    """Installs the guard; None where it cannot be installed, as on a demo day."""

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        """A write transaction in the ledger. Raises ValueError where none is open."""
        if self.ledger is None:
            raise ValueError("no ledger is open")
        return self.ledger.writing()


def act(action: Action, at: Workplace) -> Outcome:
    """Carry out an action and return its outcome.

    Raises ValueError with a sentence that says why not, StateError if the guard's state is broken, and sqlite3.Error.
    """
    return _DEEDS[type(action)](action, at)


def _see(action: SeeAlerts, at: Workplace) -> AlertsSeen:
    with at.writing() as connection:
        return AlertsSeen(action.ids, alert_log.mark_seen(connection, action.ids, at.now_ms))


def _unsee(action: UnseeAlerts, at: Workplace) -> AlertsUnseen:
    with at.writing() as connection:
        alert_log.unsee(connection, action.ids)
    return AlertsUnseen(action.ids)


def _snooze(action: SnoozeAlerts, at: Workplace) -> AlertsSnoozed:
    with at.writing() as connection:
        snoozed = alert_log.snooze(connection, action.ids, action.until_ms, at.now_ms)
    return AlertsSnoozed(action.ids, snoozed, action.until_ms)


def _acknowledge(action: AcknowledgeAlerts, at: Workplace) -> AlertsAcknowledged:
    with at.writing() as connection:
        return AlertsAcknowledged(action.ids, alert_log.acknowledge(connection, action.ids, at.now_ms))


def _unacknowledge(action: UnacknowledgeAlerts, at: Workplace) -> AlertsUnacknowledged:
    with at.writing() as connection:
        return AlertsUnacknowledged(action.ids, alert_log.unacknowledge(connection, action.ids))


def _mark(action: MarkInsights, at: Workplace) -> InsightsMarked:
    with at.writing() as connection:
        insight_marks.mark_insights(connection, action.marks)
    return InsightsMarked(action.marks)


def _unmark(action: UnmarkInsights, at: Workplace) -> InsightsUnmarked:
    with at.writing() as connection:
        return InsightsUnmarked(insight_marks.unmark_insights(connection, action.insights))


def _install(action: InstallGuard, at: Workplace) -> GuardInstalled:
    if at.install_guard is None:
        raise ValueError("the demo installs nothing; start without --demo to install the guard")
    return at.install_guard()


def _lift(action: LiftGuard, at: Workplace) -> GuardLifted:
    state = lift(at.guard, action.until_ms or 0, action.what, at.now_ms)
    return GuardLifted(action.until_ms, state.cutoff_at(at.now_ms), action.what)


def _raise(action: RaiseCutoff, at: Workplace) -> CutoffRaised:
    if action.cutoff_nano is None:
        return CutoffRaised(unraise(at.guard).cutoff_nano, ended=True)
    raise_cutoff(at.guard, action.cutoff_nano, at.spent_nano(), at.calendar, at.now_ms)
    return CutoffRaised(action.cutoff_nano)


_DEEDS: Mapping[type[Any], Callable[[Any, Workplace], Outcome]] = {
    SeeAlerts: _see,
    UnseeAlerts: _unsee,
    SnoozeAlerts: _snooze,
    AcknowledgeAlerts: _acknowledge,
    MarkInsights: _mark,
    UnmarkInsights: _unmark,
    InstallGuard: _install,
    UnacknowledgeAlerts: _unacknowledge,
    LiftGuard: _lift,
    RaiseCutoff: _raise,
}
