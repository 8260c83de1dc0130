"""Reads tool uses from v1's parts and v2's content: name, target, outcome and duration, no prompt or output text.

The steps of a v1 message come from the same parts, see `steps`. Rows are fetched in a short transaction and decoded
after it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from opencode_tui.records.calls import ToolUse
from opencode_tui.source.changed_lines import lines_of, lines_sql
from opencode_tui.source.decode import BadRow, json_object, json_value
from opencode_tui.source.digest import LONG
from opencode_tui.source.steps import Step

# Only these fields are read; the large ones (output, metadata, a long input) are left in SQLite.
_STATE = ", ".join(
    f"'$.state.{name}'"
    for name in (
        *("status", "input.filePath", "input.path", "input.command", "input.url", "input.subagent_type"),
        *("metadata.sessionId", "metadata.sessionID", "time.start", "time.end", "time.ran", "time.completed"),
        *("metadata.exit", "error"),
    )
)

_GIVEN = """
  CASE WHEN length({row}) <= {long} OR length(json_extract({of}, '$.state.input')) <= {long}
    THEN json_extract({of}, '$.state.input') END
"""

# A patch names its files in its text; the beginning is enough to find the first.
_PATCH = "substr(json_extract({of}, '$.state.input.patchText'), 1, 500)"

# The beginning of a search's output, which says whether it found anything.
_SAID = """
  CASE WHEN {name} IN ('grep', 'glob', 'codesearch') THEN substr(json_extract({of}, '$.state.{output}'), 1, 40) END
"""

_V1 = f"""
  SELECT p.rowid, json_extract(p.data, '$.tool', {_STATE}), {_GIVEN.format(row="p.data", of="p.data", long=LONG)},
    {_PATCH.format(of="p.data")}, {lines_sql("p.data", "json_extract(p.data, '$.tool')")},
    {_SAID.format(of="p.data", name="json_extract(p.data, '$.tool')", output="output")}
  FROM part p WHERE p.rowid IN (SELECT value FROM json_each(?)) AND json_valid(p.data)
"""

# Most parts say at a known place what they are; comparing that is several times as fast as parsing all of a part.
# Quotes within a JSON text are escaped, so what stands in quotes here is a key or a whole text, of the part itself.
_STARTS_STEP = """p.data GLOB '{"snapshot":"*","type":"step-start"}'"""
_ENDS_STEP = """p.data GLOB '{"reason":"*","type":"step-finish"*' AND p.data NOT GLOB '{*{*,"type":"step-finish"*'"""
_BEGINS = 'p.data >= \'{{"type":"{0}",\' AND p.data < \'{{"type":"{0}"-\''
_PLAIN_BYTES = 64_000
"""Larger tools are not read whole."""
_V1_PARTS = f"""
  SELECT p.id, p.message_id, p.session_id, p.rowid, CASE
    WHEN {_BEGINS.format("tool")} THEN CASE WHEN length(CAST(p.data AS BLOB)) <= {_PLAIN_BYTES} THEN p.data ELSE 1 END
    WHEN {_ENDS_STEP} THEN NULL WHEN json_extract(p.data, '$.type') = 'tool' THEN 1 END
  FROM part p
  WHERE p.message_id IN (SELECT value FROM json_each(?)) AND CASE
    WHEN {_BEGINS.format("tool")} THEN 1
    WHEN {_BEGINS.format("text")} OR {_BEGINS.format("reasoning")} OR {_STARTS_STEP} THEN 0
    WHEN {_ENDS_STEP} THEN 1
    WHEN json_valid(p.data) THEN json_extract(p.data, '$.type') IN ('tool', 'step-finish') END
"""

_V1_STEPS = """
  SELECT p.rowid, json_object('tokens', json_extract(p.data, '$.tokens'),
    'cost', json_extract(p.data, '$.cost'), 'reason', json_extract(p.data, '$.reason'))
  FROM part p
  WHERE p.message_id IN (SELECT value FROM json_each(?))
    AND CASE WHEN json_valid(p.data) THEN json_extract(p.data, '$.type') = 'step-finish' END
"""

_V2 = f"""
  SELECT m.id || ':' || coalesce(json_extract(c.value, '$.id'), c.key), m.id, m.session_id,
    json_extract(c.value, '$.name', {_STATE}), {_GIVEN.format(row="c.value", of="c.value", long=LONG)},
    {_PATCH.format(of="c.value")},
    json_extract(c.value, '$.time'), json_extract(c.value, '$.state.input.agent'),
    {lines_sql("c.value", "json_extract(c.value, '$.name')")},
    {_SAID.format(of="c.value", name="json_extract(c.value, '$.name')", output="content[0].text")}
  FROM session_message m, json_each(CASE WHEN json_valid(m.data) THEN m.data ELSE '{{}}' END, '$.content') c
  WHERE m.id IN (SELECT value FROM json_each(?))
    AND CASE WHEN c.type = 'object' THEN json_extract(c.value, '$.type') = 'tool' END
"""

# OpenCode 2 renamed some tools; mapped to the old names, so that they add up across an upgrade.
_NAMES = {"shell": "bash", "patch": "apply_patch", "subagent": "task"}


MESSAGE_ID, ROWID, TOOL = 1, 3, 4
"""The places in a row of `v1_parts`.

The last is the JSON of a tool, 1 for a tool that has to be read by `v1_tool_values`, or None for the end of a step.
"""


def v1_parts(connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
    """The rows of the tools and of the ends of steps of messages, with one index seek per message.

    Of a step they have only the ids, as most messages are one step, which has nothing to add.
    """
    return connection.execute(_V1_PARTS, (json.dumps(message_ids),)).fetchall()


def v1_tool_values(connection: sqlite3.Connection, rowids: Sequence[int]) -> list[Any]:
    """(rowid, fields, input, beginning of a patch, changed lines, beginning of what a search said) of tools."""
    return connection.execute(_V1, (json.dumps(rowids),)).fetchall()


def v1_tools(parts: Iterable[Any]) -> tuple[list[ToolUse], list[Any]]:
    """The tools in these rows of `v1_parts`, and the rows of those that `v1_tool_values` has to read."""
    from opencode_tui.source.plain_tools import plain_tool  # here, since most commands find no new row

    tools, others = [], []
    for part in parts:
        id, call_id, session_id, _, text = part
        is_plain = type(id) is type(call_id) is type(session_id) is type(text) is str
        if is_plain and (tool := plain_tool(text, id, call_id, session_id)) is not None:
            tools.append(tool)
        else:
            others.append(part)
    return tools, others


def v1_other_tools(values: Iterable[Any], parts: Mapping[int, Any]) -> list[ToolUse]:
    """The tools of rows of `v1_tool_values`, by the rows of `v1_parts` by rowid; unreadable ones are skipped."""
    from opencode_tui.source.tool_uses import tool_use

    tools = []
    for rowid, state, given, patch, lines, said in values:
        with suppress(BadRow):
            ids = parts[rowid][:ROWID]
            tools.append(tool_use(ids[0], ids[1], ids[2], json_value(state), given, patch, lines_of(lines), said))
    return tools


def v1_steps(connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
    """(rowid, JSON) of the ends of the steps of messages."""
    return connection.execute(_V1_STEPS, (json.dumps(message_ids),)).fetchall()


def steps_by_message(parts: Iterable[Any], texts: Mapping[int, str]) -> dict[str, list[Step]]:
    """The steps by message id, from rows of `v1_parts` and what `v1_steps` gives of them; unreadable ones are skipped.

    A part counts as often as it is in `parts`.
    """
    steps: dict[str, list[Step]] = {}
    for id, message_id, _, rowid, _ in parts:
        if rowid in texts:
            with suppress(BadRow):
                steps.setdefault(message_id, []).append(Step(str(id), json_object(texts[rowid])))
    return steps


def v2_parts(connection: sqlite3.Connection, call_ids: Sequence[str]) -> list[Any]:
    """The rows of the tools of calls."""
    return connection.execute(_V2, (json.dumps(call_ids),)).fetchall()


def v2_tools(rows: Iterable[Any]) -> list[ToolUse]:
    """The tool uses in rows of `v2_parts`; unreadable ones are skipped."""
    from opencode_tui.source.tool_uses import tool_use

    tools = []
    for id, call_id, session_id, text, given, patch, time_text, agent, lines, said in rows:
        with suppress(BadRow):
            state, time = json_value(text), json_value(time_text or "null")
            if isinstance(time, dict):
                state[9] = state[9] or time.get("ran") or time.get("created")
                state[10] = state[10] or time.get("completed")
            state[6] = state[6] or agent
            state[0] = _NAMES.get(state[0], state[0]) if isinstance(state[0], str) else None
            tools.append(tool_use(id, call_id, session_id, state, given, patch, lines_of(lines), said))
    return tools
