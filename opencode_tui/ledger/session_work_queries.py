"""Reads the rows from which the work of many sessions is put together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from opencode_tui.ledger.selection import KIND_OF_SESSION
from opencode_tui.ledger.session_queries import call_facts, tool_facts
from opencode_tui.ledger.sums import exact_sum
from opencode_tui.records import model_key
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.session import CallRates

_CALLS = f"""
  SELECT c.session_id, c.id, coalesce(turn_id, ''), created_ms, completed_ms, {model_key.SQL},
    input, output, reasoning, cache_read, cache_write, cost_nano, amount_nano, coalesce(list_nano, 0),
    0, error, agent, streamed_ms, missing IS NOT NULL
  FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session ON c.session_id = s.value
  WHERE copied_from IS NULL ORDER BY c.session_id, created_ms, c.id
"""
_TOOLS = """
  SELECT c.session_id, t.call_id, t.name, t.target, t.ok, t.duration_ms, t.child_session_id, t.digest
  FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session ON c.session_id = s.value
    CROSS JOIN tool t INDEXED BY tool_call ON t.call_id = c.id
  WHERE copied_from IS NULL ORDER BY c.session_id, c.created_ms, t.id
"""
_SESSIONS = f"""
  SELECT s.value, k.parent_id, k.fork_of, coalesce(k.project, ''), coalesce(k.directory, ''), k.present = 0,
    {KIND_OF_SESSION}
  FROM json_each(?) s LEFT JOIN session k ON k.id = s.value
"""
_BELOW = """
  WITH RECURSIVE below(root, id, parent_id, depth) AS (
    SELECT s.value, k.id, k.parent_id, 1 FROM json_each(?) s CROSS JOIN session k ON k.parent_id = s.value
    UNION SELECT b.root, k.id, k.parent_id, b.depth + 1 FROM below b CROSS JOIN session k ON k.parent_id = b.id
      WHERE b.depth < 32 AND k.id <> b.root)
  SELECT root, id, parent_id, min(depth) FROM below GROUP BY root, id
"""
_SUMS = f"""
  SELECT session_id, {model_key.SQL}, agent, cost_nano, calls, first_ms, last_ms,
    input, output, reasoning, cache_read, cache_write
  FROM session_sum WHERE session_id IN (SELECT value FROM json_each(?))
"""
_TASKS = f"""
  SELECT session_id, task, {exact_sum("cost_nano")} AS nano FROM turn
  WHERE session_id IN (SELECT value FROM json_each(?)) GROUP BY 1, 2 ORDER BY nano, task DESC
"""
_READS = """
  SELECT DISTINCT c.session_id, t.name, t.target
  FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session ON c.session_id = s.value
    CROSS JOIN tool t INDEXED BY tool_call ON t.call_id = c.id
  WHERE copied_from IS NULL AND t.target <> ''
"""
_PAID = """
  SELECT c.session_id, c.id, c.cost_nano
  FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session ON c.session_id = s.value
  WHERE copied_from IS NULL ORDER BY c.session_id, created_ms, c.id
"""
_RATES = f"""
  SELECT {model_key.SQL}, input, output, cache_read, cache_write, source FROM (
    SELECT n.provider, n.model, (SELECT c.rates_id FROM call c INDEXED BY call_session
        WHERE c.session_id = n.session_id AND c.provider = n.provider AND c.model = n.model AND c.rates_id IS NOT NULL
        ORDER BY c.created_ms DESC LIMIT 1) AS rates_id
    FROM (SELECT provider, model, session_id, max(created_ms) FROM newest_call GROUP BY provider, model) n)
  JOIN rates r ON r.id = rates_id
"""

WorkedSession = tuple[str, str | None, str | None, str, str, int | None, str]
"""(id, parent, origin of a fork, project, directory, whether OpenCode has it no more, kind of use)"""


def calls_of_sessions(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, list[CallFacts]]:
    """The sessions' own calls without copies, in order of time."""
    found: dict[str, list[CallFacts]] = {}
    for session_id, *row in connection.execute(_CALLS, (json.dumps(ids),)):
        found.setdefault(session_id, []).append(call_facts(tuple(row)))
    return found


def tools_of_sessions(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, list[ToolFacts]]:
    """The tool uses of these calls, in order of time."""
    found: dict[str, list[ToolFacts]] = {}
    for session_id, *row in connection.execute(_TOOLS, (json.dumps(ids),)):
        found.setdefault(session_id, []).append(tool_facts(tuple(row)))
    return found


def worked_sessions(connection: sqlite3.Connection, ids: Sequence[str]) -> list[WorkedSession]:
    """What is known of the sessions, also of those that were in no store."""
    return connection.execute(_SESSIONS, (json.dumps(ids),)).fetchall()


def below(connection: sqlite3.Connection, ids: Sequence[str]) -> list[tuple[str, str, str, int]]:
    """(session, descendant, its parent, its depth below the session) of all descendants."""
    return connection.execute(_BELOW, (json.dumps(ids),)).fetchall()


def sums_by_model(connection: sqlite3.Connection, ids: Sequence[str]) -> list[tuple[object, ...]]:
    """Columns as in `_SUMS`, a row for each model and agent of each of the sessions."""
    return connection.execute(_SUMS, (json.dumps(ids),)).fetchall()


def main_tasks(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, str]:
    """The task that most of each session's spend was for, by id; those that are not classified are left out."""
    return {id: task for id, task, _ in connection.execute(_TASKS, (json.dumps(ids),))}


def targets_of(connection: sqlite3.Connection, ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """(session, tool, target), each once."""
    return connection.execute(_READS, (json.dumps(ids),)).fetchall()


def paid_in(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """(call, nano-dollars) of the sessions' paid calls in order of time, by session."""
    found: dict[str, list[tuple[str, int]]] = {}
    for session_id, id, nano in connection.execute(_PAID, (json.dumps(ids),)):
        found.setdefault(session_id, []).append((id, nano))
    return found


def latest_rates(connection: sqlite3.Connection) -> dict[str, CallRates]:
    """The rates of the newest session of each model, by model key; models without known rates are left out."""
    return {model: CallRates(*rates) for model, *rates in connection.execute(_RATES)}
