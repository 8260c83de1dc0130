"""Queries on the ledger. Every query that runs on a poll uses an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.sums import exact_sum, paid_calls
from opencode_tui.records import model_key
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import PastLine
from opencode_tui.records.usage import Slice, Totals

SLICE_KEYS = {
    "model": model_key.SQL,
    "provider": "provider",
    "agent": "agent",
    "session": "session_id",
    "project": "coalesce((SELECT nullif(s.project, '') FROM session s WHERE s.id = session_id),"
    " nullif(directory, ''), 'unknown')",
}
"""What calls can be grouped by, as SQL over `call`."""

TOKEN_SUMS = ", ".join(map(exact_sum, ("input", "output", "reasoning", "cache_read", "cache_write")))
SPEND_SUM = exact_sum("cost_nano")
_LIST = exact_sum("list_nano")
IN_SPAN = "created_ms >= ? AND created_ms < ?"
INCOMPLETE_CALLS = (
    "FROM store CROSS JOIN call INDEXED BY call_running ON store_id = store.id"
    " WHERE completed_ms IS NULL AND copied_from IS NULL AND created_ms >= ?2 AND created_ms < ?3"
)


def running_calls(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(session id, call id) of all calls that have not completed, from all stores, newest first."""
    return connection.execute(
        "SELECT c.session_id, c.id FROM store s CROSS JOIN call c INDEXED BY call_running ON c.store_id = s.id"
        " WHERE c.completed_ms IS NULL ORDER BY c.created_ms DESC"
    ).fetchall()


def totals(connection: sqlite3.Connection, span: Span, running_since_ms: int) -> Totals:
    """Sums over the span's calls."""
    paid = paid_calls(connection, span)
    row = connection.execute(
        f"""
        SELECT coalesce({SPEND_SUM}, 0), coalesce({_LIST}, 0), coalesce(sum(calls), 0), count(DISTINCT session_id),
          {TOKEN_SUMS}, coalesce({exact_sum("input_nano")}, 0), coalesce({exact_sum("output_nano")}, 0),
          coalesce({exact_sum("cache_nano")}, 0), coalesce(sum(aborted), 0)
        FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ?
        """,
        paid.bounds(span),
    ).fetchone()
    copied = connection.execute(
        f"SELECT count(*) FROM call INDEXED BY call_copied WHERE {IN_SPAN} AND copied = 1 AND copied_from IS NOT NULL",
        (span.start_ms, span.end_ms),
    ).fetchone()[0]
    running, ended = connection.execute(
        f"""
        SELECT coalesce(sum(created_ms >= ?1), 0),
          coalesce(sum(created_ms < ?1 AND NOT coalesce(error LIKE '%abort%', 0)), 0)
        {INCOMPLETE_CALLS}
        """,
        (running_since_ms, span.start_ms, span.end_ms),
    ).fetchone()
    *known, input_nano, output_nano, cache_nano, aborted = row
    spend, list_nano, calls, sessions, *counts = known
    parts = input_nano, output_nano, cache_nano
    return Totals(spend, list_nano, calls, copied, sessions, summed_tokens(counts), *parts, running, aborted + ended)


def spend(connection: sqlite3.Connection, span: Span) -> int:
    """Nano-dollars spent on the calls made in a span."""
    paid = paid_calls(connection, span)
    query = f"SELECT coalesce({SPEND_SUM}, 0) FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ?"
    return int(connection.execute(query, paid.bounds(span)).fetchone()[0])


def slices(connection: sqlite3.Connection, span: Span, by: str) -> tuple[Slice, ...]:
    """The span's spend by one of SLICE_KEYS, most expensive first."""
    paid = paid_calls(connection, span)
    rows = connection.execute(
        f"""
        SELECT {SLICE_KEYS[by]}, {SPEND_SUM}, sum(calls), coalesce({_LIST}, 0), {TOKEN_SUMS}
        FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ? GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1
        """,
        paid.bounds(span),
    )
    return tuple(Slice(key, cost, calls, summed_tokens(rest), listed) for key, cost, calls, listed, *rest in rows)


def first_call_ms(connection: sqlite3.Connection, span: Span) -> int | None:
    """When the first call of a span was made, in Unix milliseconds; None if there is none."""
    row = connection.execute(f"SELECT min(created_ms) FROM call WHERE {IN_SPAN}", (span.start_ms, span.end_ms))
    first: int | None = row.fetchone()[0]
    return first


def last_call(connection: sqlite3.Connection, before_ms: int) -> tuple[int, str, str] | None:
    """(Unix ms, session id, model key) of the newest paid call before a time; None if there is none."""
    row: tuple[int, str, str] | None = connection.execute(
        f"SELECT created_ms, session_id, {model_key.SQL} FROM call INDEXED BY call_created"
        " WHERE created_ms < ? AND copied = 0 ORDER BY created_ms DESC, id DESC LIMIT 1",
        (before_ms,),
    ).fetchone()
    return row


def directories(connection: sqlite3.Connection, span: Span) -> list[str]:
    """The directories in which the span's calls were made."""
    rows = connection.execute(
        f"SELECT DISTINCT directory FROM call WHERE {IN_SPAN} ORDER BY 1", (span.start_ms, span.end_ms)
    )
    return [row[0] for row in rows]


_PAST_LINE = f"""
  WITH reached AS (SELECT min(at) AS at FROM (
    SELECT completed_ms AS at, total(cost_nano) OVER (ORDER BY completed_ms) AS spent
    FROM call WHERE {IN_SPAN} AND cost_nano > 0 AND completed_ms IS NOT NULL) WHERE spent >= ?)
  SELECT count(*), min(created_ms), max(created_ms) FROM call, reached
  WHERE {IN_SPAN} AND created_ms > max(reached.at, ?) + ? AND copied = 0 AND provider <> 'unknown'
    AND input + output + reasoning + cache_read + cache_write > 0
"""


def past_line(
    connection: sqlite3.Connection, span: Span, line_nano: int, since_ms: int, grace_ms: int
) -> PastLine | None:
    """The span's calls that started past a line: more than `grace_ms` after completed calls had reached `line_nano`.

    They must also be more than `grace_ms` after `since_ms`. Refused calls, which have no tokens, and calls of an
    unknown time are left out. None if there are no such calls.
    """
    bounds = (span.start_ms, span.end_ms)
    calls, first_ms, last_ms = connection.execute(
        _PAST_LINE, (*bounds, line_nano, *bounds, since_ms, grace_ms)
    ).fetchone()
    return PastLine(calls, first_ms, last_ms) if calls else None


def latest_directories(connection: sqlite3.Connection, span: Span, most_calls: int) -> list[str]:
    """The directories of the last `most_calls` calls of the span."""
    rows = connection.execute(
        "SELECT DISTINCT directory FROM"
        f" (SELECT directory FROM call WHERE {IN_SPAN} ORDER BY created_ms DESC LIMIT ?) ORDER BY 1",
        (span.start_ms, span.end_ms, most_calls),
    )
    return [row[0] for row in rows]


def latest_ms(connection: sqlite3.Connection, span: Span) -> int:
    """When the last of the span's calls was made, in Unix milliseconds; 0 if there is none."""
    query = f"SELECT coalesce(max(created_ms), 0) FROM call WHERE {IN_SPAN}"
    return int(connection.execute(query, (span.start_ms, span.end_ms)).fetchone()[0])


def costs(connection: sqlite3.Connection, span: Span) -> list[tuple[int, int]]:
    """(created in Unix milliseconds, nano-dollars) of each call that cost something, in order of time."""
    return connection.execute(
        f"SELECT created_ms, cost_nano FROM call WHERE {IN_SPAN} AND cost_nano > 0 ORDER BY created_ms, id",
        (span.start_ms, span.end_ms),
    ).fetchall()


def unreadable_reasons(connection: sqlite3.Connection) -> tuple[tuple[str, int], ...]:
    """(reason, number of rows) of rows that could not be read completely, most frequent first."""
    rows = connection.execute(
        "SELECT reason, count(*) FROM (SELECT kind || ' ' || reason AS reason FROM unreadable"
        " UNION ALL SELECT 'message in part: ' || missing FROM call INDEXED BY call_missing"
        " WHERE missing IS NOT NULL AND created_ms >= ?) GROUP BY 1 ORDER BY 2 DESC, 1",
        (EVER.start_ms,),
    )
    return tuple((row[0], row[1]) for row in rows)


def missing_rows(connection: sqlite3.Connection, span: Span) -> int:
    """The number of rows and calls that may belong to a span and could not be read completely.

    If it is not 0, the span's sums are lower bounds.
    """
    unread, partial = connection.execute(
        "SELECT (SELECT count(*) FROM unreadable WHERE at_ms IS NULL)"
        " + (SELECT count(*) FROM unreadable WHERE at_ms >= ?1 AND at_ms < ?2),"
        " (SELECT count(*) FROM call WHERE missing IS NOT NULL AND created_ms >= ?1 AND created_ms < ?2)",
        (span.start_ms, span.end_ms),
    ).fetchone()
    return int(unread) + int(partial)


def cursor_moves(connection: sqlite3.Connection) -> int:
    """How often the cursors of all stores have moved; only lower than before if the ledger was replaced."""
    return int(connection.execute("SELECT coalesce(sum(turns), 0) FROM store").fetchone()[0])


def has_calls(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM call LIMIT 1").fetchone() is not None


def count_calls(connection: sqlite3.Connection) -> int:
    """All calls in the ledger, copies among them."""
    return int(connection.execute("SELECT count(*) FROM call").fetchone()[0])


def count_sessions(connection: sqlite3.Connection) -> int:
    """All sessions of which a store had a row."""
    return int(connection.execute("SELECT count(*) FROM session").fetchone()[0])


def all_time(connection: sqlite3.Connection) -> Span:
    """From the first call of the ledger to just after its last."""
    # Two queries, as SQLite answers only a single min() or max() from the end of an index.
    first, last = connection.execute(
        "SELECT (SELECT min(created_ms) FROM call), (SELECT max(created_ms) FROM call)"
    ).fetchone()
    return Span(first or 0, (last or 0) + 1)


def summed_tokens(values: Iterable[int | None]) -> Tokens:
    return Tokens(*(value or 0 for value in values))
