"""Reads the tokens and the cost of each call, for what depends on every call's own context or time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from opencode_tui.clock import Span

WorkRow = tuple[str, int, int, int, int, int, int, int, int]
"""(key, created in Unix milliseconds, input, output, reasoning, cache read, cache write, nano-dollars spent, list price
beside them in nano-dollars)"""


def work_of_calls(
    connection: sqlite3.Connection, span: Span, key: str, where: str = "", values: Sequence[Any] = ()
) -> Iterator[WorkRow]:
    """The span's calls without copies, one at a time and in no order.

    `key` is SQL over `call`; `where` is a further condition that begins with AND, with its values.
    """
    return connection.execute(
        f"""
        SELECT {key}, created_ms, input, output, reasoning, cache_read, cache_write, cost_nano, coalesce(list_nano, 0)
        FROM call WHERE created_ms >= ? AND created_ms < ? AND copied_from IS NULL {where}
        """,
        (span.start_ms, span.end_ms, *values),
    )
