"""Queries on one session: its tree, its calls, its tools. Each query reads only the rows of the sessions given."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from msgspec.json import Decoder

from opencode_tui.ledger.sums import SAVED_NANO, exact_sum
from opencode_tui.records import model_key
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import CallFacts, ToolFacts

_BY_ID = Decoder(dict[str, str])
_TREE = """
  WITH RECURSIVE below(id) AS (
    VALUES (?) UNION SELECT s.id FROM below JOIN session s ON s.parent_id = below.id)
  SELECT id FROM below
"""
_CALLS = f"""
  SELECT id, coalesce(turn_id, ''), created_ms, completed_ms, {model_key.SQL},
    input, output, reasoning, cache_read, cache_write, cost_nano, amount_nano, coalesce(list_nano, 0),
    copied_from IS NOT NULL, error, agent, streamed_ms, missing IS NOT NULL
  FROM call WHERE session_id = ? ORDER BY created_ms, id
"""
_TOOLS = """
  SELECT t.call_id, t.name, t.target, t.ok, t.duration_ms, t.child_session_id, t.digest
  FROM call c JOIN tool t ON t.call_id = c.id WHERE c.session_id = ? ORDER BY c.created_ms, t.id
"""
_CACHE_SAVED = f"""
  SELECT {exact_sum(SAVED_NANO)} FROM call WHERE session_id = ? AND copied_from IS NULL AND rates_id IS NOT NULL
"""
_ORIGIN = """
  SELECT o.session_id FROM call c JOIN call o ON o.id = c.copied_from
  WHERE c.session_id = ? GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1
"""
_FORKS = """
  SELECT id FROM session WHERE fork_of = ?1
  UNION SELECT c.session_id FROM call o JOIN call c ON c.copied_from = o.id WHERE o.session_id = ?1
  ORDER BY 1
"""
_TURN = f"""
  SELECT c.id, c.created_ms, c.completed_ms, {model_key.SQL}, c.agent,
    c.input, c.output, c.reasoning, c.cache_read, c.cache_write, c.cost_nano, c.amount_nano, c.recorded_nano,
    c.basis, c.list_nano, c.copied_from, c.finish, c.error, c.variant, c.streamed_ms, c.missing,
    r.input, r.output, r.cache_read, r.cache_write, r.source
  FROM call c LEFT JOIN rates r ON r.id = c.rates_id
  WHERE c.session_id = ? AND coalesce(c.turn_id, '') = ? ORDER BY c.created_ms, c.id
"""


def tree_ids(connection: sqlite3.Connection, root: str) -> list[str]:
    """The ids of the session and all its descendants, each once, even if parents form a cycle."""
    return [row[0] for row in connection.execute(_TREE, (root,))]


def parents(connection: sqlite3.Connection) -> dict[str, str]:
    """The parent of each subagent whose parent is a session that the ledger knows."""
    # As one text: thousands of rows take longer from SQLite to Python than in JSON.
    (found,) = connection.execute(
        "SELECT json_group_object(s.id, s.parent_id) FROM session s JOIN session p ON p.id = s.parent_id"
    ).fetchone()
    return _BY_ID.decode(found)


def naming_facts(connection: sqlite3.Connection, ids: Iterable[str]) -> list[tuple[str, str, str, int]]:
    """(id, title, project or directory, when it began in Unix ms) of each of the sessions, as far as known."""
    return connection.execute(
        """
        SELECT w.value, coalesce(s.title, ''), coalesce(nullif(s.project, ''), s.directory,
            (SELECT directory FROM call WHERE session_id = w.value LIMIT 1), ''),
          coalesce(s.created_ms, (SELECT min(created_ms) FROM call WHERE session_id = w.value), 0)
        FROM json_each(?) w LEFT JOIN session s ON s.id = w.value
        """,
        (json.dumps(sorted(ids)),),
    ).fetchall()


def tree_sums(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, int]:
    """Nano-dollars with all descendants of each of the sessions, by id."""
    rows = connection.execute(
        f"""
        WITH RECURSIVE below(root, id) AS (
          SELECT value, value FROM json_each(?)
          UNION SELECT b.root, s.id FROM below b JOIN session s ON s.parent_id = b.id)
        SELECT b.root, {exact_sum("c.cost_nano")}
        FROM below b CROSS JOIN call c ON c.session_id = b.id WHERE c.copied_from IS NULL GROUP BY b.root
        """,
        (json.dumps(sorted(ids)),),
    )
    return dict(rows.fetchall())


def with_ancestors(connection: sqlite3.Connection, ids: Iterable[str]) -> list[str]:
    """The ids of the sessions and all known ancestors, each once, even if parents form a cycle."""
    rows = connection.execute(
        """
        WITH RECURSIVE above(id) AS (
          SELECT value FROM json_each(?)
          UNION SELECT s.parent_id FROM above JOIN session s ON s.id = above.id WHERE s.parent_id IS NOT NULL)
        SELECT id FROM above
        """,
        (json.dumps(sorted(ids)),),
    )
    return [row[0] for row in rows]


def whole_trees(connection: sqlite3.Connection, ids: Iterable[str]) -> list[str]:
    """The ids of all sessions in the trees of the sessions, each once, even if parents form a cycle."""
    rows = connection.execute(
        """
        WITH RECURSIVE above(id) AS (
          SELECT value FROM json_each(?)
          UNION SELECT s.parent_id FROM above JOIN session s ON s.id = above.id WHERE s.parent_id IS NOT NULL),
        tree(id) AS (SELECT id FROM above UNION SELECT s.id FROM tree JOIN session s ON s.parent_id = tree.id)
        SELECT id FROM tree
        """,
        (json.dumps(sorted(ids)),),
    )
    return [row[0] for row in rows]


def session_calls(connection: sqlite3.Connection, session_id: str) -> list[CallFacts]:
    """The session's own calls, copies among them, in order of time."""
    return [call_facts(row) for row in connection.execute(_CALLS, (session_id,))]


def call_facts(row: tuple[Any, ...]) -> CallFacts:
    """The record of a row with the columns of `_CALLS`."""
    id, turn, created, completed, model, *more = row
    counts, (cost, amount, listed, copied, error, agent, streamed, part) = Tokens(*more[:5]), more[5:]
    paid = (cost, amount, listed, bool(copied), error, agent, streamed, bool(part))
    return CallFacts(id, turn, created, completed, model, counts, *paid)


def session_tools(connection: sqlite3.Connection, session_id: str) -> list[ToolFacts]:
    """The tool uses of the session's calls, in order of time."""
    return [tool_facts(row) for row in connection.execute(_TOOLS, (session_id,))]


def tool_facts(row: tuple[Any, ...]) -> ToolFacts:
    """The record of a row with the columns of `_TOOLS`."""
    call_id, name, target, ok, duration_ms, child, digest = row
    done = None if ok is None else ok & 1 == 1
    return ToolFacts(call_id, name, target, done, duration_ms, child, digest, ok == 2, found_nothing=ok == 3)


def turn_rows(connection: sqlite3.Connection, session_id: str, turn_id: str) -> list[tuple[Any, ...]]:
    """The calls of one turn with the rates that made them; columns as in `_TURN`."""
    return connection.execute(_TURN, (session_id, turn_id)).fetchall()


def cache_saved(connection: sqlite3.Connection, session_id: str) -> int | None:
    """What the session's cached tokens would have cost as input, less what they cost; None if no rates are known.

    In nano-dollars, with the same meaning as in a breakdown: negative if writing the cache cost more than it saved.
    """
    saved = connection.execute(_CACHE_SAVED, (session_id,)).fetchone()[0]
    return None if saved is None else int(saved)


def origin_of(connection: sqlite3.Connection, session_id: str) -> str | None:
    """The session in which most of this one's copied calls were paid; None if it has no copies."""
    row = connection.execute(_ORIGIN, (session_id,)).fetchone()
    return row[0] if row else None


def forks_of(connection: sqlite3.Connection, session_id: str) -> list[str]:
    """Sessions that hold copies of this one's calls."""
    return [row[0] for row in connection.execute(_FORKS, (session_id,)) if row[0] != session_id]


def task_counts(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, int]:
    """The number of tasks that started or resumed each of the sessions, by id."""
    rows = connection.execute(
        "SELECT t.child_session_id, count(*) FROM tool t JOIN call c ON c.id = t.call_id"
        " WHERE t.child_session_id IN (SELECT value FROM json_each(?)) AND c.copied_from IS NULL GROUP BY 1",
        (json.dumps(sorted(ids)),),
    )
    return {row[0]: row[1] for row in rows}


def main_keys(connection: sqlite3.Connection, ids: Iterable[str]) -> list[tuple[str, str, str, int, int]]:
    """(session id, model key, agent, nano-dollars, calls), one row for each combination in these sessions."""
    return connection.execute(
        f"SELECT session_id, {model_key.SQL}, agent, {exact_sum('cost_nano')}, count(*) FROM call"
        " WHERE session_id IN (SELECT value FROM json_each(?)) AND copied_from IS NULL GROUP BY 1, 2, 3",
        (json.dumps(sorted(ids)),),
    ).fetchall()


def ids_like(connection: sqlite3.Connection, prefix: str, most: int) -> list[str]:
    """Ids of sessions that start with `prefix`, at most `most`."""
    rows = connection.execute(
        "SELECT id FROM session WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", (prefix, prefix + "\U0010ffff", most)
    )
    return [row[0] for row in rows]
