"""Queries on the ledger. Every query that runs on a poll uses an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from sys import intern
from typing import Any

import msgspec
from msgspec.structs import replace

from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.sums import CALL_CONTEXT, each_call, exact_sum, paid_calls
from opencode_tui.records import model_key
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import PastLine, SessionFacts, SessionPart, SessionSum
from opencode_tui.records.usage import Slice, Totals

SLICE_KEYS = {
    "model": model_key.SQL,
    "provider": "provider",
    "agent": "agent",
    "session": "session_id",
    "project": "coalesce((SELECT nullif(s.project, '') FROM session s WHERE s.id = session_id),"
    " nullif(directory, ''), 'unknown')",
}
"""What calls can be grouped by, as SQL over `call`."""

_TOKENS = ", ".join(map(exact_sum, ("input", "output", "reasoning", "cache_read", "cache_write")))
_SPEND = exact_sum("cost_nano")
_LIST = exact_sum("list_nano")
_IN_SPAN = "created_ms >= ? AND created_ms < ?"
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
  SELECT json_array(session_id, {model_key.SQL}, agent, {_SPEND}, sum(calls), min(first_ms), max(last_ms),
    group_concat({{turns}}), group_concat({{costs}}), json_array({_TOKENS})) AS part
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
_INCOMPLETE = (
    "FROM store CROSS JOIN call INDEXED BY call_running ON store_id = store.id"
    " WHERE completed_ms IS NULL AND copied_from IS NULL AND created_ms >= ?2 AND created_ms < ?3"
)


def running_calls(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(session id, call id) of all calls that have not completed, from all stores, newest first."""
    return connection.execute(
        "SELECT c.session_id, c.id FROM store s CROSS JOIN call c INDEXED BY call_running ON c.store_id = s.id"
        " WHERE c.completed_ms IS NULL ORDER BY c.created_ms DESC"
    ).fetchall()


def totals(connection: sqlite3.Connection, span: Span, running_since_ms: int) -> Totals:
    """Sums over the span's calls."""
    paid = paid_calls(connection, span)
    row = connection.execute(
        f"""
        SELECT coalesce({_SPEND}, 0), coalesce({_LIST}, 0), coalesce(sum(calls), 0), count(DISTINCT session_id),
          {_TOKENS}, coalesce({exact_sum("input_nano")}, 0), coalesce({exact_sum("output_nano")}, 0),
          coalesce({exact_sum("cache_nano")}, 0), coalesce(sum(aborted), 0)
        FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ?
        """,
        paid.bounds(span),
    ).fetchone()
    copied = connection.execute(
        f"SELECT count(*) FROM call INDEXED BY call_copied WHERE {_IN_SPAN} AND copied = 1 AND copied_from IS NOT NULL",
        (span.start_ms, span.end_ms),
    ).fetchone()[0]
    running, ended = connection.execute(
        f"""
        SELECT coalesce(sum(created_ms >= ?1), 0),
          coalesce(sum(created_ms < ?1 AND NOT coalesce(error LIKE '%abort%', 0)), 0)
        {_INCOMPLETE}
        """,
        (running_since_ms, span.start_ms, span.end_ms),
    ).fetchone()
    *known, input_nano, output_nano, cache_nano, aborted = row
    spend, list_nano, calls, sessions, *counts = known
    parts = input_nano, output_nano, cache_nano
    return Totals(spend, list_nano, calls, copied, sessions, _tokens(counts), *parts, running, aborted + ended)


def spend(connection: sqlite3.Connection, span: Span) -> int:
    """Nano-dollars spent on the calls made in a span."""
    paid = paid_calls(connection, span)
    query = f"SELECT coalesce({_SPEND}, 0) FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ?"
    return int(connection.execute(query, paid.bounds(span)).fetchone()[0])


def slices(connection: sqlite3.Connection, span: Span, by: str) -> tuple[Slice, ...]:
    """The span's spend by one of SLICE_KEYS, most expensive first."""
    paid = paid_calls(connection, span)
    rows = connection.execute(
        f"""
        SELECT {SLICE_KEYS[by]}, {_SPEND}, sum(calls), coalesce({_LIST}, 0), {_TOKENS}
        FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ? GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1
        """,
        paid.bounds(span),
    )
    return tuple(Slice(key, cost, calls, _tokens(rest), listed) for key, cost, calls, listed, *rest in rows)


def first_call_ms(connection: sqlite3.Connection, span: Span) -> int | None:
    """When the first call of a span was made, in Unix milliseconds; None if there is none."""
    row = connection.execute(f"SELECT min(created_ms) FROM call WHERE {_IN_SPAN}", (span.start_ms, span.end_ms))
    first: int | None = row.fetchone()[0]
    return first


def last_call(connection: sqlite3.Connection, before_ms: int) -> tuple[int, str, str] | None:
    """(Unix ms, session id, model key) of the newest paid call before a time; None if there is none."""
    row: tuple[int, str, str] | None = connection.execute(
        f"SELECT created_ms, session_id, {model_key.SQL} FROM call INDEXED BY call_created"
        " WHERE created_ms < ? AND copied = 0 ORDER BY created_ms DESC, id DESC LIMIT 1",
        (before_ms,),
    ).fetchone()
    return row


def titles(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """The titles of sessions by id."""
    wanted = frozenset(ids)
    if not _is_quicker_whole(connection, wanted, 3):
        return dict(_only_of(connection, "SELECT id, title FROM session", "id", wanted))
    # As one text: thousands of rows take longer from SQLite to Python than in JSON.
    known = _BY_ID.decode(connection.execute("SELECT json_group_object(id, title) FROM session").fetchone()[0])
    return known if known.keys() <= wanted else {id: title for id, title in known.items() if id in wanted}


def directories(connection: sqlite3.Connection, span: Span) -> list[str]:
    """The directories in which the span's calls were made."""
    rows = connection.execute(
        f"SELECT DISTINCT directory FROM call WHERE {_IN_SPAN} ORDER BY 1", (span.start_ms, span.end_ms)
    )
    return [row[0] for row in rows]


_PAST_LINE = f"""
  WITH reached AS (SELECT min(at) AS at FROM (
    SELECT completed_ms AS at, total(cost_nano) OVER (ORDER BY completed_ms) AS spent
    FROM call WHERE {_IN_SPAN} AND cost_nano > 0 AND completed_ms IS NOT NULL) WHERE spent >= ?)
  SELECT count(*), min(created_ms), max(created_ms) FROM call, reached
  WHERE {_IN_SPAN} AND created_ms > max(reached.at, ?) + ? AND copied = 0 AND provider <> 'unknown'
    AND input + output + reasoning + cache_read + cache_write > 0
"""


def past_line(
    connection: sqlite3.Connection, span: Span, line_nano: int, since_ms: int, grace_ms: int
) -> PastLine | None:
    """The span's calls that started past a line: more than `grace_ms` after completed calls had reached `line_nano`.

    They must also be more than `grace_ms` after `since_ms`. Refused calls, which have no tokens, and calls of an
    unknown time are left out. None if there are no such calls.
    """
    bounds = (span.start_ms, span.end_ms)
    calls, first_ms, last_ms = connection.execute(
        _PAST_LINE, (*bounds, line_nano, *bounds, since_ms, grace_ms)
    ).fetchone()
    return PastLine(calls, first_ms, last_ms) if calls else None


def latest_directories(connection: sqlite3.Connection, span: Span, most_calls: int) -> list[str]:
    """The directories of the last `most_calls` calls of the span."""
    rows = connection.execute(
        "SELECT DISTINCT directory FROM"
        f" (SELECT directory FROM call WHERE {_IN_SPAN} ORDER BY created_ms DESC LIMIT ?) ORDER BY 1",
        (span.start_ms, span.end_ms, most_calls),
    )
    return [row[0] for row in rows]


def latest_ms(connection: sqlite3.Connection, span: Span) -> int:
    """When the last of the span's calls was made, in Unix milliseconds; 0 if there is none."""
    query = f"SELECT coalesce(max(created_ms), 0) FROM call WHERE {_IN_SPAN}"
    return int(connection.execute(query, (span.start_ms, span.end_ms)).fetchone()[0])


def costs(connection: sqlite3.Connection, span: Span) -> list[tuple[int, int]]:
    """(created in Unix milliseconds, nano-dollars) of each call that cost something, in order of time."""
    return connection.execute(
        f"SELECT created_ms, cost_nano FROM call WHERE {_IN_SPAN} AND cost_nano > 0 ORDER BY created_ms, id",
        (span.start_ms, span.end_ms),
    ).fetchall()


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
    return _SESSION_PARTS.decode(_one_text(connection, "part", parts, (*paid.bounds(span), *only)))


def _one_text(connection: sqlite3.Connection, column: str, query: str, values: tuple[Any, ...]) -> str:
    """The JSON of each row of a query as one list: thousands of rows take longer from SQLite to Python."""
    (found,) = connection.execute(f"SELECT '[' || coalesce(group_concat({column}), '') || ']' FROM ({query})", values)
    return str(found[0])


def sums_of(connection: sqlite3.Connection, ids: Iterable[str], running_since_ms: int) -> dict[str, SessionSum]:
    """The sums of each of the sessions over its whole life, by id; those without a call are left out."""
    running = running_sessions(connection, EVER, running_since_ms)
    rows = connection.execute(
        f"""
        SELECT session_id, {_SPEND}, sum(calls), min(first_ms), max(last_ms), group_concat(turns), {_TOKENS}
        FROM {each_call().table} WHERE session_id IN (SELECT value FROM json_each(?)) GROUP BY session_id
        """,
        (_json(sorted(ids)),),
    )
    return {
        id: SessionSum(id, nano, calls, count_turns(turns), first_ms, last_ms, running.get(id, 0), _tokens(counts))
        for id, nano, calls, first_ms, last_ms, turns, *counts in rows
    }


def running_sessions(connection: sqlite3.Connection, span: Span, since_ms: int) -> dict[str, int]:
    """The number of incomplete calls in a span that began at `since_ms` or later, by session."""
    query = f"SELECT session_id, count(*) {_INCOMPLETE} AND created_ms >= ?1 GROUP BY 1"
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
          WHERE session_id = id.value AND {_IN_SPAN} AND input + cache_read + cache_write > 0)
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
    known = _SESSIONS.decode(_one_text(connection, "facts", query, values))
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


def unreadable_reasons(connection: sqlite3.Connection) -> tuple[tuple[str, int], ...]:
    """(reason, number of rows) of rows that could not be read completely, most frequent first."""
    rows = connection.execute(
        "SELECT reason, count(*) FROM (SELECT kind || ' ' || reason AS reason FROM unreadable"
        " UNION ALL SELECT 'message in part: ' || missing FROM call INDEXED BY call_missing"
        " WHERE missing IS NOT NULL AND created_ms >= ?) GROUP BY 1 ORDER BY 2 DESC, 1",
        (EVER.start_ms,),
    )
    return tuple((row[0], row[1]) for row in rows)


def missing_rows(connection: sqlite3.Connection, span: Span) -> int:
    """The number of rows and calls that may belong to a span and could not be read completely.

    If it is not 0, the span's sums are lower bounds.
    """
    unread, partial = connection.execute(
        "SELECT (SELECT count(*) FROM unreadable WHERE at_ms IS NULL)"
        " + (SELECT count(*) FROM unreadable WHERE at_ms >= ?1 AND at_ms < ?2),"
        " (SELECT count(*) FROM call WHERE missing IS NOT NULL AND created_ms >= ?1 AND created_ms < ?2)",
        (span.start_ms, span.end_ms),
    ).fetchone()
    return int(unread) + int(partial)


def cursor_moves(connection: sqlite3.Connection) -> int:
    """How often the cursors of all stores have moved; only lower than before if the ledger was replaced."""
    return int(connection.execute("SELECT coalesce(sum(turns), 0) FROM store").fetchone()[0])


def has_calls(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM call LIMIT 1").fetchone() is not None


def count_calls(connection: sqlite3.Connection) -> int:
    """All calls in the ledger, copies among them."""
    return int(connection.execute("SELECT count(*) FROM call").fetchone()[0])


def count_sessions(connection: sqlite3.Connection) -> int:
    """All sessions of which a store had a row."""
    return int(connection.execute("SELECT count(*) FROM session").fetchone()[0])


def all_time(connection: sqlite3.Connection) -> Span:
    """From the first call of the ledger to just after its last."""
    # Two queries, as SQLite answers only a single min() or max() from the end of an index.
    first, last = connection.execute(
        "SELECT (SELECT min(created_ms) FROM call), (SELECT max(created_ms) FROM call)"
    ).fetchone()
    return Span(first or 0, (last or 0) + 1)


def count_turns(texts: str | None) -> int:
    """The number of different JSON strings in a text with commas between them."""
    if not texts:
        return 0
    return 1 if texts.count('"') == 2 else len(set(_STRINGS.decode(f"[{texts}]")))


def _tokens(values: Iterable[int | None]) -> Tokens:
    return Tokens(*(value or 0 for value in values))


def _json(ids: list[str]) -> str:
    return msgspec.json.encode(ids).decode()
