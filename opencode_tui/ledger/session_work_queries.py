"""Reads the rows from which the work of many sessions is put together."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.json import Decoder
from msgspec.structs import replace

from opencode_tui.ledger.selection import KIND_OF_SESSION
from opencode_tui.ledger.sums import QUARTER_MS, exact_sum
from opencode_tui.ledger.tool_files import directory_by_session, files_of_command
from opencode_tui.paths import in_folder
from opencode_tui.records import model_key
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.session import ModelRates
from opencode_tui.records.whole_files import TOOLS_OF_FILES, whole_file

# In order of time, by the index; the calls of one moment and the uses of one call come in any order. A session's rows
# come as one text: Python takes longer for single values from SQLite than SQLite for JSON and msgspec to read it.
_WORK = """
  SELECT s.key, (
    SELECT json_group_array(json_array(c.id, turn_id, created_ms, completed_ms, provider, model,
      json_array(input, output, reasoning, cache_read, cache_write), amount_nano, error, agent,
      t.id, t.name, t.target, t.ok, t.child_session_id, t.digest, t.files))
    FROM call c INDEXED BY call_session LEFT JOIN tool t INDEXED BY tool_call ON t.call_id = c.id
    WHERE c.session_id = s.value AND copied_from IS NULL)
  FROM json_each(?) s
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
  WHERE session_id IN (SELECT value FROM json_each(?))
    AND NOT EXISTS (SELECT 1 FROM changed_work w WHERE w.part = 'turns' AND w.session_id = turn.session_id)
  GROUP BY 1, 2 ORDER BY nano, task DESC
"""
_READS = """
  SELECT DISTINCT c.session_id, t.name, t.target, t.files
  FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session ON c.session_id = s.value
    CROSS JOIN tool t INDEXED BY tool_call ON t.call_id = c.id
  WHERE copied_from IS NULL AND t.target <> '' AND t.ok IS NOT 2
"""
_PAID = """
  SELECT c.session_id, c.id, c.cost_nano
  FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session ON c.session_id = s.value
  WHERE copied_from IS NULL ORDER BY c.session_id, created_ms, c.id
"""
_NEWEST_SESSIONS = """
  SELECT u.provider, u.model, (
    SELECT session_id FROM session_sum s INDEXED BY session_sum_quarters
    WHERE s.provider = u.provider AND s.model = u.model ORDER BY last_quarter DESC LIMIT 1) AS session_id
  FROM (SELECT DISTINCT provider, model FROM session_sum) u
"""
"""The session in which each model answered last, by the quarter of an hour."""
_RATES = f"""
  SELECT {model_key.SQL}, input, output, cache_read, cache_write, source FROM (
    SELECT n.provider, n.model, (SELECT c.rates_id FROM call c INDEXED BY call_session
        WHERE c.session_id = n.session_id AND c.provider = n.provider AND c.model = n.model AND c.rates_id IS NOT NULL
        ORDER BY c.created_ms DESC LIMIT 1) AS rates_id
    FROM ({_NEWEST_SESSIONS}) n)
  JOIN rates r ON r.id = rates_id
"""
_WORKED = f"""
  SELECT {model_key.SQL}, max(last_ms), sum(calls) FROM session_sum
  WHERE last_quarter >= ? AND last_quarter < ? AND agent NOT IN ('title', 'compaction', 'summary') GROUP BY 1
"""
_RECENT_QUARTERS = 28 * 96
"""Four weeks, in which most models that are in use have worked."""
_FIRST_QUARTER, _LAST_QUARTER = -(2**62), 2**62
_REGULAR_CALLS, _REGULAR_SHARE = 20, 50
"""A model is in use that answered so many calls of a time, or one in so many: one call may only have tried it out."""

_PLACES = """
  SELECT DISTINCT provider, model, coalesce(k.directory, '')
  FROM session_sum s LEFT JOIN session k ON k.id = s.session_id
"""

_NEWEST_PLACES = "SELECT DISTINCT provider, model, directory FROM newest_call"

WorkedSession = tuple[str, str | None, str | None, str, str, int | None, str]
"""(id, parent, origin of a fork, project, directory, whether OpenCode has it no more, kind of use)"""


_model_key = lru_cache(model_key.model_key)


class _Row(Struct, frozen=True, array_like=True, gc=False):
    """A call with one of its tool uses, as `_WORK` has it."""

    id: str
    turn_id: str | None
    created_ms: int
    completed_ms: int | None
    provider: str
    model: str
    tokens: Tokens
    nano: int
    error: str | None
    agent: str
    use_id: str | None
    """None for a call that asked for no tool; then all that follows is None as well."""
    tool: str | None
    target: str | None
    ok: int | None
    child_session_id: str | None
    digest: int | None
    files: str | None


_ROWS = Decoder(list[_Row])
_IN_TIME = attrgetter("created_ms", "id")


TurnRows = tuple[list[CallFacts], list[ToolFacts]]
"""The calls of a turn in order of time, and the tool uses that these asked for, in their order."""


class CallsOfSession(NamedTuple):
    """A session's paid calls in order of time, and the same by turn with their tool uses.

    Without what no rule looks at: list prices, when an answer came, whether a row is incomplete, how long a tool ran.
    """

    session_id: str
    calls: list[CallFacts]
    turns: dict[str, TurnRows]
    """By their ids, in order of time; calls without a turn are in the one with an empty id."""


def calls_of_sessions(connection: sqlite3.Connection, ids: Sequence[str]) -> Iterator[CallsOfSession]:
    """The sessions' own calls without copies; a session without any is left out. Reads each row once."""
    directories = directory_by_session(connection, ids)
    for place, text in connection.execute(_WORK, (json.dumps(ids),)):
        calls, turns = _calls_and_turns(_ROWS.decode(text), directories.get(ids[place], ""))
        if calls:
            yield CallsOfSession(ids[place], calls, turns)


def _calls_and_turns(
    rows: list[_Row], directory: str, *, are_sorted: bool = False
) -> tuple[list[CallFacts], dict[str, TurnRows]]:
    """Equal texts that follow each other become one object, which is compared sooner by whoever looks at it."""
    calls: list[CallFacts] = []
    turns: dict[str, TurnRows] = {}
    members: list[CallFacts] = []
    uses: list[ToolFacts] = []
    order: list[str] = []
    last_id, last_ms = "", None
    turn_id = key = provider = model = agent = ""
    for row in rows:
        id = row.id
        if id != last_id:
            at_ms, nano = row.created_ms, row.nano
            if at_ms == last_ms and not are_sorted:
                return _calls_and_turns(sorted(rows, key=_IN_TIME), directory, are_sorted=True)
            last_id, last_ms = id, at_ms
            if (row.turn_id or "") != turn_id or not calls:
                turn_id = row.turn_id or ""
                if turn_id not in turns:
                    turns[turn_id] = [], []
                members, uses = turns[turn_id]
            if row.model != model or row.provider != provider:
                provider, model = row.provider, row.model
                key = _model_key(provider, model)
            if row.agent != agent:
                agent = row.agent
            call = CallFacts(
                id, turn_id, at_ms, row.completed_ms, key, row.tokens, nano, nano, 0, False, row.error, agent
            )
            calls.append(call)
            members.append(call)
            order = []
        if row.use_id is not None:
            use = _use(id, row, directory)
            if order:
                place = bisect(order, row.use_id)
                uses.insert(len(uses) - len(order) + place, use)
                order.insert(place, row.use_id)
            else:
                uses.append(use)
                order = [row.use_id]
    return calls, turns


def _use(call_id: str, row: _Row, directory: str) -> ToolFacts:
    name, target, ok = row.tool or "", row.target or "", row.ok
    if target and target[0] != "/" and name in TOOLS_OF_FILES:
        target = in_folder(target, directory)
    shown = files_of_command(row.files, directory) if row.files else ()
    done = None if ok is None else ok & 1 == 1
    return ToolFacts(call_id, name, target, done, None, row.child_session_id, row.digest, ok == 2, shown, ok == 3)


def worked_sessions(connection: sqlite3.Connection, ids: Sequence[str]) -> list[WorkedSession]:
    """What is known of the sessions, also of those that were in no store."""
    return connection.execute(_SESSIONS, (json.dumps(ids),)).fetchall()


def below(connection: sqlite3.Connection, ids: Sequence[str]) -> list[tuple[str, str, str, int]]:
    """(session, descendant, its parent, its depth below the session) of all descendants."""
    return connection.execute(_BELOW, (json.dumps(ids),)).fetchall()


def sums_by_model(connection: sqlite3.Connection, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Columns as in `_SUMS`, a row for each model and agent of each of the sessions."""
    return connection.execute(_SUMS, (json.dumps(ids),)).fetchall()


def main_tasks(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, str]:
    """The task that most of each session's spend was for, by id, without sessions that are not classified yet."""
    return {id: task for id, task, _ in connection.execute(_TASKS, (json.dumps(ids),))}


def targets_of(connection: sqlite3.Connection, ids: Sequence[str]) -> Iterator[tuple[str, ToolFacts]]:
    """(session, tool use), each tool with each target and the files that it showed once; the other fields are empty."""
    directories = directory_by_session(connection, ids)
    rows = connection.execute(_READS, (json.dumps(ids),))
    seen: dict[tuple[str, str, str, tuple[str, ...]], None] = {}
    for id, name, target, files in rows:
        folder = directories.get(id, "")
        shown = files_of_command(files, folder) if files else ()
        seen[id, name, whole_file(name, target, folder), shown] = None
    for id, name, target, shown in seen:
        yield id, ToolFacts("", name, target, True, None, None, files=shown)


def paid_in(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """(call, nano-dollars) of the sessions' paid calls in order of time, by session."""
    found: dict[str, list[tuple[str, int]]] = {}
    for session_id, id, nano in connection.execute(_PAID, (json.dumps(ids),)):
        found.setdefault(session_id, []).append((id, nano))
    return found


def models_in_directories(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(model key, directory of the session) of all sessions, each once."""
    return _by_key(connection.execute(_PLACES))


def newest_places(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(model key, directory) of the newest call of each session, each once; reads one row a session."""
    return _by_key(connection.execute(_NEWEST_PLACES))


def _by_key(places: Iterable[tuple[str, str, str]]) -> list[tuple[str, str]]:
    return [(_model_key(provider, model), directory) for provider, model, directory in places]


def end_of_calls(connection: sqlite3.Connection) -> int:
    """The end of the newest call's quarter of an hour, in Unix milliseconds; 0 without any."""
    newest = _newest_quarter(connection)
    return 0 if newest is None else (newest + 1) * QUARTER_MS


def _newest_quarter(connection: sqlite3.Connection) -> int | None:
    found: int | None = connection.execute("SELECT max(last_quarter) FROM session_sum").fetchone()[0]
    return found


def latest_rates(connection: sqlite3.Connection) -> dict[str, ModelRates]:
    """The rates of each model by its key, from the newest session that used it; those without rates are left out."""
    rates = {model: ModelRates(*each) for model, *each in connection.execute(_RATES)}
    worked = _last_worked(connection, rates)
    return {model: replace(each, worked_ms=worked.get(model)) for model, each in rates.items()}


def _last_worked(connection: sqlite3.Connection, models: Iterable[str]) -> dict[str, int]:
    """When each of the models last did somebody's work regularly, lately or before.

    Reads all sessions only for a model that did not do so lately.
    """
    since = (_newest_quarter(connection) or 0) - _RECENT_QUARTERS
    worked = _regular(connection, since, _LAST_QUARTER)
    if any(model not in worked for model in models):
        worked = _regular(connection, _FIRST_QUARTER, since) | worked
    return worked


def _regular(connection: sqlite3.Connection, start: int, end: int) -> dict[str, int]:
    """The models that worked regularly in some quarters of an hour, with when each last did."""
    rows = connection.execute(_WORKED, (start, end)).fetchall()
    least = min(_REGULAR_CALLS, sum(calls for _, _, calls in rows) / _REGULAR_SHARE)
    return {model: last_ms for model, last_ms, calls in rows if calls >= least}
