"""Queries on long periods, from the sums that are kept with the calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from opencode_tui.clock import Span
from opencode_tui.ledger import queries
from opencode_tui.ledger.sums import QUARTER_MS, paid_calls

_TOKENS = "CAST(input + output + reasoning + cache_read + cache_write AS INTEGER)"


def paid_over_time(connection: sqlite3.Connection, span: Span) -> Iterator[tuple[int, int, int, int]]:
    """(Unix milliseconds, nano-dollars, tokens, calls) of a span's paid calls, in order of time.

    There are several rows for a quarter of an hour, which has the time of its start; they are summed in Python, which
    is as fast and has no largest integer.
    """
    paid = paid_calls(connection, span)
    rows = connection.execute(
        f"SELECT {paid.at}, cost_nano, {_TOKENS}, calls FROM {paid.table}"
        f" WHERE {paid.at} >= ? AND {paid.at} < ? ORDER BY {paid.at}",
        paid.bounds(span),
    )
    return ((at * paid.unit_ms, nano, tokens, calls) for at, nano, tokens, calls in rows)


def spend_until(connection: sqlite3.Connection, start_ms: int, end_ms: int) -> int:
    """Nano-dollars spent from a day's start to a moment; of all calls, only those of its last quarter are read."""
    whole_ms = max(end_ms // QUARTER_MS * QUARTER_MS, start_ms)
    return queries.spend(connection, Span(start_ms, whole_ms)) + queries.spend(connection, Span(whole_ms, end_ms))
