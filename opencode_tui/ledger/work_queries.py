"""Reads the tokens and the cost of each call, for what depends on every call's own context or time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from opencode_tui.ledger.selection import Selection
from opencode_tui.ledger.turns import each_paid
from opencode_tui.records.model_key import split_key

_COLUMNS = "created_ms, input, output, reasoning, cache_read, cache_write, cost_nano, coalesce(list_nano, 0)"
_IS_OF = "provider = ? AND model = ?"

WorkRow = tuple[Any, ...]
"""The keys of the selection's dimensions, and then: when the call was created in Unix milliseconds; its input, output,
reasoning, cache read and cache write; nano-dollars spent; its list price in nano-dollars, where it was not billed; 1 if
it was on the model that is asked about, else 0."""


def work_of_calls(connection: sqlite3.Connection, selection: Selection, model: str) -> Iterator[WorkRow]:
    """The calls of a selection without copies, one at a time and in no order; `model` is a key.

    By tool, a call comes once for each tool that it asked for.
    """
    paid = each_paid(selection)
    query, values = selection.source(paid)
    columns = ", ".join((*selection.keys(paid), _COLUMNS, _IS_OF))
    spans, *filters = values
    return connection.execute(query.format(columns), (spans, *split_key(model), *filters))
