"""Keeps the percents of a quota that its service has reported, with what the ledger had of the window then."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from msgspec.structs import replace

from opencode_tui.clock import DAY_MS
from opencode_tui.records.quotas import QuotaReading

KEPT_MS = 93 * DAY_MS
"""Readings are kept for so long: the last three months."""
_MOST = 300
"""The newest readings of a plan that are read."""
_NEAR_MS = 600_000
"""A service that counts down in seconds tells the same reset a little differently each time."""


def add_readings(connection: sqlite3.Connection, plan: str, readings: Iterable[QuotaReading]) -> None:
    """Adds readings, if they tell more than the last one of their window. Must run in a write transaction."""
    for reported in readings:
        last = last_reading(connection, plan, reported.window)
        is_near = last is not None and abs(last.resets_ms - reported.resets_ms) < _NEAR_MS
        reading = replace(reported, resets_ms=last.resets_ms) if last is not None and is_near else reported
        if last is None or not _is_same(last, reading):
            connection.execute(
                "INSERT OR REPLACE INTO quota_reading (plan, window, at_ms, resets_ms, percent, is_limited, sums)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    *(plan, reading.window, reading.at_ms, reading.resets_ms, reading.percent),
                    *(reading.is_limited, json.dumps(reading.sums)),
                ),
            )
            connection.execute(
                "DELETE FROM quota_reading WHERE plan = ? AND window = ? AND at_ms < ?",
                (plan, reading.window, reading.at_ms - KEPT_MS),
            )
        else:  # it tells the same as before, but of a later moment
            connection.execute(
                "UPDATE quota_reading SET at_ms = ?, is_limited = ? WHERE plan = ? AND window = ? AND at_ms = ?",
                (reading.at_ms, reading.is_limited, plan, reading.window, last.at_ms),
            )


def last_reading(connection: sqlite3.Connection, plan: str, window: str) -> QuotaReading | None:
    """The newest reading of a window; None if there is none."""
    row = connection.execute(
        "SELECT window, at_ms, resets_ms, percent, is_limited, sums FROM quota_reading"
        " WHERE plan = ? AND window = ? ORDER BY at_ms DESC LIMIT 1",
        (plan, window),
    ).fetchone()
    return None if row is None else _reading(row)


def was_read(connection: sqlite3.Connection, plan: str, since_ms: int) -> bool:
    """Whether a window of a plan was read since a moment."""
    query = "SELECT 1 FROM quota_reading WHERE plan = ? AND at_ms >= ? LIMIT 1"
    return connection.execute(query, (plan, since_ms)).fetchone() is not None


def readings_of(connection: sqlite3.Connection, plan: str) -> tuple[QuotaReading, ...]:
    """The readings of a plan, newest first."""
    rows = connection.execute(
        "SELECT window, at_ms, resets_ms, percent, is_limited, sums FROM quota_reading"
        " WHERE plan = ? ORDER BY at_ms DESC LIMIT ?",
        (plan, _MOST),
    )
    return tuple(map(_reading, rows))


def _is_same(last: QuotaReading, new: QuotaReading) -> bool:
    def known(each: QuotaReading) -> tuple[object, ...]:
        return each.percent, each.sums, each.resets_ms

    return known(last) == known(new) and last.at_ms <= new.at_ms


def _reading(row: tuple[str, int, int, int, int, str]) -> QuotaReading:
    window, at_ms, resets_ms, percent, is_limited, sums = row
    return QuotaReading(window, at_ms, resets_ms, percent, bool(is_limited), json.loads(sums))
