"""Uses of tools, from v1's parts and v2's content: name, target, outcome, duration and nothing that was said."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from opencode_tui.records import ToolUse
from opencode_tui.source.decode import moment
from opencode_tui.source.text import command_head, host_of, identifier, label

# The big fields (input, output, metadata) stay in SQLite: only these come out, and only the head of a command.
_STATE = ", ".join(
    f"'$.state.{name}'"
    for name in (
        *("status", "input.filePath", "input.path", "input.url", "input.subagent_type"),
        *("metadata.sessionId", "metadata.sessionID", "time.start", "time.end", "time.ran", "time.completed"),
    )
)
_HEAD = "substr(CASE json_type({0}, '{1}') WHEN 'text' THEN json_extract({0}, '{1}') END, 1, 400)"

_V1 = f"""
  SELECT p.id, p.message_id, p.session_id, json_extract(p.data, '$.tool'),
    json_extract(p.data, {_STATE}),
    {_HEAD.format("p.data", "$.state.input.command")}
  FROM part p
  WHERE p.message_id IN (SELECT value FROM json_each(?))
    AND CASE WHEN json_valid(p.data) THEN json_extract(p.data, '$.type') = 'tool'
        AND json_type(p.data, '$.state') = 'object' END
"""

_V2 = f"""
  SELECT m.id || ':' || coalesce(json_extract(c.value, '$.id'), c.key), m.id, m.session_id,
    json_extract(c.value, '$.name'),
    json_extract(c.value, {_STATE}),
    {_HEAD.format("c.value", "$.state.input.command")},
    json_extract(c.value, '$.time')
  FROM session_message m, json_each(m.data, '$.content') c
  WHERE m.id IN (SELECT value FROM json_each(?)) AND json_type(m.data, '$.content') = 'array'
    AND c.type = 'object' AND json_extract(c.value, '$.type') = 'tool'
    AND json_type(c.value, '$.state') = 'object'
"""


def v1_tools(connection: sqlite3.Connection, call_ids: Sequence[str]) -> list[ToolUse]:
    """What the calls used, by an index seek a call; parts that cannot be read are passed over."""
    if not call_ids:
        return []
    rows = connection.execute(_V1, (json.dumps(call_ids),)).fetchall()
    return [tool_use(*row[:4], state=json.loads(row[4]), command=row[5]) for row in rows]


def v2_tools(connection: sqlite3.Connection, call_ids: Sequence[str]) -> list[ToolUse]:
    """What the calls used; the calls' data must be known to be JSON."""
    if not call_ids:
        return []
    tools = []
    for row in connection.execute(_V2, (json.dumps(call_ids),)).fetchall():
        state = json.loads(row[4])
        time = json.loads(row[6]) if row[6] else {}
        if isinstance(time, dict):
            state[7] = state[7] or time.get("ran") or time.get("created")
            state[8] = state[8] or time.get("completed")
        tools.append(tool_use(*row[:4], state=state, command=row[5]))
    return tools


def tool_use(
    id: object, call_id: object, session_id: object, name: object, *, state: list[object], command: object
) -> ToolUse:
    """The record of one use; `state` holds the values of `_STATE` in its order."""
    status, file_path, path, url, agent, child, child_v2, start, end, ran, completed = state
    began, ended = moment(start, ran), moment(end, completed)
    return ToolUse(
        id=str(id),
        call_id=str(call_id),
        session_id=str(session_id),
        name=label(name) or "unknown",
        target=(
            label(file_path, 400)
            or label(path, 400)
            or (command_head(command) if isinstance(command, str) else "")
            or (host_of(url) if isinstance(url, str) else "")
            or label(agent)
        ),
        ok={"completed": True, "error": False}.get(status) if isinstance(status, str) else None,
        duration_ms=max(0, ended - began) if began and ended else None,
        child_session_id=identifier(child) or identifier(child_v2),
    )
