"""Notes the sessions whose turns or findings are behind their calls, until somebody reads these and settles them.

A session is behind once one of its calls or tools changed; its ancestors' findings are behind as well, as they know of
their subagents. Once its turns are classified, its sums by task (the part `tasks`) are behind until they are made.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from opencode_tui.clock import EVER, Span

Part = Literal["turns", "tasks", "findings", "undone"]
READ_PARTS: tuple[Part, ...] = ("turns", "findings", "undone")
"""The parts that answers wait for; without the sums by task, they are read from the calls."""
StampName = Literal["turns", "findings", "rates", "limits"]
"""What a part was made by: its rules, or for findings also the rates of all models in use and the context limits."""
_PART_OF: dict[StampName, Part] = {
    "turns": "turns",
    "findings": "findings",
    "rates": "findings",
    "limits": "findings",
}

_QUARTER_MS = 900_000
NOTE_ALL = """
INSERT OR IGNORE INTO changed_work (part, session_id)
  SELECT part, session_id FROM (SELECT DISTINCT session_id FROM call), (SELECT 'turns' AS part UNION SELECT 'findings');
"""
_NOTE = """
  INSERT OR IGNORE INTO changed_work (part, session_id)
  SELECT 'turns', session_id FROM unsummed
  UNION SELECT 'findings', id FROM (
    WITH RECURSIVE above(id) AS (
      SELECT session_id FROM unsummed
      UNION SELECT s.parent_id FROM above JOIN session s ON s.id = above.id WHERE s.parent_id IS NOT NULL)
    SELECT id FROM above)
"""
_CLASSIFIED = "INSERT OR IGNORE INTO changed_work (part, session_id) SELECT 'tasks', value FROM json_each(?)"
_ALL_BEHIND = """
  INSERT INTO changed_work (part, session_id) SELECT DISTINCT ?1, session_id FROM session_sum s
  WHERE NOT EXISTS (SELECT 1 FROM changed_work w WHERE w.part = ?1 AND w.session_id = s.session_id)
"""
_BEHIND = "SELECT session_id FROM changed_work WHERE part = ?"
_FEW = 50
"""So many sessions are looked up one by one; of more, those with calls around the span are found first."""
_OF_FEW = """
  SELECT session_id FROM changed_work WHERE part = ? AND EXISTS (SELECT 1 FROM session_sum s
    WHERE s.session_id = changed_work.session_id AND s.last_quarter >= ? AND s.first_quarter < ?)
"""
_OF_MANY = """
  SELECT w.session_id FROM session_sum s INDEXED BY session_sum_quarters
  CROSS JOIN changed_work w ON w.part = ? AND w.session_id = s.session_id
  WHERE s.last_quarter >= ? AND s.first_quarter < ?
"""


def note_changed(connection: sqlite3.Connection) -> None:
    """Notes the sessions in `unsummed` as behind. Must run in a write transaction."""
    connection.execute(_NOTE)


def sessions_behind(connection: sqlite3.Connection, part: Part, span: Span = EVER) -> list[str]:
    """The ids of the sessions with calls around a span for which a part is behind, in order; reads no call."""
    if span == EVER:
        return [row[0] for row in connection.execute(_BEHIND, (part,))]
    query, values = _around(connection, part, span)
    return sorted({row[0] for row in connection.execute(query, values)})


def count_behind(connection: sqlite3.Connection, part: Part, span: Span = EVER) -> int:
    """How many they are, which is known sooner than their ids."""
    if span != EVER:
        return len(sessions_behind(connection, part, span))
    return int(connection.execute("SELECT count(*) FROM changed_work WHERE part = ?", (part,)).fetchone()[0])


def is_behind(connection: sqlite3.Connection, part: Part, span: Span = EVER) -> bool:
    """Whether there is such a session; stops at the first."""
    query, values = (_BEHIND, (part,)) if span == EVER else _around(connection, part, span)
    return connection.execute(f"{query} LIMIT 1", values).fetchone() is not None


def are_tasks_summed(connection: sqlite3.Connection, span: Span) -> bool:
    """Whether the sums by task of all sessions with calls around a span are there."""
    return not (is_behind(connection, "turns", span) or is_behind(connection, "tasks", span))


def counts_behind(connection: sqlite3.Connection) -> Counter[Part]:
    """How many sessions each part is behind for."""
    return Counter(dict(connection.execute("SELECT part, count(*) FROM changed_work GROUP BY part").fetchall()))


def _around(connection: sqlite3.Connection, part: Part, span: Span) -> tuple[str, tuple[str | int, ...]]:
    """The statement for the sessions around a span, and its values."""
    many = connection.execute(f"{_BEHIND} LIMIT 1 OFFSET {_FEW}", (part,)).fetchone() is not None
    bounds = span.start_ms // _QUARTER_MS, -(-span.end_ms // _QUARTER_MS)
    return _OF_MANY if many else _OF_FEW, (part, *bounds)


def caught_up(connection: sqlite3.Connection, part: Part, ids: Iterable[str]) -> None:
    """A part is settled for these sessions. Must run in the transaction that settled it."""
    connection.execute(
        "DELETE FROM changed_work WHERE part = ? AND session_id IN (SELECT value FROM json_each(?))",
        (part, json.dumps(list(ids))),
    )


def classified(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """The turns of these sessions are settled, and their sums by task are not. Must run in the same transaction."""
    given = list(ids)
    connection.execute(_CLASSIFIED, (json.dumps(given),))
    caught_up(connection, "turns", given)


def is_stamped(connection: sqlite3.Connection, name: StampName, stamp: str) -> bool:
    """Whether what a part depends on besides the calls is still what it was when that stamp was kept."""
    return (
        connection.execute("SELECT 1 FROM work_stamp WHERE (part, stamp) = (?, ?)", (name, stamp)).fetchone()
        is not None
    )


def restamp(connection: sqlite3.Connection, name: StampName, stamp: str) -> None:
    """Notes all sessions as behind, as a part has to be made again. Must run in a write transaction."""
    connection.execute(_ALL_BEHIND, (_PART_OF[name],))
    keep_stamp_text(connection, name, stamp)


def stamp_text(connection: sqlite3.Connection, name: StampName) -> str | None:
    """What a part was last made by; None if that was never kept."""
    row = connection.execute("SELECT stamp FROM work_stamp WHERE part = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def keep_stamp_text(connection: sqlite3.Connection, name: StampName, stamp: str) -> None:
    """Keeps a stamp for which nothing has to be made again. Must run in a write transaction."""
    connection.execute("INSERT OR REPLACE INTO work_stamp (part, stamp) VALUES (?, ?)", (name, stamp))
