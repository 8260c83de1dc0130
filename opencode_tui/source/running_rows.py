"""The rows of running messages: whether they changed, and whether they have anything to add yet."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from opencode_tui.source.decode import BadRow, json_value
from opencode_tui.source.sqlite_file import columns
from opencode_tui.source.store_cursor import Stamp


def row_stamps(connection: sqlite3.Connection, table: str, ids: list[str], *, sized: bool) -> dict[str, Stamp]:
    """(time of the last update, length of the data) by id; the length only if `sized`, as it is expensive."""
    updated = "m.time_updated" if "time_updated" in columns(connection, table) else "NULL"
    query = f"SELECT m.id, {updated}, {'length(m.data)' if sized else 'NULL'} FROM {table} m"
    query += " WHERE m.id IN (SELECT value FROM json_each(?))"
    rows = connection.execute(query, (json.dumps(ids),)).fetchall()
    return {id: (_plain(updated), size) for id, updated, size in rows}


def _plain(value: object) -> object:
    """The time of the last update as a value that JSON can hold."""
    return value if isinstance(value, int | str) else repr(value)


def fields_of(names: Sequence[str]) -> str:
    """SQL for several fields of a message's JSON as one JSON array, as each further call would parse the row again.

    The array keeps the JSON types; a single field would turn a cost of `true` into 1, a dollar.
    """
    paths = ", ".join(f"'$.{name}'" for name in names)
    return f"json_extract(m.data, {paths})"


def idle_rows(table: str) -> Callable[[sqlite3.Connection, list[str]], list[Any]]:
    """Returns a function that finds the ids whose rows have nothing to add to a running call in the ledger yet."""
    named = fields_of(("time.completed", "error", "cost", "tokens.input", "tokens.output", "status"))
    query = f"SELECT m.id, CASE WHEN json_valid(m.data) THEN {named} END FROM {table} m"
    query += " WHERE m.id IN (SELECT value FROM json_each(?))"

    def idle(connection: sqlite3.Connection, ids: list[str]) -> list[Any]:
        rows = connection.execute(query, (json.dumps(ids),)).fetchall()
        return [id for id, text in rows if text is not None and _is_idle(text)]

    return idle


def _is_idle(text: str) -> bool:
    try:
        completed, error, *counts, status = json_value(text)
    except BadRow:
        return False
    return completed is error is None and not any(counts) and status in (None, "running")
