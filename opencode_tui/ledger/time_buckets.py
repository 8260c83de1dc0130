"""Buckets by the days of the user's time zone, and by the hours of its days, for what is spent over time.

Such a part, as `call day +01:00+02:00`, has of each four weeks a row for each day, under the first quarter of an hour
of the day in them, or for each hour of the day. As the rules of a zone may change, a bucket counts only where the days
begin when they did as it was made.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Literal
from zlib import crc32

from msgspec.structs import replace

from opencode_tui.clock import DAY_MS, EVER, Calendar, Span
from opencode_tui.ledger.bucket_runs import BUCKET_MS, SESSIONS_OF_BUCKETS, between, cut_spans, runs, whole_buckets
from opencode_tui.ledger.selection import DaysOf, NamedSpan, Selection
from opencode_tui.ledger.speeds import FORMAT
from opencode_tui.ledger.sums import QUARTER_MS, PaidCalls
from opencode_tui.records.dimensions import TIMES

TimeUnit = Literal["day", "hour"]
TIME_UNITS: tuple[TimeUnit, ...] = ("day", "hour")

_WINTER_MS, _SUMMER_MS = 1_768_478_400_000, 1_784_116_800_000
_YEARS = range(1971, 9999)


def time_part(table: str, unit: TimeUnit, calendar: Calendar) -> str:
    """The name of the part with a table of sums by the days or hours of a calendar, whose zone has a name by it."""
    return f"{table.removesuffix('_sum')} {unit} {_zone(calendar)}"


def _zone(calendar: Calendar) -> str:
    return "".join(calendar.iso(ms)[-6:] for ms in (_WINTER_MS, _SUMMER_MS))


def time_keys(number: int, calendar: Calendar) -> int | None:
    """What tells when the days of a bucket begin; None if one does not begin with a quarter of an hour."""
    return _keys(number, calendar, _zone(calendar))


@lru_cache(512)
def _keys(number: int, calendar: Calendar, zone: str) -> int | None:
    days = _days(number, calendar)
    starts = [day.start_ms - number * BUCKET_MS for day in days]
    if not days or any(start % QUARTER_MS for start in starts):
        return None
    changed = [list(calendar.hours(day)) for day in days if day.end_ms - day.start_ms != DAY_MS]
    return crc32(f"{FORMAT} {starts} {changed}".encode())


def _days(number: int, calendar: Calendar) -> list[Span]:
    """The days of which some of a bucket is; none in years in which clocks can only be wrong."""
    first = calendar.day(number * BUCKET_MS)
    if first.year not in _YEARS:
        return []
    ordinals = range(first.toordinal(), first.toordinal() + BUCKET_MS // DAY_MS + 4)
    starts = [calendar.start_of(date.fromordinal(ordinal)) for ordinal in ordinals]
    end_ms = (number + 1) * BUCKET_MS
    return [Span(start, end) for start, end in pairwise(starts) if start < min(end, end_ms)]


def time_spans_of(number: int, unit: TimeUnit, calendar: Calendar) -> Iterator[NamedSpan]:
    """The days of a bucket, or its hours, which have their name."""
    bucket = Span(number * BUCKET_MS, (number + 1) * BUCKET_MS)
    for day in _days(number, calendar):
        parts = [("", day)] if unit == "day" else [(f"{hour:02}", part) for hour, part in calendar.hours(day)]
        yield from cut_spans([NamedSpan((name,), part) for name, part in parts], [bucket])


def time_sources(
    connection: sqlite3.Connection, selection: Selection, paid: PaidCalls
) -> list[tuple[PaidCalls, Selection]]:
    """The same as buckets.sources, for a selection by times of which no other filters are."""
    of, unit = selection.days_of, _unit(selection)
    if of is None or unit is None or not selection.spans:
        return [(paid, selection)]
    part = time_part(paid.table, unit, of.calendar)
    kept = kept_runs(connection, part, of)
    if not kept:
        return [(paid, selection)]
    rest = replace(selection, spans=tuple(cut_spans(selection.spans, between(kept, EVER))))
    spans = tuple(cut_spans(selection.spans, kept)) if unit == "day" else tuple(NamedSpan((), run) for run in kept)
    return [(time_rows(part, unit), replace(selection, spans=spans)), (paid, rest)]


def _unit(selection: Selection) -> TimeUnit | None:
    asked = {*selection.by, *(each.dimension for each in selection.where)}
    if not asked <= {*TIMES}:
        return None
    if "hour" not in asked:
        return "day"
    return "hour" if selection.by == ("hour",) and not selection.where else None


def time_rows(part: str, unit: TimeUnit) -> PaidCalls:
    """Where the rows of a part are read from."""
    rows = f"(SELECT *, name AS hour FROM bucket_sum WHERE part = '{part}')"
    if unit == "day":
        return PaidCalls(rows, "number", QUARTER_MS, sessions=SESSIONS_OF_BUCKETS)
    return PaidCalls(rows, "number", BUCKET_MS, ("hour",), SESSIONS_OF_BUCKETS)


def kept_runs(connection: sqlite3.Connection, part: str, of: DaysOf) -> list[Span]:
    """The parts of a span that have such buckets, each as long as these follow each other."""
    rows = connection.execute(
        "SELECT number, keys FROM bucket WHERE part = ? AND number >= ? AND number < ?", (part, *whole_buckets(of.span))
    )
    return runs({number for number, keys in rows if keys == time_keys(number, of.calendar)})
