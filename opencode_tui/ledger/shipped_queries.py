"""Queries on what sessions changed: the lines of their edits, and the calls around them in the same projects."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator

from opencode_tui.clock import Span
from opencode_tui.ledger.sums import exact_sum
from opencode_tui.records import model_key
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.shipped import PaidCall

_EDITS = ", ".join(f"'{name}'" for name in EDIT_TOOLS)
_LINES = f"""
  SELECT coalesce(sum(t.added), 0), coalesce(sum(t.removed), 0), count(*),
    count(*) - count(coalesce(t.added, t.removed))
  FROM call c JOIN tool t ON t.call_id = c.id
  WHERE {{}} AND c.copied_from IS NULL AND t.ok = 1 AND t.name IN ({_EDITS})
"""
_SPEND = f"SELECT coalesce({exact_sum('c.cost_nano')}, 0) FROM call c WHERE {{}} AND c.copied_from IS NULL"
_OF_SESSIONS = "c.session_id IN (SELECT value FROM json_each(?))"
_OF_SPAN = "c.created_ms >= ? AND c.created_ms < ?"
_PROJECT = "coalesce(nullif(s.project, ''), c.directory)"
_PROJECTS = f"""
  SELECT {_PROJECT}, min(c.directory), min(c.created_ms), max(c.created_ms)
  FROM call c LEFT JOIN session s ON s.id = c.session_id WHERE {{}} AND c.copied_from IS NULL GROUP BY 1 ORDER BY 1
"""
_CALLS = f"""
  SELECT c.created_ms, c.session_id, {model_key.SQL}, c.cost_nano
  FROM call c LEFT JOIN session s ON s.id = c.session_id
  WHERE {_OF_SPAN} AND c.copied_from IS NULL AND {_PROJECT} = ? ORDER BY c.created_ms, c.id
"""

Where = tuple[str, tuple[object, ...]]
"""A condition as SQL on the calls, and its values."""


def of_sessions(ids: Iterable[str]) -> Where:
    """The calls of some sessions."""
    return _OF_SESSIONS, (json.dumps(sorted(ids)),)


def of_span(span: Span) -> Where:
    """The calls of a span."""
    return _OF_SPAN, (span.start_ms, span.end_ms)


def spend_of(connection: sqlite3.Connection, where: Where) -> int:
    """Nano-dollars."""
    return int(connection.execute(_SPEND.format(where[0]), where[1]).fetchone()[0])


def changed_lines(connection: sqlite3.Connection, where: Where) -> tuple[int, int, int, int]:
    """(lines added, lines removed, edits that succeeded, those of which no lines are known)."""
    added, removed, edits, unknown = connection.execute(_LINES.format(where[0]), where[1]).fetchone()
    return added, removed, edits, unknown


def projects_of(connection: sqlite3.Connection, where: Where) -> Iterator[tuple[str, str, int, int]]:
    """(project, one of its directories, when the first and the last call was made) of each project."""
    return connection.execute(_PROJECTS.format(where[0]), where[1])


def calls_in_project(connection: sqlite3.Connection, project: str, span: Span) -> list[PaidCall]:
    """All calls in a project, those of other sessions among them, in order of time."""
    rows = connection.execute(_CALLS, (span.start_ms, span.end_ms, project))
    return [PaidCall(*row) for row in rows]
