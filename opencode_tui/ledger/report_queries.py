"""Queries for reports: what stands beside the spend of a span, and the alerts of it."""

from __future__ import annotations

import sqlite3

from opencode_tui.clock import Span
from opencode_tui.ledger.known_undone import IS_GONE_CALL
from opencode_tui.ledger.residuals import COMPACTION, TITLE, UNDONE
from opencode_tui.ledger.sums import exact_sum
from opencode_tui.records.cost_report import Aside

_IN_SPAN = "c.created_ms >= ? AND c.created_ms < ?"
_PAID = f"FROM call c INDEXED BY call_created WHERE {_IN_SPAN} AND c.copied_from IS NULL"

_SUMS_WITHOUT_COPIES = "SELECT id FROM session WHERE rank = 2 AND version NOT GLOB '[01].*'"
_LONE_COPY = f"(c.copied = 1 AND c.session_id IN ({_SUMS_WITHOUT_COPIES}))"


def calls_not_billed(connection: sqlite3.Connection, span: Span) -> Aside:
    """The calls that cost nothing though they have a list price, with that price."""
    return _aside(connection, f"SELECT count(*), {exact_sum('c.list_nano')} {_PAID} AND c.list_nano > 0", span)


def copies_in_forks(connection: sqlite3.Connection, span: Span) -> Aside:
    """The copies in forks, with what they cost where they were made."""
    query = f"SELECT count(*), {exact_sum('c.amount_nano')} FROM call c INDEXED BY call_copied WHERE {_IN_SPAN}"
    return _aside(connection, f"{query} AND c.copied = 1 AND c.copied_from IS NOT NULL", span)


def calls_in_no_row(connection: sqlite3.Connection, span: Span) -> dict[str, Aside]:
    """The undone calls, and others that were worked out from sessions' sums: by TITLE, UNDONE and COMPACTION."""
    rows = connection.execute(
        f"SELECT CASE WHEN {IS_GONE_CALL} THEN ? ELSE c.agent END, count(*), {exact_sum('c.cost_nano')}"
        f" {_PAID} AND (instr(c.id, '.unlisted.') OR {IS_GONE_CALL}) GROUP BY 1",
        (UNDONE, span.start_ms, span.end_ms),
    )
    found = {agent: Aside(calls, nano) for agent, calls, nano in rows}
    return {agent: found.get(agent, Aside(0, 0)) for agent in (TITLE, UNDONE, COMPACTION)}


def calls_of_deleted(connection: sqlite3.Connection, span: Span) -> Aside:
    """The calls of sessions that OpenCode no longer has, without the undone ones.

    Among them are copies that stand for the deleted original in a fork, of which OpenCode 2 has it in no sum.
    """
    gone = f"AND NOT {IS_GONE_CALL} AND (c.session_id IN (SELECT id FROM session WHERE NOT present) OR {_LONE_COPY})"
    return _aside(connection, f"SELECT count(*), {exact_sum('c.cost_nano')} {_PAID} {gone}", span)


def counts_by_basis(connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    """The number of paid calls by what made their cost."""
    rows = connection.execute(f"SELECT c.basis, count(*) {_PAID} GROUP BY 1 ORDER BY 1", (span.start_ms, span.end_ms))
    return dict(rows.fetchall())


def moments_of_calls(connection: sqlite3.Connection, span: Span) -> list[int]:
    """A moment of each quarter of an hour with a paid call, in order of time, in Unix milliseconds."""
    query = f"SELECT min(c.created_ms) {_PAID} GROUP BY c.created_ms / 900000 ORDER BY 1"
    return [row[0] for row in connection.execute(query, (span.start_ms, span.end_ms))]


def crossed_in(connection: sqlite3.Connection, span: Span) -> list[int]:
    """The ids of the alerts whose line was crossed in the span, in order of time."""
    rows = connection.execute(
        "SELECT id FROM alert WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms, id", (span.start_ms, span.end_ms)
    )
    return [row[0] for row in rows]


def _aside(connection: sqlite3.Connection, query: str, span: Span) -> Aside:
    calls, nano = connection.execute(query, (span.start_ms, span.end_ms)).fetchone()
    return Aside(calls, nano or 0)
