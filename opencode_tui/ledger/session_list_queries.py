"""Queries on all sessions of a span, or on very many of them.

Thousands of rows take longer from SQLite to Python than in one JSON text, and longer to look up than to read all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from sys import intern
from typing import Any

import msgspec
from msgspec.structs import replace

from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.queries import IN_SPAN, INCOMPLETE_CALLS, SPEND_SUM, TOKEN_SUMS, summed_tokens
from opencode_tui.ledger.sums import CALL_CONTEXT, each_call, paid_calls
from opencode_tui.records import model_key
from opencode_tui.records.facts import SessionFacts, SessionPart, SessionSum

_STRINGS = msgspec.json.Decoder(list[str])
_BY_ID = msgspec.json.Decoder(dict[str, str])
_SESSION_PARTS = msgspec.json.Decoder(list[SessionPart])
_SESSIONS = msgspec.json.Decoder(list[SessionFacts], strict=False)
_FACTS = """
  SELECT json_array(id, parent_id, title, coalesce(nullif(project, ''), directory), directory,
    archived_ms IS NOT NULL, fork_of IS NOT NULL OR {}, NOT present, fork_of) AS facts
  FROM session s
"""
_HAS_COPIES = "EXISTS (SELECT 1 FROM call c WHERE c.session_id = s.id AND c.created_ms < s.created_ms AND c.copied = 1)"
_WITH_COPIES = """
  SELECT DISTINCT c.session_id FROM call c INDEXED BY call_copied CROSS JOIN session f ON f.id = c.session_id
  WHERE c.copied = 1 AND c.created_ms < f.created_ms
"""
_COPIES = "SELECT count(*) FROM (SELECT 1 FROM call INDEXED BY call_copied WHERE copied = 1 LIMIT ?)"
_COUNTS = "input, output, reasoning, cache_read, cache_write"
_SUMMED = f"""
  SELECT json_array(session_id, {model_key.SQL}, agent, {SPEND_SUM}, sum(calls), min(first_ms), max(last_ms),
    group_concat({{turns}}), group_concat({{costs}}), json_array({TOKEN_SUMS})) AS part
"""
_PARTS_OF_CALLS = f"""
  {_SUMMED} FROM {each_call().table} s WHERE created_ms >= ?1 AND created_ms < ?2 {{only}}
  GROUP BY session_id, provider, model, agent
"""
_PARTS = f"""
  SELECT json_array(session_id, {model_key.SQL}, agent, cost_nano, calls, first_ms, last_ms,
    {{turns}}, {{costs}}, json_array({_COUNTS})) AS part
  FROM session_sum s WHERE last_quarter >= ?1 AND last_quarter < ?2 AND first_quarter >= ?1 {{only}}
  UNION ALL {_SUMMED} FROM (
    SELECT c.* FROM session_sum s CROSS JOIN call_sum c ON c.session_id = s.session_id AND c.provider = s.provider
      AND c.model = s.model AND c.agent = s.agent AND c.quarter >= ?1 AND c.quarter < ?2
    WHERE s.last_quarter >= ?1 AND s.first_quarter < ?2 AND (s.last_quarter >= ?2 OR s.first_quarter < ?1) {{only}})
  GROUP BY session_id, provider, model, agent
"""
"""Sessions that are wholly in the span are summed already; of the others, the quarters in it are."""
_ONLY = "AND s.session_id IN (SELECT value FROM json_each(?3))"
_NEWEST = "SELECT session_id, created_ms, context, provider, model, directory FROM newest_call"
_FEW = 500
"""Up to so many sessions are always looked up one by one; of more, all are read if that is half of all."""


def titles(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """The titles of sessions by id."""
    wanted = frozenset(ids)
    if not _is_quicker_whole(connection, wanted, 3):
        return dict(_only_of(connection, "SELECT id, title FROM session", "id", wanted))
    # As one text: thousands of rows take longer from SQLite to Python than in JSON.
    known = _BY_ID.decode(connection.execute("SELECT json_group_object(id, title) FROM session").fetchone()[0])
    return known if known.keys() <= wanted else {id: title for id, title in known.items() if id in wanted}


def session_parts(
    connection: sqlite3.Connection,
    span: Span,
    ids: Collection[str] | None = None,
    *,
    costs: bool = False,
    turns: bool = True,
) -> list[SessionPart]:
    """The sums of each session in a span, or only of these, by model and agent; `costs` and `turns` include theirs."""
    paid = paid_calls(connection, span)
    parts = _PARTS_OF_CALLS if paid == each_call() else _PARTS
    only = () if ids is None else (_json(sorted(ids)),)
    parts = parts.format(
        costs="costs" if costs else "NULL", turns="turns" if turns else "NULL", only=_ONLY if only else ""
    )
    return _SESSION_PARTS.decode(one_text(connection, "part", parts, (*paid.bounds(span), *only)))


def one_text(connection: sqlite3.Connection, column: str, query: str, values: tuple[Any, ...]) -> str:
    """The JSON of each row of a query as one list: thousands of rows take longer from SQLite to Python."""
    (found,) = connection.execute(f"SELECT '[' || coalesce(group_concat({column}), '') || ']' FROM ({query})", values)
    return str(found[0])


def sums_of(connection: sqlite3.Connection, ids: Iterable[str], running_since_ms: int) -> dict[str, SessionSum]:
    """The sums of each of the sessions over its whole life, by id; those without a call are left out."""
    running = running_sessions(connection, EVER, running_since_ms)
    rows = connection.execute(
        f"""
        SELECT session_id, {SPEND_SUM}, sum(calls), min(first_ms), max(last_ms), group_concat(turns), {TOKEN_SUMS}
        FROM {each_call().table} WHERE session_id IN (SELECT value FROM json_each(?)) GROUP BY session_id
        """,
        (_json(sorted(ids)),),
    )
    return {
        id: SessionSum(
            id, nano, calls, count_turns(turns), first_ms, last_ms, running.get(id, 0), summed_tokens(counts)
        )
        for id, nano, calls, first_ms, last_ms, turns, *counts in rows
    }


def running_sessions(connection: sqlite3.Connection, span: Span, since_ms: int) -> dict[str, int]:
    """The number of incomplete calls in a span that began at `since_ms` or later, by session."""
    query = f"SELECT session_id, count(*) {INCOMPLETE_CALLS} AND created_ms >= ?1 GROUP BY 1"
    return dict(connection.execute(query, (since_ms, span.start_ms, span.end_ms)).fetchall())


def newest_contexts(
    connection: sqlite3.Connection, span: Span, ids: Collection[str]
) -> dict[str, tuple[int, str, str, str]]:
    """(context tokens, provider, model, directory) of the newest call of each of the sessions in a span, by id."""
    if paid_calls(connection, span) == each_call():
        return _newest_calls(connection, span, ids)
    found: dict[str, tuple[int, str, str, str]] = {}
    later = []
    for id, created_ms, context, provider, model, directory in _only_of(connection, _NEWEST, "session_id", ids):
        if created_ms >= span.end_ms:
            later.append(id)
        elif created_ms >= span.start_ms:
            found[id] = context, intern(provider), intern(model), intern(directory)
    return found | _newest_calls(connection, span, later) if later else found


def _newest_calls(
    connection: sqlite3.Connection, span: Span, ids: Iterable[str]
) -> dict[str, tuple[int, str, str, str]]:
    rows = connection.execute(
        f"""
        SELECT id.value, {CALL_CONTEXT}, c.provider, c.model, c.directory
        FROM json_each(?) id CROSS JOIN call c ON c.session_id = id.value AND c.created_ms = (
          SELECT max(created_ms) FROM call INDEXED BY call_session
          WHERE session_id = id.value AND {IN_SPAN} AND input + cache_read + cache_write > 0)
        WHERE c.input + c.cache_read + c.cache_write > 0
        """,
        (_json(list(ids)), span.start_ms, span.end_ms),
    )
    found: dict[str, tuple[int, str, str, str]] = {}
    for id, *newest in rows:  # of several calls at one moment, the first
        found.setdefault(id, (newest[0], newest[1], newest[2], newest[3]))
    return found


def _only_of(connection: sqlite3.Connection, query: str, key: str, ids: Collection[str]) -> Iterable[tuple[Any, ...]]:
    """The rows of a query whose first column, `key`, is one of the ids."""
    wanted = frozenset(ids)
    return (row for row in connection.execute(*_narrowed(connection, query, key, ids)) if row[0] in wanted)


def _narrowed(
    connection: sqlite3.Connection, query: str, key: str, ids: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """A query and its values that give at least the rows whose `key` is one of the ids, and all if that is quicker."""
    if _is_quicker_whole(connection, ids, 2):
        return query, ()
    return f"{query} WHERE {key} IN (SELECT value FROM json_each(?))", (_json(sorted(ids)),)


def _is_quicker_whole(connection: sqlite3.Connection, ids: Collection[str], times: int) -> bool:
    """Whether all sessions are read in less time than these are looked up, each of which takes as long as `times`."""
    if len(ids) <= _FEW:
        return False
    (rows,) = connection.execute("SELECT coalesce(max(rowid), 0) FROM session").fetchone()
    return times * len(ids) > int(rows)


def session_facts(connection: sqlite3.Connection, ids: Collection[str]) -> dict[str, SessionFacts]:
    """The facts about sessions, by id; sessions that were in no store are left out."""
    forks = _with_copies(connection, len(ids))
    query, values = _narrowed(connection, _FACTS.format(_HAS_COPIES if forks is None else "0"), "id", ids)
    wanted = frozenset(ids)
    known = _SESSIONS.decode(one_text(connection, "facts", query, values))
    facts = {each.id: each for each in known if each.id in wanted}
    for id in facts.keys() & (forks or ()):
        facts[id] = replace(facts[id], is_fork=True)
    return facts


def _with_copies(connection: sqlite3.Connection, sessions: int) -> frozenset[str] | None:
    """All sessions that begin with copied calls; None if it is less work to ask that of so many sessions."""
    if sessions <= _FEW:
        return None
    (copies,) = connection.execute(_COPIES, (sessions,)).fetchone()
    return frozenset(row[0] for row in connection.execute(_WITH_COPIES)) if copies < sessions else None


def count_turns(texts: str | None) -> int:
    """The number of different JSON strings in a text with commas between them."""
    if not texts:
        return 0
    return 1 if texts.count('"') == 2 else len(set(_STRINGS.decode(f"[{texts}]")))


def _json(ids: list[str]) -> str:
    return msgspec.json.encode(ids).decode()
