"""Reads the calls that `export` wrote as JSON Lines, CSV or SQLite."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from opencode_tui.clock import Span
from opencode_tui.money import nano_from_usd
from opencode_tui.paths import last_part
from opencode_tui.team.calls import AT_CREATED, AT_ID, DayCause, LedgerFacts, SeatCall
from opencode_tui.team.opening import UnreadableFile

_TOKENS = ("input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens", "cache_write_tokens")
_UNFINISHED = "is half-copied, or no export of opencode-tui's: call {} in it is none"
PARQUET = "is Parquet, which is not read; export jsonl, csv or sqlite, or use `team export`"
_Row = Mapping[str, Any]


class ExportReader:
    """All calls of an exported file, in memory."""

    def __init__(self, rows: Iterable[_Row]) -> None:
        """Raises UnreadableFile at the first row that is no call."""
        self._calls: list[SeatCall] = []
        self._titles: dict[str, str] = {}
        self._unread: list[int] = []
        try:
            for row in rows:
                self._calls.append(_call(row))
                if row.get("unreadable"):
                    self._unread.append(self._calls[-1].fields[AT_CREATED])
                if title := row.get("session_title"):
                    self._titles[str(row["session_id"])] = str(title)
        except (KeyError, TypeError, ValueError, ArithmeticError, csv.Error, RecursionError):
            raise UnreadableFile(_UNFINISHED.format(len(self._calls) + 1)) from None
        self._calls.sort(key=lambda call: (call.fields[AT_CREATED], call.fields[AT_ID]))
        paid = [call for call in self._calls if not call.is_copy]
        first = f"{paid[0].machine}\n{paid[0].fields[AT_ID]}" if paid else ""
        last = self._calls[-1].fields[AT_CREATED] if self._calls else None
        self.facts = LedgerFacts(None, len(paid), first, last, paid[0].fields[AT_CREATED] if paid else None)

    def calls(self, span: Span) -> Iterator[SeatCall]:
        return (call for call in self._calls if call.fields[AT_CREATED] in span)

    def unread(self) -> Iterator[int | None]:
        """Of calls only: of other rows an export has nothing."""
        return iter(self._unread)

    def causes(self, first: str, last: str) -> tuple[DayCause, ...]:
        """None: an export has no alerts."""
        return ()

    def titles(self, ids: list[str]) -> dict[str, str]:
        return {id: self._titles[id] for id in ids if id in self._titles}


def read_jsonl(path: Path) -> ExportReader:
    with _text(path) as file:
        return ExportReader(json.loads(line, parse_float=Decimal) for line in file)


def read_csv(path: Path) -> ExportReader:
    with _text(path) as file:
        rows = csv.DictReader(file, strict=True)
        if "created_at" not in (rows.fieldnames or ()):
            raise UnreadableFile(
                "is no export of opencode-tui's calls; write one with `opencode-tui export --format csv`"
            )
        return ExportReader({key: _typed(key, value) for key, value in row.items()} for row in rows)


def read_exported_sqlite(connection: sqlite3.Connection) -> ExportReader:
    found = connection.execute("SELECT * FROM calls")
    names = [column[0] for column in found.description]
    return ExportReader(dict(zip(names, row, strict=True)) for row in found)


def _text(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", newline="", errors="strict")


def _typed(key: str, value: Any) -> Any:
    """A cell of the CSV as its value; raises TypeError for one that is missing or too many."""
    if not isinstance(value, str):
        raise TypeError
    if value == "":
        return None
    if key in _TOKENS:
        return int(value)
    if key == "is_copy":
        return value == "true"
    if key in ("cost_usd", "list_price_usd"):
        return Decimal(value)
    # A spreadsheet's formula was escaped.
    return value[1:] if value[:1] == "'" and value[1:2] in ("=", "+", "-", "@") else value


def _call(row: _Row) -> SeatCall:
    fields = (
        *(_word(row["id"]), _word(row["session_id"]), _moment(row["created_at"])),
        *(_word(row["provider"]), _word(row["model"]), row["agent"] or ""),
        *(int(row[name]) for name in _TOKENS),
        *(_amount(row, "cost") or 0, _amount(row, "list_price")),
    )
    return SeatCall(
        fields,
        row.get("machine") or "",
        last_part(row.get("project") or "") or "unknown",
        is_completed=row.get("completed_at") is not None,
        is_copy=bool(row.get("is_copy")),
    )


def _word(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError
    return value


def _moment(text: str) -> int:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError
    return round(at.timestamp() * 1000)


def _amount(row: _Row, name: str) -> int | None:
    """Nano-dollars, from a column in either unit."""
    if (nano := row.get(f"{name}_nano")) is not None:
        return int(nano)
    value = row.get(f"{name}_usd")
    return None if value is None else nano_from_usd(value)


READERS: dict[str, Callable[[Path], ExportReader]] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".csv": read_csv,
}
"""By the end of a file's name."""
