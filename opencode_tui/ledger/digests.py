"""Digests of calls, so that a report can be held against the ledger later.

A call is one line of JSON: a list of the values of DIGEST_FIELDS in that order, as SQLite's `json_array` writes it, in
UTF-8, without spaces, integers in full. The calls are those of a span that were paid, copies left out, in order of
their time and then of their ids; a line feed ends each line. So `sqlite3` and `sha256sum` give the same digest:

    sqlite3 ledger.db "SELECT json_array(id, …) FROM call WHERE created_ms >= … AND created_ms < …
      AND copied_from IS NULL ORDER BY created_ms, id" | sha256sum

Copies are left out because a fork that is made later copies calls of days that were reported on already.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import msgspec

from opencode_tui.clock import Calendar, Span
from opencode_tui.records.cost_report import CallsDigest, DayDigest

DIGEST_FIELDS = (
    *("id", "session_id", "created_ms", "provider", "model", "agent"),
    *("input", "output", "reasoning", "cache_read", "cache_write", "cost_nano", "list_nano"),
)
"""The columns of `call` that the digest covers."""
_COST = DIGEST_FIELDS.index("cost_nano")
_CALLS = f"""
  SELECT {", ".join(DIGEST_FIELDS)} FROM call INDEXED BY call_created
  WHERE created_ms >= ? AND created_ms < ? AND copied_from IS NULL ORDER BY created_ms, id
"""
_encoded = msgspec.json.Encoder().encode


def digest_calls(connection: sqlite3.Connection, days: Iterable[tuple[date, Span]]) -> CallsDigest:
    """The digests of the calls of these days, which follow each other in time; reads one call after the other."""
    everything, found = hashlib.sha256(), []
    for day, span in days:
        of_day, calls, spend_nano = hashlib.sha256(), 0, 0
        for row in connection.execute(_CALLS, (span.start_ms, span.end_ms)):
            line = _encoded(row) + b"\n"
            of_day.update(line)
            everything.update(line)
            calls += 1
            spend_nano += row[_COST]
        found.append(DayDigest(day, span.start_ms, span.end_ms, calls, spend_nano, of_day.hexdigest()))
    return CallsDigest(tuple(found), everything.hexdigest())


def days_between(calendar: Calendar, first: date, last: date) -> Iterator[tuple[date, Span]]:
    """Each day with its span."""
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        yield day, calendar.span(day)
