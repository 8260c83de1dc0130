"""Sums the calls of sessions by the task of their turn, with the edits of their turns.

Where all turns of a session's quarter of an hour are of one task, its rows of `call_sum` are taken over; only the other
quarters are summed from their calls.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence

from opencode_tui.ledger.changed_work import caught_up
from opencode_tui.ledger.sums import (
    BUCKET,
    GROUP,
    OF_CALL,
    QUARTER,
    QUARTER_MS,
    SUM_COLUMNS,
    exact_sum,
    is_unsummed,
    summed_columns,
)
from opencode_tui.records.work import NOT_KNOWN

EDIT_COUNTS = ("edit_turns", "one_shots", "edit_retries")
TURN_OF_CALL = """
  (SELECT session_id AS of_session, turn_id AS of_turn, task, edits, retries, one_shot, edit_call_id FROM turn) w
    ON w.of_session = c.session_id AND w.of_turn = coalesce(c.turn_id, '')
"""
"""SQL for what joins the calls `c` with the task of their turn, as `w`."""
CALL_OF_TASK = f"""
  SELECT created_ms, {", ".join(f"c.{name}" for name in GROUP)}, coalesce(w.task, '{NOT_KNOWN}') AS task, {OF_CALL},
    coalesce(w.edits > 0 AND w.edit_call_id = c.id, 0) AS edit_turns,
    coalesce(w.one_shot = 1 AND w.edit_call_id = c.id, 0) AS one_shots,
    CASE WHEN w.edit_call_id = c.id THEN w.retries ELSE 0 END AS edit_retries
"""
"""SQL for what a call adds to the sums by task."""

_INTO = f"""
  INSERT INTO task_sum (quarter, {", ".join(GROUP)}, task, {", ".join(SUM_COLUMNS)}, {", ".join(EDIT_COUNTS)})
"""
_SUMS = "json_each(?1) s CROSS JOIN call_sum g INDEXED BY call_sum_session ON g.session_id = s.value"
# Calls without a turn stand in no `turns`, so a session with such calls is left to its calls.
_ALIKE = f"""
  SELECT g.session_id AS of_session, g.quarter AS of_quarter, min(w.task) AS task
  FROM {_SUMS} CROSS JOIN json_each('[' || g.turns || ']') e
    CROSS JOIN turn w ON w.session_id = g.session_id AND w.turn_id = e.value
  WHERE NOT EXISTS (SELECT 1 FROM turn n WHERE n.session_id = g.session_id AND n.turn_id = '')
  GROUP BY 1, 2 HAVING min(w.task) = max(w.task)
"""
_EDITED = f"""
  SELECT {QUARTER} AS quarter, {", ".join(f"c.{name} AS {name}" for name in GROUP)},
    count(*) AS edit_turns, sum(one_shot) AS one_shots, sum(retries) AS edit_retries
  FROM json_each(?1) s CROSS JOIN turn w ON w.session_id = s.value CROSS JOIN call c ON c.id = w.edit_call_id
  WHERE w.edits > 0 GROUP BY {QUARTER}, {", ".join(f"c.{name}" for name in GROUP)}
"""
_TAKE_OVER = f"""
  WITH alike AS MATERIALIZED ({_ALIKE}), edited AS MATERIALIZED ({_EDITED}) {_INTO}
  SELECT g.quarter, {", ".join(f"g.{name}" for name in GROUP)}, a.task,
    {", ".join(f"g.{name}" for name in SUM_COLUMNS)},
    {", ".join(f"coalesce(e.{name}, 0)" for name in EDIT_COUNTS)}
  FROM alike a CROSS JOIN call_sum g ON g.quarter = a.of_quarter AND g.session_id = a.of_session
    LEFT JOIN edited e ON e.quarter = g.quarter AND {" AND ".join(f"e.{name} = g.{name}" for name in GROUP)}
"""
_LEFT = f"""
  (SELECT DISTINCT g.session_id, g.quarter FROM {_SUMS}
    WHERE NOT EXISTS (SELECT 1 FROM task_sum t WHERE t.quarter = g.quarter AND t.session_id = g.session_id)) m
  CROSS JOIN call c INDEXED BY call_session ON c.session_id = m.session_id
    AND c.created_ms >= m.quarter * {QUARTER_MS} AND c.created_ms <= m.quarter * {QUARTER_MS} + {QUARTER_MS - 1}
"""
_ALL = "json_each(?1) s CROSS JOIN call c INDEXED BY call_session ON c.session_id = s.value"
# The plus keeps SQLite from looking for the quarters while there is no bucket.
_LEAVE_BUCKETS = f"""
  DELETE FROM bucket WHERE part GLOB 'task*' AND +number IN (SELECT {BUCKET} FROM {_SUMS})
"""


def _from_calls(calls: str, sum_of: Callable[[str], str]) -> str:
    return f"""
      {_INTO} SELECT {QUARTER}, {", ".join(GROUP)}, task, {", ".join(summed_columns(sum_of))},
        {", ".join(f"sum({name})" for name in EDIT_COUNTS)}
      FROM ({CALL_OF_TASK} FROM {calls} CROSS JOIN {TURN_OF_CALL} WHERE copied_from IS NULL)
      GROUP BY 1, {", ".join(GROUP)}, task
    """


def sum_tasks(connection: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Replaces the sums by task of these sessions. Must run in a write transaction.

    Where their turns are behind, so are these sums, and they are made again later.
    """
    given = (json.dumps(ids),)
    connection.execute(_LEAVE_BUCKETS, given)
    connection.execute("DELETE FROM task_sum WHERE session_id IN (SELECT value FROM json_each(?))", given)
    are_summed = not is_unsummed(connection)
    if are_summed:
        connection.execute(_TAKE_OVER, given)
    calls = _LEFT if are_summed else _ALL
    try:
        connection.execute(_from_calls(calls, "sum({})".format), given)
    except sqlite3.OperationalError as error:  # over absurd amounts; the failed statement has written nothing
        if "overflow" not in str(error):
            raise
        connection.execute(_from_calls(calls, exact_sum), given)
    caught_up(connection, "tasks", ids)
