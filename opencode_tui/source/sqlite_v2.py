"""SQLite v2, OpenCode 2.x: `session_v2`, `session_message`, `event`, in the same file as v1's frozen tables.

Known from OpenCode's public source and from reports; no 2.x binary is on the registries.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from opencode_tui.records import Call, Unreadable
from opencode_tui.source.batch import Batch
from opencode_tui.source.decode import (
    BadRow,
    call_from_v2,
    cost,
    is_copy,
    moment,
    parse,
    section,
    tokens_of,
)
from opencode_tui.source.sqlite_file import columns
from opencode_tui.source.sqlite_store import SqliteStore, final_ids
from opencode_tui.source.text import clean, identifier
from opencode_tui.source.tools import v2_tools

# `content` holds everything that was said and done: only the other fields leave SQLite.
_FIELDS = ("agent", "model", "finish", "cost", "tokens", "time", "status", "role")
_SLIM = "json_object({}, 'error', {})".format(
    ", ".join(f"'{name}', json_extract(m.data, '$.{name}')" for name in _FIELDS),
    "CASE json_type(m.data, '$.error') WHEN 'text' THEN json_extract(m.data, '$.error') WHEN 'object' THEN "
    "json_object('name', coalesce(json_extract(m.data, '$.error.name'), json_extract(m.data, '$.error.type'))) END",
)
_SELECT = """
  SELECT m.rowid, m.id, m.session_id, m.type, m.time_created, s.time_created, s.directory, s.model,
    (SELECT u.id FROM session_message u WHERE u.session_id = m.session_id AND u.type = 'user'
      AND u.seq < m.seq ORDER BY u.seq DESC LIMIT 1),
    (SELECT o.id FROM session_message o WHERE o.session_id = s.{fork} AND o.seq = m.seq
      AND o.time_created = m.time_created),
    CASE WHEN json_valid(m.data) THEN {slim} END
  FROM session_message m LEFT JOIN session_v2 s ON s.id = m.session_id
"""
_BETWEEN = """
  WHERE m.rowid > ? AND m.rowid <= ? AND m.type IN ('assistant', 'compaction') {only_v2}
  ORDER BY m.rowid DESC LIMIT ?
"""
_BY_ID = " WHERE m.id IN (SELECT value FROM json_each(?))"
# An upgrade copies v1's messages with less than v1 knew of them: those that v1 still tells are left to it.
_ONLY_V2 = "AND NOT EXISTS (SELECT 1 FROM message o WHERE o.id = m.id)"

# Title calls stand nowhere else. A compaction's is told by its message as well, where that carries a cost.
_USAGE = """
  SELECT e.rowid, e.id, e.aggregate_id, s.directory, s.time_created, {created}, e.data
  FROM event e LEFT JOIN session_v2 s ON s.id = e.aggregate_id
  WHERE e.rowid > ? AND e.rowid <= ? AND e.type >= 'session.usage.recorded' AND e.type < 'session.usage.recorded/'
"""
_COMPACTION_TOLD = """
  SELECT 1 FROM session_message m WHERE m.session_id = ? AND m.type = 'compaction'
    AND CASE WHEN json_valid(m.data) THEN json_extract(m.data, '$.cost') = ?
        OR json_extract(m.data, '$.status') = 'running' END
"""
# A committed undo deletes messages; what their steps cost stays behind in the events.
_STEPS = """
  SELECT e.rowid, json_extract(e.data, '$.assistantMessageID'), e.aggregate_id, s.directory, s.time_created,
    {created}, e.data,
    (SELECT b.data FROM event b WHERE b.aggregate_id = e.aggregate_id AND b.seq < e.seq
      AND b.type >= 'session.step.started' AND b.type < 'session.step.started/'
      ORDER BY b.seq DESC LIMIT 1)
  FROM event e LEFT JOIN session_v2 s ON s.id = e.aggregate_id
  WHERE e.rowid > ? AND e.rowid <= ?
    AND (e.type >= 'session.step.ended' AND e.type < 'session.step.ended/'
      OR e.type >= 'session.step.failed' AND e.type < 'session.step.failed/')
    AND CASE WHEN json_valid(e.data) THEN json_type(e.data, '$.assistantMessageID') = 'text'
        AND json_type(e.data, '$.cost') IN ('integer', 'real')
        AND NOT EXISTS (SELECT 1 FROM session_message m
          WHERE m.id = json_extract(e.data, '$.assistantMessageID')) END
"""


# A call that an event tells has the event's id.
_IDS = """
  SELECT id FROM session_message WHERE session_id = ?1
  UNION ALL SELECT id FROM event WHERE aggregate_id = ?1
    AND type >= 'session.usage.recorded' AND type < 'session.usage.recorded/'
"""
_PROMPTS = """
  SELECT m.id, substr(json_extract(m.data, '$.text'), 1, 2000) FROM session_message m
  WHERE m.id IN (SELECT value FROM json_each(?)) AND json_valid(m.data)
"""


class SqliteV2(SqliteStore):
    rank = 2
    session_table = "session_v2"
    message_table = "session_message"

    def _prepare(self, connection: sqlite3.Connection) -> None:
        fork = "fork_session_id" if "fork_session_id" in columns(connection, "session_v2") else "parent_id"
        self._select = _SELECT.format(fork=fork, slim=_SLIM)
        self._between = _BETWEEN.format(only_v2=_ONLY_V2 if columns(connection, "message") else "")
        created = "e.created" if "created" in columns(connection, "event") else "s.time_updated"
        self._usage, self._steps = _USAGE.format(created=created), _STEPS.format(created=created)

    def _rows_between(self, connection: sqlite3.Connection, above: int, up_to: int, limit: int) -> list[Any]:
        return connection.execute(self._select + self._between, (above, up_to, limit)).fetchall()

    def _rows_by_id(self, connection: sqlite3.Connection, ids: list[str]) -> list[Any]:
        return connection.execute(self._select + _BY_ID, (json.dumps(ids),)).fetchall()

    def _message_ids(self, connection: sqlite3.Connection, session_id: str) -> list[str]:
        return [row[0] for row in connection.execute(_IDS, (session_id,)).fetchall()]

    def _prompts(self, connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
        return connection.execute(_PROMPTS, (json.dumps(list(message_ids)),)).fetchall()

    def _take(self, connection: sqlite3.Connection, batch: Batch, rows: list[Any]) -> None:
        for _, id, session_id, kind, created, session_created, directory, model, turn_id, origin, text in rows:
            try:
                if not isinstance(id, str) or not isinstance(session_id, str):
                    raise BadRow("has no usable id")
                call = call_from_v2(
                    parse(text),
                    id=id,
                    session_id=session_id,
                    turn_id=identifier(turn_id),
                    kind=kind,
                    created_ms=created,
                    session_created_ms=moment(session_created),
                    directory=clean(directory, 1000),
                    session_model=_object(model),
                )
            except BadRow as bad:
                batch.unreadable.append(Unreadable("message", str(id), str(bad)))
                continue
            if call is not None:
                batch.calls.append(replace(call, copy_of=identifier(origin)) if call.copied else call)
        batch.tools = v2_tools(connection, final_ids(batch.calls))

    def _has_events(self, connection: sqlite3.Connection) -> bool:
        return {"id", "aggregate_id", "seq", "type", "data"} <= columns(connection, "event")

    def _take_events(self, connection: sqlite3.Connection, batch: Batch, above: int, up_to: int) -> None:
        for row in connection.execute(self._usage, (above, up_to)).fetchall():
            _guarded(batch, row, lambda row=row: _usage_call(connection, row))
        for row in connection.execute(self._steps, (above, up_to)).fetchall():
            _guarded(batch, row, lambda row=row: _step_call(row))


def _guarded(batch: Batch, row: Any, decode: Any) -> None:
    try:
        call = decode()
    except BadRow as bad:
        batch.unreadable.append(Unreadable("event", str(row[1]), str(bad)))
        return
    if call is not None:
        batch.calls.append(call)


def _usage_call(connection: sqlite3.Connection, row: Any) -> Call | None:
    _, id, session_id, directory, session_created, created, text = row
    data = parse(text)
    source = clean(data.get("source"), 60) or "unknown"
    cost(data.get("cost"))
    told = (str(session_id), data.get("cost"))
    if source == "compaction" and connection.execute(_COMPACTION_TOLD, told).fetchone() is not None:
        return None
    at = moment(created, session_created)
    return _event_call(str(id), str(session_id), data, {}, source, directory, at, session_created)


def _step_call(row: Any) -> Call | None:
    _, id, session_id, directory, session_created, created, text, started_text = row
    data = parse(text)
    started = _object(started_text)
    if started.get("assistantMessageID") != id:
        started = {}
    agent = clean(started.get("agent"), 120) or "unknown"
    at = moment(started.get("started"), section(started, "time").get("created"), created)
    return _event_call(str(id), str(session_id), data, section(started, "model"), agent, directory, at, session_created)


def _event_call(
    id: str,
    session_id: str,
    data: dict[str, Any],
    model: dict[str, Any],
    agent: str,
    directory: object,
    at: int | None,
    session_created: object,
) -> Call:
    if at is None:
        raise BadRow("has no usable time")
    return Call(
        id=id,
        session_id=session_id,
        turn_id=None,
        provider=clean(model.get("providerID"), 120) or "unknown",
        model=clean(model.get("id"), 200) or "unknown",
        agent=agent,
        directory=clean(directory, 1000),
        created_ms=at,
        completed_ms=at,
        tokens=tokens_of(section(data, "tokens"), None),
        recorded_nano=cost(data.get("cost")),
        finish=clean(data.get("finish"), 60) or None,
        copied=is_copy(at, moment(session_created)),
    )


def _object(text: object) -> dict[str, Any]:
    try:
        return parse(text if isinstance(text, str) else None)
    except BadRow:
        return {}
