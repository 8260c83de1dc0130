"""Brings what the turns were for, and the sums by that, up to date with the calls, for the sessions that changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress

from opencode_tui.analysis.task_classes import VERSION
from opencode_tui.analysis.turn_work import works_of_turns
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.changed_work import StampName, is_stamped, restamp, sessions_behind
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.session_work_queries import calls_of_sessions
from opencode_tui.ledger.sums import MOST_NANO
from opencode_tui.ledger.task_sums import sum_tasks
from opencode_tui.ledger.turns import KeptTurn, keep_turns
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.requests import BreakdownRequest
from opencode_tui.records.work import TurnWork

_AT_ONCE = 2_000
"""Sessions that are settled in one transaction."""
_SUMS_AT_ONCE = 1_000
"""Sessions whose sums are made in one transaction, also where only few are to be classified: that takes less time."""
_ON_THE_WAY = 500
"""Sessions that are settled for what can do without."""


def settle_turns(ledger: Ledger, span: Span = EVER, most: int | None = None) -> None:
    """Classifies the turns of the sessions around a span that changed, at most so many, and makes their sums by task.

    A transaction for each step; may be interrupted anywhere and run twice at once. Raises sqlite3.OperationalError if
    the ledger is locked.
    """
    keep_stamp(ledger, "turns", VERSION)
    behind = sessions_behind(ledger.connection, "turns", span)[:most]
    for first in range(0, len(behind), _AT_ONCE):
        ids = behind[first : first + _AT_ONCE]
        with paused_collection(), ledger.writing() as connection:
            found = calls_of_sessions(connection, ids)
            turns = (turn for of in found for turn in turns_to_keep(of.session_id, works_of_turns(of.turns)))
            keep_turns(connection, ids, turns)
    _settle_sums(ledger, span, None if most is None else _SUMS_AT_ONCE)


def _settle_sums(ledger: Ledger, span: Span, most: int | None) -> None:
    """Sums what was classified here or on the way to insights."""
    behind = sessions_behind(ledger.connection, "tasks", span)[:most]
    for first in range(0, len(behind), _SUMS_AT_ONCE):
        with ledger.writing() as connection:
            sum_tasks(connection, behind[first : first + _SUMS_AT_ONCE])


def keep_stamp(ledger: Ledger, name: StampName, stamp: str) -> None:
    """Notes all sessions as behind if a part was made by other rules or rates than those that a stamp stands for."""
    if not is_stamped(ledger.connection, name, stamp):
        with ledger.writing() as connection:
            if not is_stamped(connection, name, stamp):
                restamp(connection, name, stamp)


def settle_for(ledger: Ledger, request: BreakdownRequest, most: int | None = None) -> None:
    """Classifies what a breakdown needs, at most so many sessions; by task it needs all, else a few on the way.

    A ledger that is locked is left as it is.
    """
    if request.is_about_tasks or request.details:
        with suppress(sqlite3.OperationalError):
            settle_turns(ledger, most=most if request.is_about_tasks else _ON_THE_WAY)


def settle_span(ledger: Ledger, span: Span) -> None:
    """Classifies what is new around a span. A ledger that is locked is left as it is."""
    with suppress(sqlite3.OperationalError):
        settle_turns(ledger, span)


def turns_to_keep(session_id: str, turns: Iterable[TurnWork]) -> Iterator[KeptTurn]:
    """The turns of a session as the ledger keeps them."""
    for turn in turns:
        calls = turn.calls
        ended_ms = max([call.completed_ms or call.created_ms for call in calls])
        nano = min(sum([call.cost_nano for call in calls]), MOST_NANO)
        sums = calls[0].created_ms, ended_ms, len(calls), nano
        yield KeptTurn(
            session_id, turn.id, turn.task, *sums, turn.edits, turn.retries, turn.is_one_shot, turn.edit_call_id
        )
