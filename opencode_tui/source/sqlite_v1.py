"""Reads SQLite v1, OpenCode 1.2 to 1.18: `session`, `message`, `part`, and since 1.17 `event`."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

from opencode_tui import clock
from opencode_tui.records.calls import Call
from opencode_tui.records.reconciliation import Agreement, Standing
from opencode_tui.records.stores import Unreadable
from opencode_tui.source.batch import Batch
from opencode_tui.source.cursor import rowids
from opencode_tui.source.decode import BadRow, call_from_v1, json_object, json_value, moment
from opencode_tui.source.running_rows import fields_of
from opencode_tui.source.session_times import event_ms, made_ms
from opencode_tui.source.sqlite_file import columns
from opencode_tui.source.sqlite_store import PIECE, SqliteStore, fetch_bounded
from opencode_tui.source.steps import by_step
from opencode_tui.source.text import path_text
from opencode_tui.source.tools import (
    MESSAGE_ID,
    ROWID,
    TOOL,
    steps_by_message,
    v1_other_tools,
    v1_parts,
    v1_steps,
    v1_tool_values,
    v1_tools,
)

_HUGE = 1_000_000
_FIELDS = (
    "role",
    "parentID",
    "mode",
    "agent",
    "path",
    "cost",
    "tokens",
    "modelID",
    "providerID",
    "time",
    "finish",
)
# An error can hold a whole response, so of a huge row only the needed fields are read, marked by this prefix.
_SLIM = "slim"
_SELECT = f"""
  SELECT m.rowid, m.id, m.session_id, m.time_created, s.time_created, s.version,
    CASE WHEN length(CAST(m.data AS BLOB)) < {_HUGE} THEN m.data WHEN json_valid(m.data)
      THEN '{_SLIM}' || {fields_of((*_FIELDS, "error.name"))} END
  FROM message m LEFT JOIN session s ON s.id = m.session_id
"""
_BETWEEN = _SELECT + " WHERE m.rowid >= ? AND m.rowid <= ? ORDER BY m.rowid DESC LIMIT ?"
_BY_ID = _SELECT + " WHERE m.id IN (SELECT value FROM json_each(?))"

# An undo deletes messages; their last snapshots remain in the events of the session.
_REVERTED = """
  SELECT e.rowid, CASE WHEN json_valid(e.data) THEN json_extract(e.data, '$.info.id') END, e.aggregate_id, e.id,
    s.time_created, s.version, CASE WHEN json_valid(e.data) THEN json_extract(e.data, '$.info') END
  FROM event e LEFT JOIN session s ON s.id = e.aggregate_id
  WHERE e.rowid >= ? AND e.rowid <= ?
    AND (e.type = 'message.updated.1' OR typeof(e.type) <> 'text' OR e.type NOT GLOB '[a-z]*.*')
    AND CASE WHEN json_valid(e.data) IS NOT 1 THEN 1
      WHEN json_extract(e.data, '$.info.role') = 'user' THEN 0
      WHEN json_extract(e.data, '$.info.role') = 'assistant' THEN
        json_type(e.data, '$.info.time.completed') IN ('integer', 'real')
        AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = json_extract(e.data, '$.info.id'))
      ELSE e.type = 'message.updated.1' END
  ORDER BY e.rowid DESC
"""


_PROMPTS = """
  SELECT p.message_id, substr(json_extract(p.data, '$.text'), 1, 2000) FROM part p
  WHERE p.message_id IN (SELECT value FROM json_each(?))
    AND CASE WHEN json_valid(p.data) THEN json_extract(p.data, '$.type') = 'text'
        AND NOT coalesce(json_extract(p.data, '$.synthetic'), 0) END
  ORDER BY p.id
"""


class SqliteV1(SqliteStore):
    rank = 1
    session_table = "session"
    message_table = "message"

    def standing(self, now_ms: int, agreement: Agreement | None = None) -> Standing:
        from opencode_tui.source.standing import standing_v1

        return standing_v1(self.file, self.key, path_text(self.path), agreement)

    def _rows_between(self, connection: sqlite3.Connection, above: int, up_to: int, limit: int) -> list[Any]:
        return fetch_bounded(connection.execute(_BETWEEN, (*rowids(above, up_to), limit)))

    def _rows_by_id(self, connection: sqlite3.Connection, ids: list[str]) -> list[Any]:
        return connection.execute(_BY_ID, (json.dumps(ids),)).fetchall()

    def _message_ids(self, connection: sqlite3.Connection, session_id: str) -> list[str]:
        rows = connection.execute("SELECT id FROM message WHERE session_id = ?", (session_id,)).fetchall()
        return [row[0] for row in rows]

    def _prompts(self, connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
        return connection.execute(_PROMPTS, (json.dumps(list(message_ids)),)).fetchall()

    def _take(self, batch: Batch, rows: list[Any]) -> None:
        versions = {row[1]: row[5] for row in rows}
        self._take_calls(batch, _calls(rows, batch), versions)

    def _take_calls(self, batch: Batch, calls: list[Call], versions: dict[str, Any]) -> None:
        # A call without a cost and tokens has no finished step yet.
        final = {call.id for call in calls if call.completed_ms is not None}
        wanted = [
            call.id
            for call in calls
            if call.completed_ms is not None or call.recorded_nano or call.tokens.total or call.missing
        ]
        ends: list[Any] = []
        others: dict[int, Any] = {}
        for start in range(0, len(wanted), PIECE):
            with self._reading() as connection:
                parts = v1_parts(connection, wanted[start : start + PIECE])
            used = []
            for part in parts:
                if part[TOOL] is None:
                    ends.append(part)
                elif part[MESSAGE_ID] in final:
                    used.append(part)
            tools, rest = v1_tools(used)
            batch.tools += tools
            others |= {part[ROWID]: part for part in rest}
        batch.tools += v1_other_tools(self.in_pieces(v1_tool_values, list(others)), others)
        self._add_calls(batch, calls, ends, versions)

    def _add_calls(self, batch: Batch, calls: list[Call], ends: list[Any], versions: dict[str, Any]) -> None:
        """Adds the calls, those of several steps split; `ends` are the parts that end a step."""
        ended = Counter(part[MESSAGE_ID] for part in ends)
        several = {id for id, steps in ended.items() if steps > 1}
        in_steps = {call.id for call in calls if call.id in several or (call.missing and ended[call.id])}
        texts = dict(self.in_pieces(v1_steps, list(in_steps)))
        if not texts:
            batch.calls += calls
            return
        steps = steps_by_message(ends, texts)
        for call in calls:
            if (of_call := steps.get(call.id)) is None:
                batch.calls.append(call)
            else:
                version = versions.get(call.id)
                batch.calls += by_step(call, of_call, version if isinstance(version, str) else None)

    def _has_events(self, connection: sqlite3.Connection) -> bool:
        return {"id", "aggregate_id", "type", "data"} <= columns(connection, "event")

    def _event_rows(self, connection: sqlite3.Connection, above: int, up_to: int) -> list[Any]:
        return connection.execute(_REVERTED, rowids(above, up_to)).fetchall()

    def _take_events(self, batch: Batch, rows: list[Any]) -> None:
        newest: dict[str, Any] = {}
        for rowid, id, session_id, event_id, *rest in reversed(rows):
            at_ms = event_ms(event_id, clock.now_ms())
            if isinstance(id, str):
                newest[id] = (rowid, id, session_id, at_ms, *rest)
                continue
            name = event_id if isinstance(event_id, str) else f"row {rowid}"
            batch.unreadable.append(Unreadable("event", name, "of a message cannot be read", at_ms))
        self._take(batch, list(newest.values()))


def _slim(text: str) -> dict[str, Any]:
    """The needed fields of the message in a huge row."""
    *values, error = json_value(text)
    data = {name: value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
    return data | ({"error": {"name": error}} if error is not None else {})


def _calls(rows: list[Any], batch: Batch) -> list[Call]:
    """The calls among message rows; unreadable rows are recorded in the batch."""
    from opencode_tui.source.plain_messages import plain_call  # here, since most commands find no new row

    calls, now_ms = [], clock.now_ms()
    for rowid, id, session_id, created_ms, session_created_ms, version, text in rows:
        is_text = isinstance(text, str)
        if is_text and text.startswith('{"role":"user"'):
            continue
        try:
            if not isinstance(id, str) or not isinstance(session_id, str):
                raise BadRow("has no usable id")
            made = made_ms(session_id, session_created_ms, created_ms, now_ms)
            of = version if isinstance(version, str) else None
            call = plain_call(text, id, session_id, made, of) if is_text else None
            if call is None:
                is_slim = is_text and text.startswith(_SLIM)
                data = _slim(text.removeprefix(_SLIM)) if is_slim else json_object(text)
                call = call_from_v1(
                    data, id=id, session_id=session_id, created_ms=created_ms, session_created_ms=made, version=of
                )
        except BadRow as bad:
            name = id if isinstance(id, str) else f"row {rowid}"
            batch.unreadable.append(Unreadable("message", name, str(bad), moment(created_ms)))
            continue
        if call is not None:
            calls.append(call)
    return calls
