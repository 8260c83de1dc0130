"""A plain SQLite file: `calls`, a row for each call, and `columns`, which says what each of its columns means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from opencode_tui.ledger.lean_imports import without_pandas
from opencode_tui.report.export.columns import CallColumn, ValueType, columns_of_calls
from opencode_tui.report.export.request import CallRequest
from opencode_tui.report.export.values import utc_moment

with without_pandas():
    from sqlite_utils import Database

_TYPES: dict[ValueType, type] = {"text": str, "count": int, "moment": str, "amount": int, "yes_no": int}
_UNITS: dict[ValueType, str] = {
    "text": "text",
    "count": "tokens",
    "moment": "UTC, ISO 8601",
    "amount": "nano-dollars (1e-9 USD)",
    "yes_no": "0 or 1",
}
_INDEXES = (("created_at",), ("session_id",), ("provider", "model"), ("day",))


def write_sqlite(request: CallRequest, path: Path) -> None:
    columns = columns_of_calls(request.calendar, request.titles)
    with closing(Database(path)) as db:
        db.execute("PRAGMA journal_mode = OFF")  # what is not whole is thrown away
        db.execute("PRAGMA synchronous = OFF")
        calls = db.table("calls").create({c.nano_name: _TYPES[c.type] for c in columns}, pk="id", strict=True)
        with db.atomic():
            calls.insert_all(_rows(request, columns))
        for index in _INDEXES:
            calls.create_index(index)
        meanings = [{"column": c.nano_name, "unit": _UNITS[c.type], "meaning": c.meaning} for c in columns]
        db.table("columns").insert_all(meanings, pk="column")


def _rows(request: CallRequest, columns: tuple[CallColumn, ...]) -> Iterator[list[Any]]:
    """The names of the columns, then the values of each call."""
    yield [column.nano_name for column in columns]
    for call in request.calls:
        yield [_stored(column.type, column.value(call)) for column in columns]


def _stored(type: ValueType, value: Any) -> Any:
    if value is None:
        return None
    return utc_moment(value) if type == "moment" else value
