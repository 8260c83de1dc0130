"""Reads tool uses from v1's parts and v2's content: name, target, outcome and duration, no prompt or output text.

The steps of a v1 message come from the same parts, see `steps`. Rows are fetched in a short transaction and decoded
after it.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from opencode_tui.records.calls import ToolUse
from opencode_tui.source.decode import BadRow, json_object, json_value, moment
from opencode_tui.source.steps import Step
from opencode_tui.source.text import identifier

# Only these fields are read; the large ones (output, metadata, a long input) are left in SQLite.
_STATE = ", ".join(
    f"'$.state.{name}'"
    for name in (
        *("status", "input.filePath", "input.path", "input.command", "input.url", "input.subagent_type"),
        *("metadata.sessionId", "metadata.sessionID", "time.start", "time.end", "time.ran", "time.completed"),
    )
)

LONG = 4000
"""Inputs of more characters get no fingerprint, so that they need not be read."""
_GIVEN = """
  CASE WHEN length(json_extract({of}, '$.state.input')) <= {long} THEN json_extract({of}, '$.state.input') END
"""

# A patch names its files in its text; the beginning is enough to find the first.
_PATCH = "substr(json_extract({of}, '$.state.input.patchText'), 1, 500)"

_V1 = f"""
  SELECT p.id, p.message_id, p.session_id, json_extract(p.data, '$.type') = 'tool',
    CASE json_extract(p.data, '$.type') WHEN 'tool' THEN json_extract(p.data, '$.tool', {_STATE})
      ELSE json_object('tokens', json_extract(p.data, '$.tokens'), 'cost', json_extract(p.data, '$.cost'),
        'reason', json_extract(p.data, '$.reason')) END,
    {_GIVEN.format(of="p.data", long=LONG)}, {_PATCH.format(of="p.data")}
  FROM part p
  WHERE p.message_id IN (SELECT value FROM json_each(?))
    AND CASE WHEN json_valid(p.data) THEN json_extract(p.data, '$.type') IN ('tool', 'step-finish') END
"""

_V2 = f"""
  SELECT m.id || ':' || coalesce(json_extract(c.value, '$.id'), c.key), m.id, m.session_id,
    json_extract(c.value, '$.name', {_STATE}), {_GIVEN.format(of="c.value", long=LONG)},
    {_PATCH.format(of="c.value")},
    json_extract(c.value, '$.time'), json_extract(c.value, '$.state.input.agent')
  FROM session_message m, json_each(CASE WHEN json_valid(m.data) THEN m.data ELSE '{{}}' END, '$.content') c
  WHERE m.id IN (SELECT value FROM json_each(?))
    AND CASE WHEN c.type = 'object' THEN json_extract(c.value, '$.type') = 'tool' END
"""

# OpenCode 2 renamed some tools; mapped to the old names, so that they add up across an upgrade.
_NAMES = {"shell": "bash", "patch": "apply_patch", "subagent": "task"}
_PATCHED = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: *(\S.*)$", re.MULTILINE)
_OUTCOMES = {"completed": True, "error": False}


def v1_parts(connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
    """The rows of the tools and steps of messages, with one index seek per message."""
    return connection.execute(_V1, (json.dumps(message_ids),)).fetchall()


def v1_tools(rows: Iterable[Any]) -> list[ToolUse]:
    """The tool uses in rows of `v1_parts`; unreadable ones are skipped."""
    tools = []
    for id, call_id, session_id, is_tool, state, given, patch in rows:
        if is_tool:
            with suppress(BadRow):
                tools.append(tool_use(id, call_id, session_id, json_value(state), given, patch))
    return tools


def v1_steps(rows: Iterable[Any]) -> dict[str, list[Step]]:
    """The steps by message id, from rows of `v1_parts`."""
    steps: dict[str, list[Step]] = {}
    for id, message_id, _, is_tool, text, *_ in rows:
        if not is_tool:
            with suppress(BadRow):
                steps.setdefault(message_id, []).append(Step(str(id), json_object(text)))
    return steps


def v2_parts(connection: sqlite3.Connection, call_ids: Sequence[str]) -> list[Any]:
    """The rows of the tools of calls."""
    return connection.execute(_V2, (json.dumps(call_ids),)).fetchall()


def v2_tools(rows: Iterable[Any]) -> list[ToolUse]:
    """The tool uses in rows of `v2_parts`; unreadable ones are skipped."""
    tools = []
    for id, call_id, session_id, text, given, patch, time_text, agent in rows:
        with suppress(BadRow):
            state, time = json_value(text), json_value(time_text or "null")
            if isinstance(time, dict):
                state[9] = state[9] or time.get("ran") or time.get("created")
                state[10] = state[10] or time.get("completed")
            state[6] = state[6] or agent
            state[0] = _NAMES.get(state[0], state[0]) if isinstance(state[0], str) else None
            tools.append(tool_use(id, call_id, session_id, state, given, patch))
    return tools


def tool_use(
    id: object, call_id: object, session_id: object, state: Sequence[object], given: object, patch: object = None
) -> ToolUse:
    """The record of one tool use.

    `state` has the tool's name and the values of `_STATE`, `given` the input's JSON, `patch` the beginning of a patch.
    """
    # Imported on first use, to keep polls that find nothing new fast.
    from opencode_tui.privacy.targets import tool_name
    from opencode_tui.source.digest import digest_of

    name, status, file_path, path, command, url, agent, child, child_v2, start, end, ran, completed = state
    tool = tool_name(name) if isinstance(name, str) else ""
    began, ended = moment(start, ran), moment(end, completed)
    return ToolUse(
        str(id),
        str(call_id),
        str(session_id),
        tool or "unknown",
        _target(tool, file_path, path, patch, command, url, agent),
        _OUTCOMES.get(status) if isinstance(status, str) else None,
        max(0, ended - began) if began and ended else None,
        identifier(child) or identifier(child_v2),
        digest_of(str(session_id), given) if isinstance(given, str) and len(given) <= LONG else None,
    )


def _target(
    tool: str, file_path: object, path: object, patch: object, command: object, url: object, agent: object
) -> str:
    """The target of one of OpenCode's own tools, taken from its input; empty for any other tool."""
    from opencode_tui.privacy import targets
    from opencode_tui.privacy.commands import command_head

    if tool in targets.COMMAND_TOOLS:
        return command_head(command) if isinstance(command, str) else ""
    if tool in targets.FILE_TOOLS:
        named = (targets.file_of(each) for each in (file_path, path) if isinstance(each, str))
        return next(filter(None, named), "") or (patched_file(patch) if isinstance(patch, str) else "")
    if tool in targets.URL_TOOLS:
        return targets.host_of(url) if isinstance(url, str) else ""
    return targets.program_name(agent) if tool in targets.AGENT_TOOLS and isinstance(agent, str) else ""


def patched_file(patch: str) -> str:
    """The first file that a patch names in its beginning, or ""."""
    from opencode_tui.privacy.targets import file_of

    found = _PATCHED.search(patch)
    return file_of(found[1]) if found else ""
