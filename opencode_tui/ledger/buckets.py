"""Sums of whole four weeks without their sessions, so that long periods are read from a few rows.

A bucket has the sums of one part (`call_sum`, `tool_sum` or `task_sum`) over four weeks, by all that they are grouped
by but the session, whose project and kind of use are kept instead; those of tools also by the tool alone. Buckets are
made for the past, when there is time; what has none is read from the sums by quarter of an hour. Whatever changes those
sums, or a session's project or kind, deletes the bucket.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any
from zlib import crc32

from msgspec import Struct
from msgspec.json import Decoder, encode
from msgspec.structs import replace

from opencode_tui.clock import Calendar, Span
from opencode_tui.ledger.bucket_runs import BUCKET_MS, SESSIONS_OF_BUCKETS, between, runs, whole_buckets
from opencode_tui.ledger.changed_work import are_tasks_summed
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.selection import KEYS, NamedSpan, Selection, group_by
from opencode_tui.ledger.speeds import FORMAT, packed_speeds
from opencode_tui.ledger.sums import AMOUNTS, BUCKET_QUARTERS, QUARTER_MS, USES, PaidCalls, exact_sum, is_unsummed
from opencode_tui.ledger.task_sums import EDIT_COUNTS
from opencode_tui.ledger.time_buckets import TIME_UNITS, TimeUnit, time_keys, time_part, time_sources, time_spans_of
from opencode_tui.ledger.whole_sessions import sources_by_session
from opencode_tui.records.dimensions import TIMES

_SESSION_KEYS = ("project", "kind")
_CALL_KEYS = ("provider", "model", "agent", "directory")
_SUMMED = ("calls", "aborted", *AMOUNTS, "saved_nano")
_LISTS = ("json_group_array(session_id)", "group_concat(turns)", "group_concat(speeds)")
_STRINGS = Decoder(list[str])
_OVER_TIME = ("call", "task")
_HERE = Calendar()


class _Part(Struct, frozen=True):
    """What buckets of one part are made from."""

    name: str
    label: str
    """The column by which its calls are divided beside the keys of all calls; SQL for an empty text if by none."""
    counts: tuple[str, ...]
    """The columns that only its sums have."""
    source: str
    """The table of its sums by quarter of an hour."""
    is_alone: bool = False
    """It is divided by nothing else."""

    @property
    def paid(self) -> PaidCalls:
        """Its buckets, in place of its sums by quarter of an hour."""
        label = f", name AS {self.label}" if self.label == "task" else ""
        table = f"(SELECT *{label} FROM bucket_sum WHERE part = '{self.name}')"
        return PaidCalls(table, "number", BUCKET_MS, _SESSION_KEYS, SESSIONS_OF_BUCKETS)


_PARTS = (
    _Part("call", "''", (), "call_sum"),
    _Part("tool", "name", USES, "tool_sum"),
    _Part("tools", "name", USES, "tool_sum", is_alone=True),
    _Part("task", "task", EDIT_COUNTS, "task_sum"),
)


class _Bucket(Struct, frozen=True):
    """A bucket that can be made."""

    part: str
    number: int
    keys: int
    of: _Part
    unit: TimeUnit | None = None
    """What it is divided by, of a calendar's; None if by other keys."""


_KEYS_NOW = crc32("\n".join((*(KEYS[name] for name in _SESSION_KEYS), FORMAT)).encode())
"""Buckets whose session keys were found by other rules, or whose speeds have another form, are made again."""


def sources(connection: sqlite3.Connection, selection: Selection, paid: PaidCalls) -> list[tuple[PaidCalls, Selection]]:
    """The paid calls of a selection, as far as possible from long sums, each source with its part of the spans.

    Their sums are to be added up.
    """
    if of_sessions := sources_by_session(selection, paid):
        return of_sessions
    part = _part_for(selection, paid)
    if part is not None and any(map(selection.is_about, TIMES)):
        return time_sources(connection, selection, paid)
    if part is None or len(selection.spans) != 1 or selection.is_about("session"):
        return [(paid, selection)]
    (whole,) = selection.spans
    kept = _runs(connection, part, whole.span)
    if not kept:
        return [(paid, selection)]
    return [(part.paid, _within(selection, kept)), (paid, _within(selection, between(kept, whole.span)))]


def _part_for(selection: Selection, paid: PaidCalls) -> _Part | None:
    """The part with what a selection asks of these sums; None if it is of single calls."""
    is_alone = selection.by == ("tool",) and not selection.where
    return next((part for part in _PARTS if part.source == paid.table and part.is_alone == is_alone), None)


def _within(selection: Selection, spans: Sequence[Span]) -> Selection:
    return replace(selection, spans=tuple(NamedSpan((), span) for span in spans))


def _runs(connection: sqlite3.Connection, part: _Part, span: Span) -> list[Span]:
    """The parts of a span that have buckets, each as long as these follow each other."""
    rows = connection.execute(
        "SELECT number FROM bucket WHERE part = ? AND number >= ? AND number < ? AND keys = ?",
        (part.name, *whole_buckets(span), _KEYS_NOW),
    )
    return runs({row[0] for row in rows})


def bucket_of(at_ms: int) -> int:
    """The number of the bucket of a moment."""
    return at_ms // BUCKET_MS


def make_bucket(ledger: Ledger, now_ms: int, calendar: Calendar = _HERE) -> bool:
    """Makes one of the buckets of the past that are missing. Returns whether there may be more to make.

    `calendar` divides the days. Raises sqlite3.OperationalError if the ledger is locked.
    """
    missing = next(_missing(ledger.connection, now_ms, calendar), None)
    if missing is None:
        return False
    with ledger.writing() as connection:
        if not is_unsummed(connection):
            _make(connection, missing, calendar)
    return True


def _missing(connection: sqlite3.Connection, now_ms: int, calendar: Calendar) -> Iterator[_Bucket]:
    """The buckets of the past that are not there, but could be made."""
    kept = {(part, number): keys for part, number, keys in connection.execute("SELECT part, number, keys FROM bucket")}
    at: int | None = None
    while (at := _next_quarter(connection, at)) is not None:
        number = at // BUCKET_QUARTERS
        if number >= bucket_of(now_ms):
            return
        span = Span(number * BUCKET_MS, (number + 1) * BUCKET_MS)
        are_summed = are_tasks_summed(connection, span)
        for part in _PARTS:
            if part.name != "task" or are_summed:
                of = _buckets(part, number, calendar)
                yield from (each for each in of if kept.get((each.part, number)) != each.keys)
        at = (number + 1) * BUCKET_QUARTERS


def _next_quarter(connection: sqlite3.Connection, at: int | None) -> int | None:
    """The first quarter of an hour with calls, of all or from one on."""
    condition, values = ("true", ()) if at is None else ("quarter >= ?", (at,))
    found: int | None = connection.execute(f"SELECT min(quarter) FROM call_sum WHERE {condition}", values).fetchone()[0]
    return found


def _buckets(part: _Part, number: int, calendar: Calendar) -> Iterator[_Bucket]:
    yield _Bucket(part.name, number, _KEYS_NOW, part)
    if part.name in _OVER_TIME and (keys := time_keys(number, calendar)) is not None:
        for unit in TIME_UNITS:
            yield _Bucket(time_part(part.source, unit, calendar), number, keys, part, unit)


def _make(connection: sqlite3.Connection, bucket: _Bucket, calendar: Calendar) -> None:
    part, unit, number = bucket.of, bucket.unit, bucket.number
    span = Span(number * BUCKET_MS, (number + 1) * BUCKET_MS)
    spans = (NamedSpan((), span),) if unit is None else tuple(time_spans_of(number, unit, calendar))
    quarters = PaidCalls(part.source, "quarter", QUARTER_MS)
    numbers = quarters.bounds(span) if unit == "day" else (number, number + 1)
    connection.execute("DELETE FROM bucket_sum WHERE part = ? AND number >= ? AND number < ?", (bucket.part, *numbers))
    query, values = Selection(spans).source(quarters)
    of_calls = (part.label, *_CALL_KEYS, *(KEYS[name] for name in _SESSION_KEYS))
    if unit is not None or part.is_alone:
        of_calls = ("name0" if unit else part.label, *["''"] * (len(of_calls) - 1))
    keys = ("start_at" if unit == "day" else str(number), *of_calls)
    # Of tasks over time, only the edits are asked for.
    lists = ("'[]'", "NULL", "NULL") if unit and part.name == "task" else _LISTS
    sums = (exact_sum(name) for name in (*_SUMMED, *part.counts))
    rows = connection.execute(query.format(", ".join((*keys, *sums, *lists))) + group_by(len(keys)), values).fetchall()
    columns = (
        *("part", "number", "name", *_CALL_KEYS, *_SESSION_KEYS, *_SUMMED, *part.counts),
        *("sessions", "turns", "speeds"),
    )
    connection.executemany(
        f"INSERT INTO bucket_sum ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
        ((bucket.part, *_packed(row)) for row in rows),
    )
    connection.execute(
        "INSERT OR REPLACE INTO bucket (part, number, keys) VALUES (?, ?, ?)", (bucket.part, number, bucket.keys)
    )


def _packed(row: Any) -> tuple[Any, ...]:
    """A row whose lists have each id and each speed only once."""
    *sums, sessions, turns, speeds = row
    return (*sums, _once(sessions), _once(f"[{turns or ''}]"), packed_speeds(speeds) if speeds else None)


def _once(ids: str) -> str | None:
    """The different strings of a JSON list, without its brackets; None if it has none."""
    return encode(sorted(set(_STRINGS.decode(ids)))).decode()[1:-1] or None
