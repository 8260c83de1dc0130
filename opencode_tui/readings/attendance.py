"""Reads what a period spent with nobody there: to the call, however a quarter of an hour is shared."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from opencode_tui.analysis.absences import absences
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger import attendance_queries as rows
from opencode_tui.ledger.sums import QUARTER_MS
from opencode_tui.records.work import QuarterShare, SessionShare

Prompts = Sequence[tuple[int, str]]
"""(moment in Unix milliseconds, session) of what people asked for, in order of time."""


def prompts_of_people(connection: sqlite3.Connection, span: Span, sessions: Sequence[SessionShare]) -> Prompts:
    """The prompts of a span in interactive sessions; `sessions` are all of the span."""
    people = _of_people(sessions)
    return [each for each in rows.prompts_in(connection, span) if each[1] in people]


def read_alone(
    connection: sqlite3.Connection,
    span: Span,
    sessions: Sequence[SessionShare],
    quarters: Sequence[QuarterShare],
    prompts: Prompts,
    away_ms: int,
) -> tuple[QuarterShare, ...]:
    """What was spent in a span so long after the last prompt of a person in any session, in order of time.

    `sessions`, `quarters` and `prompts` are all of the span. A quarter of an hour in which somebody left or came back
    has only the calls of the time without them. Whoever began a session was there, even if its own first call came
    late, after those of its subagents.
    """
    there = sorted([*(at for at, _ in prompts), *rows.begun_in(connection, _of_people(sessions), span)])
    alone = absences(there, away_ms, span, _last_before(connection, span.start_ms, away_ms))
    whole, pieces = _whole_quarters(quarters, alone), _pieces(alone)
    return tuple(sorted((*whole, *rows.shares_of_pieces(connection, pieces)), key=_order))


def _of_people(sessions: Sequence[SessionShare]) -> set[str]:
    return {each.id for each in sessions if each.kind_of_use == "interactive"}


def _last_before(connection: sqlite3.Connection, start_ms: int, away_ms: int) -> int | None:
    """The moment of the last prompt before another one; one that is long past may have been later than it says."""
    if start_ms == EVER.start_ms:
        return None
    since_ms = start_ms - away_ms
    latest = rows.last_prompt(connection, Span(since_ms, start_ms))
    return since_ms if latest is None and rows.is_anybody_before(connection, since_ms) else latest


def _whole_quarters(quarters: Sequence[QuarterShare], alone: Sequence[Span]) -> Iterator[QuarterShare]:
    """The shares of quarters of an hour that lie wholly in one of the spans; both are in order of time."""
    place = 0
    for quarter in quarters:
        while place < len(alone) and alone[place].end_ms < quarter.end_ms:
            place += 1
        if place < len(alone) and alone[place].start_ms <= quarter.start_ms:
            yield quarter


def _pieces(alone: Sequence[Span]) -> Iterator[Span]:
    """What the spans have of quarters of an hour that do not lie wholly in them."""
    for span in alone:
        first = min(span.end_ms, -(-span.start_ms // QUARTER_MS) * QUARTER_MS)
        last = max(first, span.end_ms // QUARTER_MS * QUARTER_MS)
        yield from (
            each for each in (Span(span.start_ms, first), Span(last, span.end_ms)) if each.start_ms < each.end_ms
        )


def _order(share: QuarterShare) -> tuple[int, str, str, str]:
    return share.start_ms, share.session_id, share.model, share.agent
