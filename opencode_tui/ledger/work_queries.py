"""Reads the tokens and the cost of each call, for what depends on every call's own context or time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from opencode_tui.ledger.selection import Selection
from opencode_tui.ledger.turns import each_paid

_COLUMNS = "created_ms, input, output, reasoning, cache_read, cache_write, cost_nano, coalesce(list_nano, 0)"

WorkRow = tuple[Any, ...]
"""The keys of the selection's dimensions, and then: when the call was created in Unix milliseconds; its input, output,
reasoning, cache read and cache write; nano-dollars spent; its list price in nano-dollars, where it was not billed."""


def work_of_calls(connection: sqlite3.Connection, selection: Selection) -> Iterator[WorkRow]:
    """The calls of a selection without copies, one at a time and in no order.

    By tool, a call comes once for each tool that it asked for.
    """
    query, values = selection.source(each_paid(selection))
    return connection.execute(query.format(", ".join((*selection.keys(), _COLUMNS))), values)
