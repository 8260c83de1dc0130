"""Sums of whole four weeks without their sessions, so that long periods are read from a few rows.

A bucket has the sums of one part (`call_sum`, `tool_sum` or `task_sum`) over four weeks, by all that they are grouped
by but the session, whose project and kind of use are kept instead. Buckets are made for the past, when there is time;
what has none is read from the sums by quarter of an hour. Whatever changes those sums, or a session's project or kind,
deletes the bucket.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from typing import Any
from zlib import crc32

from msgspec import Struct
from msgspec.json import Decoder, encode
from msgspec.structs import replace

from opencode_tui.clock import Span
from opencode_tui.ledger.changed_work import is_behind
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.selection import KEYS, NamedSpan, Selection
from opencode_tui.ledger.sums import AMOUNTS, BUCKET_QUARTERS, QUARTER_MS, PaidCalls, exact_sum, is_unsummed
from opencode_tui.ledger.whole_sessions import sources_by_session
from opencode_tui.records.dimensions import TIMES

_BUCKET_MS = BUCKET_QUARTERS * QUARTER_MS
_SESSION_KEYS = ("project", "kind")
_CALL_KEYS = ("provider", "model", "agent", "directory")
_USES, _EDITS = ("uses", "failures", "tool_ms"), ("edit_turns", "one_shots", "edit_retries")
_SUMMED = ("calls", "aborted", *AMOUNTS, "saved_nano")
_STRINGS = Decoder(list[str])


class _Part(Struct, frozen=True):
    """What buckets of one part are made from."""

    name: str
    label: str
    """The column by which its calls are divided beside the keys of all calls; SQL for an empty text if by none."""
    counts: tuple[str, ...]
    """The columns that only its sums have."""

    @property
    def source(self) -> str:
        return f"{self.name}_sum"

    @property
    def paid(self) -> PaidCalls:
        """Its buckets, in place of its sums by quarter of an hour."""
        label = f", name AS {self.label}" if self.label == "task" else ""
        table = f"(SELECT *{label} FROM bucket_sum WHERE part = '{self.name}')"
        return PaidCalls(
            table, "number", _BUCKET_MS, _SESSION_KEYS, "coalesce('[' || group_concat(sessions) || ']', '[]')"
        )


_PARTS = {
    part.source: part for part in (_Part("call", "''", ()), _Part("tool", "name", _USES), _Part("task", "task", _EDITS))
}
_KEYS_NOW = crc32("\n".join(KEYS[name] for name in _SESSION_KEYS).encode())
"""Buckets whose session keys were found by other rules are made again."""


def sources(connection: sqlite3.Connection, selection: Selection, paid: PaidCalls) -> list[tuple[PaidCalls, Selection]]:
    """The paid calls of a selection, as far as possible from long sums, each source with its part of the spans.

    Their sums are to be added up.
    """
    if of_sessions := sources_by_session(selection, paid):
        return of_sessions
    part = _PARTS.get(paid.table)
    if part is None or len(selection.spans) != 1 or any(map(selection.is_about, ("session", *TIMES))):
        return [(paid, selection)]
    (whole,) = selection.spans
    kept = list(_runs(connection, part, whole.span))
    if not kept:
        return [(paid, selection)]
    edges = (whole.span.start_ms, *chain.from_iterable((run.start_ms, run.end_ms) for run in kept), whole.span.end_ms)
    between = [Span(start, end) for start, end in list(pairwise(edges))[::2] if start < end]
    return [(part.paid, _within(selection, kept)), (paid, _within(selection, between))]


def _within(selection: Selection, spans: Sequence[Span]) -> Selection:
    return replace(selection, spans=tuple(NamedSpan((), span) for span in spans))


def _runs(connection: sqlite3.Connection, part: _Part, span: Span) -> Iterator[Span]:
    """The parts of a span that have buckets, each as long as these follow each other."""
    first, end = -(-span.start_ms // _BUCKET_MS), span.end_ms // _BUCKET_MS
    rows = connection.execute(
        "SELECT number FROM bucket WHERE part = ? AND number >= ? AND number < ? AND keys = ?",
        (part.name, first, end, _KEYS_NOW),
    )
    numbers = {row[0] for row in rows}
    starts = sorted(number for number in numbers if number - 1 not in numbers)
    ends = sorted(number + 1 for number in numbers if number + 1 not in numbers)
    return (Span(start * _BUCKET_MS, end * _BUCKET_MS) for start, end in zip(starts, ends, strict=True))


def bucket_of(at_ms: int) -> int:
    """The number of the bucket of a moment."""
    return at_ms // _BUCKET_MS


def make_bucket(ledger: Ledger, now_ms: int) -> bool:
    """Makes one of the buckets of the past that are missing. Returns whether there may be more to make.

    Raises sqlite3.OperationalError if the ledger is locked.
    """
    missing = next(_missing(ledger.connection, now_ms), None)
    if missing is None:
        return False
    with ledger.writing() as connection:
        if not is_unsummed(connection):
            _make(connection, *missing)
    return True


def _missing(connection: sqlite3.Connection, now_ms: int) -> Iterator[tuple[_Part, int]]:
    """The parts and numbers of buckets of the past that are not there, but could be made."""
    kept = set(connection.execute("SELECT part, number FROM bucket WHERE keys = ?", (_KEYS_NOW,)).fetchall())
    at: int | None = None
    while (at := _next_quarter(connection, at)) is not None:
        number = at // BUCKET_QUARTERS
        if number >= bucket_of(now_ms):
            return
        span = Span(number * _BUCKET_MS, (number + 1) * _BUCKET_MS)
        for part in _PARTS.values():
            if (part.name, number) not in kept and not (part.name == "task" and is_behind(connection, "turns", span)):
                yield part, number
        at = (number + 1) * BUCKET_QUARTERS


def _next_quarter(connection: sqlite3.Connection, at: int | None) -> int | None:
    """The first quarter of an hour with calls, of all or from one on."""
    condition, values = ("true", ()) if at is None else ("quarter >= ?", (at,))
    found: int | None = connection.execute(f"SELECT min(quarter) FROM call_sum WHERE {condition}", values).fetchone()[0]
    return found


def _make(connection: sqlite3.Connection, part: _Part, number: int) -> None:
    connection.execute("DELETE FROM bucket_sum WHERE part = ? AND number = ?", (part.name, number))
    keys = (part.label, *_CALL_KEYS, *(KEYS[name] for name in _SESSION_KEYS))
    sums = (exact_sum(name) for name in (*_SUMMED, *part.counts))
    rows = connection.execute(
        f"""
        SELECT {", ".join((*keys, *sums))}, json_group_array(session_id), group_concat(turns), group_concat(speeds)
        FROM {part.source} WHERE quarter >= ? AND quarter < ? GROUP BY {", ".join(map(str, range(1, len(keys) + 1)))}
        """,
        (number * BUCKET_QUARTERS, (number + 1) * BUCKET_QUARTERS),
    ).fetchall()
    columns = (
        *("part", "number", "name", *_CALL_KEYS, *_SESSION_KEYS, *_SUMMED, *part.counts),
        *("sessions", "turns", "speeds"),
    )
    connection.executemany(
        f"INSERT INTO bucket_sum ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        ((part.name, number, *_packed(row)) for row in rows),
    )
    connection.execute(
        "INSERT OR REPLACE INTO bucket (part, number, keys) VALUES (?, ?, ?)", (part.name, number, _KEYS_NOW)
    )


def _packed(row: Any) -> tuple[Any, ...]:
    """A row whose lists have each id and each speed only once."""
    *sums, sessions, turns, speeds = row
    return (*sums, _once(sessions), _once(f"[{turns or ''}]"), _counted(speeds) if speeds else None)


def _once(ids: str) -> str | None:
    """The different strings of a JSON list, without its brackets; None if it has none."""
    return encode(sorted(set(_STRINGS.decode(ids)))).decode()[1:-1] or None


def _counted(speeds: str) -> str:
    return ",".join(
        f"{speed}*{count}" if count > 1 else speed for speed, count in sorted(Counter(speeds.split(",")).items())
    )
