"""Decides which sums are lower bounds, because rows could not be read or stores were not read completely.

An unreadable row may belong to any model, and to any session that existed at its time. A call that could not be read
completely affects only its own model and session.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

from opencode_tui.clock import DAY_MS, EVER, Calendar, Span
from opencode_tui.ledger.queries import SLICE_KEYS, missing_rows
from opencode_tui.records.stores import StoreState

_UNREAD = "SELECT EXISTS (SELECT 1 FROM unreadable WHERE at_ms IS NULL OR at_ms >= ? AND at_ms < ?)"
_UNREAD_DAYS = f"SELECT DISTINCT at_ms / {DAY_MS} FROM unreadable WHERE at_ms >= ? AND at_ms < ? ORDER BY 1"
_UNREAD_EVER = "SELECT EXISTS (SELECT 1 FROM unreadable WHERE at_ms IS NULL)"
_PARTIAL = "FROM call INDEXED BY call_missing WHERE missing IS NOT NULL AND created_ms >= ? AND created_ms < ?"
_MISSING_AT = (
    f"SELECT at_ms FROM unreadable WHERE at_ms >= ? AND at_ms < ? UNION SELECT created_ms {_PARTIAL} ORDER BY 1"
)
_ALL_MISSING = """
  SELECT at_ms FROM unreadable
  UNION ALL SELECT created_ms FROM call INDEXED BY call_missing WHERE missing IS NOT NULL
"""
_UPDATED = "SELECT id, created_ms, updated_ms FROM session WHERE id IN (SELECT value FROM json_each(?))"


def all_read(stores: Sequence[StoreState]) -> bool:
    """Returns whether OpenCode's stores were read completely: there is at least one, and all are live."""
    return bool(stores) and all(store.state == "live" for store in stores)


def is_lower_bound(connection: sqlite3.Connection, span: Span, whole: bool = True) -> bool:
    """Returns whether the sums of a span are lower bounds; `whole` is the result of `all_read`."""
    return not whole or missing_rows(connection, span) > 0


def missing_moments(connection: sqlite3.Connection, span: Span) -> list[int]:
    """The times of a span's rows and calls that could not be read completely, in Unix milliseconds, in order."""
    bounds = (span.start_ms, span.end_ms)
    return [row[0] for row in connection.execute(_MISSING_AT, (*bounds, *bounds))]


def unread_by_day(connection: sqlite3.Connection, calendar: Calendar) -> dict[date | None, int]:
    """The number of rows and calls that could not be read completely, by day; None for those whose time is unknown."""
    moments = (row[0] for row in connection.execute(_ALL_MISSING))
    return dict(Counter(None if at_ms is None else calendar.day(at_ms) for at_ms in moments))


def bounded_days(connection: sqlite3.Connection, days: Mapping[str, Span], whole: bool = True) -> frozenset[str]:
    """The names of the days whose sums are lower bounds, found in one pass over all days."""
    if not days or not whole or connection.execute(_UNREAD_EVER).fetchone()[0]:
        return frozenset(days)
    bounds = Span(min(span.start_ms for span in days.values()), max(span.end_ms for span in days.values()))
    moments = missing_moments(connection, bounds)
    found = set()
    for name, span in days.items():
        place = bisect_left(moments, span.start_ms)
        if place < len(moments) and moments[place] < span.end_ms:
            found.add(name)
    return frozenset(found)


def bounded_keys(
    connection: sqlite3.Connection, span: Span, by: str, keys: Iterable[str], whole: bool = True
) -> frozenset[str]:
    """The keys (values of one of SLICE_KEYS) whose sums in a span are lower bounds."""
    if not whole or connection.execute(_UNREAD, (span.start_ms, span.end_ms)).fetchone()[0]:
        return frozenset(keys)
    rows = connection.execute(f"SELECT DISTINCT {SLICE_KEYS[by]} {_PARTIAL}", (span.start_ms, span.end_ms))
    return frozenset(row[0] for row in rows) & frozenset(keys)


def bounded_sessions(
    connection: sqlite3.Connection,
    ids: Collection[str],
    times_of: Callable[[str], tuple[int, ...]],
    whole: bool = True,
    span: Span = EVER,
) -> frozenset[str]:
    """Those of the sessions whose own sums in a span are lower bounds; `times_of` gives what is known of one's times.

    These are Unix milliseconds, and are asked for only if they matter.

    An unreadable row affects each session that was active within a day of it, as its time may be all that is known.
    """
    if not whole or connection.execute(_UNREAD_EVER).fetchone()[0]:
        return frozenset(ids)
    bounds = (span.start_ms, span.end_ms)
    found = {row[0] for row in connection.execute(f"SELECT DISTINCT session_id {_PARTIAL}", bounds)}.intersection(ids)
    days = [row[0] for row in connection.execute(_UNREAD_DAYS, bounds)]
    if not days:
        return frozenset(found)
    known = {
        id: (created, updated) for id, created, updated in connection.execute(_UPDATED, (json.dumps(sorted(ids)),))
    }
    for id in ids:
        moments = (*times_of(id), *known.get(id, ()))  # in any order, as the clock may have jumped
        if not moments:
            continue
        start, end = min(moments) // DAY_MS - 1, max(moments) // DAY_MS + 1
        place = bisect_left(days, start)
        if place < len(days) and days[place] <= end:
            found.add(id)
    return frozenset(found)
