"""Queries on long periods, from the sums that are kept with the calls."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from opencode_tui.clock import EVER, Calendar, Span
from opencode_tui.ledger import queries
from opencode_tui.ledger.bucket_runs import between
from opencode_tui.ledger.selection import DaysOf
from opencode_tui.ledger.sums import QUARTER_MS, PaidCalls, each_call, paid_calls
from opencode_tui.ledger.time_buckets import kept_runs, time_part, time_rows

_TOKENS = "CAST(input + output + reasoning + cache_read + cache_write AS INTEGER)"


def paid_over_time(connection: sqlite3.Connection, span: Span) -> Iterator[tuple[int, int, int, int]]:
    """(Unix milliseconds, nano-dollars, tokens, calls) of a span's paid calls, in order of time.

    There are several rows for a quarter of an hour, which has the time of its start; they are summed in Python, which
    is as fast and has no largest integer.
    """
    return _paid(connection, paid_calls(connection, span), span)


def paid_by_day(connection: sqlite3.Connection, calendar: Calendar) -> Iterator[tuple[int, int, int, int]]:
    """The same of all paid calls, where a row may also have the calls of a whole day, or of a part of one."""
    paid, part = paid_calls(connection, EVER), time_part("call_sum", "day", calendar)
    kept = kept_runs(connection, part, DaysOf(EVER, calendar)) if paid != each_call() else []
    of_days = time_rows(part, "day")
    parts = [*((span, of_days) for span in kept), *((span, paid) for span in between(kept, EVER))]
    for span, source in sorted(parts, key=lambda each: each[0].start_ms):
        yield from _paid(connection, source, span)


def _paid(connection: sqlite3.Connection, paid: PaidCalls, span: Span) -> Iterator[tuple[int, int, int, int]]:
    rows = connection.execute(
        f"SELECT {paid.at}, cost_nano, {_TOKENS}, calls FROM {paid.table}"
        f" WHERE {paid.at} >= ? AND {paid.at} < ? ORDER BY {paid.at}",
        paid.bounds(span),
    )
    return ((at * paid.unit_ms, nano, tokens, calls) for at, nano, tokens, calls in rows)


def spans_with_calls(connection: sqlite3.Connection, spans: Sequence[Span]) -> list[int]:
    """The numbers, from 0, of those spans in which a call was made."""
    rows = connection.execute(
        "SELECT key FROM json_each(?) WHERE EXISTS (SELECT 1 FROM call WHERE created_ms >= json_extract(value, '$[0]')"
        " AND created_ms < json_extract(value, '$[1]'))",
        (json.dumps([(span.start_ms, span.end_ms) for span in spans]),),
    )
    return [row[0] for row in rows]


def spend_until(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> int:
    """Nano-dollars spent from a day's start to a moment; of all calls, only those of its last quarter are read."""
    whole_ms = max(end_ms // QUARTER_MS * QUARTER_MS, start_ms)
    return queries.spend(connection, Span(start_ms, whole_ms)) + queries.spend(connection, Span(whole_ms, end_ms))
