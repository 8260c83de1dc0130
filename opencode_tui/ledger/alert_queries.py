"""Queries that alerts are evaluated on, all by index: calls of a current span, or of the sessions active in it.

Copied calls are left out everywhere, as another session paid for them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from msgspec.structs import replace

from opencode_tui.clock import Span
from opencode_tui.ledger.queries import SLICE_KEYS
from opencode_tui.ledger.session_queries import tool_facts
from opencode_tui.ledger.sums import exact_sum
from opencode_tui.ledger.tool_files import DIRECTORY, FILE, files_of_command
from opencode_tui.records.calls import EDIT_TOOLS, Tokens
from opencode_tui.records.facts import CallFacts, CallScope, ToolFacts
from opencode_tui.records.whole_files import with_whole_files

_SINCE = exact_sum("CASE WHEN c.created_ms > ? THEN c.cost_nano END")

_IN_SPAN = "c.created_ms >= ? AND c.created_ms < ? AND c.copied_from IS NULL"
_OF_DAY = "FROM call c INDEXED BY call_created"
_NAMES = "(SELECT value FROM json_each(?))"

_DAY = f"""
  SELECT count(*), count(DISTINCT CASE WHEN c.cost_nano > 0 THEN c.created_ms / 60000 END)
  {_OF_DAY} WHERE {_IN_SPAN}
"""
_TREES = """
  WITH RECURSIVE below(id, parent_id) AS (
    SELECT value, NULL FROM json_each(?)
    UNION SELECT s.id, s.parent_id FROM below JOIN session s ON s.parent_id = below.id)
  SELECT id, parent_id FROM below
"""
_ABOVE = """
  WITH RECURSIVE above(id) AS (
    SELECT value FROM json_each(?)
    UNION SELECT s.parent_id FROM above JOIN session s ON s.id = above.id WHERE s.parent_id IS NOT NULL)
  SELECT s.id, s.parent_id, s.title FROM above JOIN session s ON s.id = above.id
"""
_SUMS_OF = f"""
  SELECT c.session_id, {exact_sum("c.cost_nano")} FROM call c
  WHERE c.session_id IN {_NAMES} AND c.copied_from IS NULL GROUP BY 1
"""
_REPEATED = f"""
  SELECT DISTINCT session_id FROM (
    SELECT c.session_id {_OF_DAY} CROSS JOIN tool t ON t.call_id = c.id
    WHERE {_IN_SPAN} GROUP BY c.session_id, t.name, t.target, t.digest HAVING count(*) >= ?)
  ORDER BY 1
"""
_EDITED = f"""
  SELECT c.session_id, {FILE}, count(DISTINCT c.turn_id)
  {_OF_DAY} CROSS JOIN tool t ON t.call_id = c.id LEFT JOIN session k ON k.id = c.session_id
  WHERE {_IN_SPAN} AND t.target <> '' AND t.name IN {_NAMES} AND coalesce(t.ok, 1) = 1
  GROUP BY 1, 2 HAVING count(DISTINCT c.turn_id) >= ? ORDER BY 3 DESC, 1, 2
"""
# SQLite takes the bare columns from the row that has the maximum.
_FILLED = f"""
  SELECT c.session_id, max(c.created_ms), c.input + c.cache_read + c.cache_write, c.provider, c.model, c.directory
  {_OF_DAY} WHERE {_IN_SPAN} AND c.input + c.cache_read + c.cache_write > 0 GROUP BY 1
"""
_FILLS = """
  SELECT c.created_ms, c.input + c.cache_read + c.cache_write, c.provider, c.model, c.directory
  FROM call c WHERE c.session_id = ? AND c.copied_from IS NULL AND c.input + c.cache_read + c.cache_write > 0
  ORDER BY c.created_ms, c.id
"""
_TOOLS = f"""
  SELECT t.call_id, t.name, t.target, t.ok, t.duration_ms, t.child_session_id, t.digest, t.files, {DIRECTORY}
  FROM tool t LEFT JOIN call c ON c.id = t.call_id LEFT JOIN session k ON k.id = c.session_id
  WHERE t.call_id IN {_NAMES} AND t.ok IS NOT 2 ORDER BY t.id
"""


def day_counts(connection: sqlite3.Connection, span: Span) -> tuple[int, int]:
    """(number of calls, number of minutes with spend) in the span."""
    calls, minutes = connection.execute(_DAY, (span.start_ms, span.end_ms)).fetchone()
    return int(calls), int(minutes)


def sums_by(connection: sqlite3.Connection, span: Span, by: str) -> list[tuple[str, int]]:
    """(key, nano-dollars) by one of SLICE_KEYS, most expensive first; keys without spend are left out."""
    return connection.execute(
        f"SELECT {SLICE_KEYS[by]}, {exact_sum('c.cost_nano')} {_OF_DAY} WHERE {_IN_SPAN}"
        f" GROUP BY 1 HAVING {exact_sum('c.cost_nano')} > 0 ORDER BY 2 DESC, 1",
        (span.start_ms, span.end_ms),
    ).fetchall()


def active_sessions(connection: sqlite3.Connection, span: Span) -> list[str]:
    """Sessions that made a call of their own in the span."""
    rows = connection.execute(f"SELECT DISTINCT c.session_id {_OF_DAY} WHERE {_IN_SPAN}", (span.start_ms, span.end_ms))
    return [row[0] for row in rows]


def ancestry(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, tuple[str | None, str]]:
    """(parent id, title) by id, of the known ones among these sessions and of all their ancestors."""
    rows = connection.execute(_ABOVE, (json.dumps(sorted(ids)),))
    return {id: (parent_id, title) for id, parent_id, title in rows}


def trees(connection: sqlite3.Connection, roots: Iterable[str]) -> dict[str, str | None]:
    """The parent id by id, of the roots (None) and all their descendants."""
    found: dict[str, str | None] = {}
    for id, parent_id in connection.execute(_TREES, (json.dumps(sorted(roots)),)):
        found.setdefault(id, parent_id)
    return found


def cost_by_session(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, int]:
    """Nano-dollars by session, over each session's whole life."""
    return dict(connection.execute(_SUMS_OF, (json.dumps(sorted(ids)),)).fetchall())


def repeating(connection: sqlite3.Connection, span: Span, times: int) -> list[str]:
    """Sessions that made the same tool call at least `times` times in the span, not necessarily in a row."""
    return [row[0] for row in connection.execute(_REPEATED, (span.start_ms, span.end_ms, times))]


def edited(connection: sqlite3.Connection, span: Span, turns: int) -> list[tuple[str, str, int]]:
    """(session id, file, number of turns) where a session edited a file in at least `turns` turns."""
    values = (span.start_ms, span.end_ms, json.dumps(EDIT_TOOLS), turns)
    return connection.execute(_EDITED, values).fetchall()


def newest_fills(connection: sqlite3.Connection, span: Span) -> list[tuple[str, int, str, str, str]]:
    """(session id, context tokens, provider, model, directory) of the newest call of each session."""
    rows = connection.execute(_FILLED, (span.start_ms, span.end_ms))
    return [(id, *rest) for id, _, *rest in rows]


def fills(connection: sqlite3.Connection, session_id: str) -> list[tuple[int, int, str, str, str]]:
    """(Unix milliseconds, context tokens, provider, model, directory) of each call of a session, in order of time."""
    return connection.execute(_FILLS, (session_id,)).fetchall()


def _where(scope: CallScope) -> tuple[str, tuple[object, ...]]:
    """The SQL WHERE clause on `call c` for the scope, with its values."""
    values = (scope.span.start_ms, scope.span.end_ms)
    if scope.sessions is not None:
        return f"WHERE {_IN_SPAN} AND c.session_id IN {_NAMES}", (*values, json.dumps(scope.sessions))
    if scope.by:
        return f"WHERE {_IN_SPAN} AND {SLICE_KEYS[scope.by]} = ?", (*values, scope.key)
    return f"WHERE {_IN_SPAN}", values


def costs_in(connection: sqlite3.Connection, scope: CallScope) -> list[tuple[int, int]]:
    """(Unix milliseconds, nano-dollars) of the scope's calls that cost something, in order of time."""
    where, values = _where(scope)
    return connection.execute(
        f"SELECT c.created_ms, c.cost_nano FROM call c {where} AND c.cost_nano > 0 ORDER BY c.created_ms, c.id", values
    ).fetchall()


def shares(connection: sqlite3.Connection, scope: CallScope, since_ms: int) -> list[tuple[str, int, int, int]]:
    """(session id, nano-dollars, nano-dollars since `since_ms`, calls) in the scope, most expensive first."""
    where, values = _where(scope)
    return connection.execute(
        f"SELECT c.session_id, {exact_sum('c.cost_nano')}, coalesce({_SINCE}, 0), count(*)"
        f" FROM call c {where} GROUP BY 1 ORDER BY 2 DESC, 4 DESC, 1",
        (since_ms, since_ms, *values),
    ).fetchall()


def calls_in(connection: sqlite3.Connection, scope: CallScope, session_id: str) -> list[CallFacts]:
    """One session's calls in the scope, in order of time."""
    where, values = _where(scope)
    rows = connection.execute(
        f"SELECT c.id, coalesce(c.turn_id, ''), c.created_ms, c.completed_ms, {SLICE_KEYS['model']}, c.input,"
        " c.output, c.reasoning, c.cache_read, c.cache_write, c.cost_nano, c.amount_nano, coalesce(c.list_nano, 0),"
        f" c.error FROM call c INDEXED BY call_session {where} AND c.session_id = ? ORDER BY c.created_ms, c.id",
        (*values, session_id),
    )
    return [
        CallFacts(id, turn, created, completed, model, Tokens(*counts), cost, amount, listed, False, error)
        for id, turn, created, completed, model, *counts, cost, amount, listed, error in rows
    ]


def tools_of(connection: sqlite3.Connection, calls: Iterable[CallFacts]) -> list[ToolFacts]:
    """The tool uses of the calls without refused ones, each file by its whole path."""
    found: list[ToolFacts] = []
    for *row, files, directory in connection.execute(_TOOLS, (json.dumps([call.id for call in calls]),)):
        use = tool_facts(tuple(row))
        if files:
            use = replace(use, files=files_of_command(files, directory))
        found += with_whole_files([use], directory)
    return found
