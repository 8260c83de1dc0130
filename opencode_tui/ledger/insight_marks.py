"""What a person decided about insights, by rule and key, whether or not they are still found."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from opencode_tui.records.insights import InsightMark

_COLUMNS = "rule, key, title, lever, marked_ms, state, until_ms, cost_nano, saves_nano"
_WRITE = f"INSERT OR REPLACE INTO insight_mark ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REMOVE = f"""
  DELETE FROM insight_mark WHERE (rule, key) IN (
    SELECT value ->> 0, value ->> 1 FROM json_each(?)
  ) RETURNING {_COLUMNS}
"""


def marks_of_insights(connection: sqlite3.Connection) -> tuple[InsightMark, ...]:
    """All marks, also those of a time that is over; the last one first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM insight_mark ORDER BY marked_ms DESC, rule, key")
    return tuple(InsightMark(*row) for row in rows)


def mark_insights(connection: sqlite3.Connection, marked: Iterable[InsightMark]) -> None:
    """Writes marks, each over an earlier one. Must run in a write transaction."""
    connection.executemany(
        _WRITE,
        (
            (
                *(each.rule, each.key, each.title, each.lever, each.marked_ms),
                *(each.state, each.until_ms, each.cost_nano, each.saves_nano),
            )
            for each in marked
        ),
    )


def unmark_insights(connection: sqlite3.Connection, insights: Iterable[tuple[str, str]]) -> tuple[InsightMark, ...]:
    """Takes marks away by (rule, key), and returns those that there were. Must run in a write transaction."""
    rows = connection.execute(_REMOVE, (json.dumps([list(each) for each in insights]),)).fetchall()
    return tuple(InsightMark(*row) for row in rows)
