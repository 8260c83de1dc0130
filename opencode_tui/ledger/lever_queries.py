"""Queries on what levers could change: reads of files, the subagents' models, sessions of many turns."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger.sums import exact_sum
from opencode_tui.ledger.tool_files import files_of_command
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.facts import ToolFacts

_EDITS = ", ".join(f"'{name}'" for name in EDIT_TOOLS)
_FILES = f"""
  SELECT coalesce(nullif(s.project, ''), c.directory), t.name, t.target, t.files, c.id, c.cost_nano
  FROM call c JOIN tool t ON t.call_id = c.id LEFT JOIN session s ON s.id = c.session_id
  WHERE c.created_ms >= ? AND c.created_ms < ? AND c.copied_from IS NULL AND t.target != ''
    AND (t.name IN ('read', {_EDITS}) OR t.files IS NOT NULL)
"""
_OF_SUBAGENTS = """
  FROM call c JOIN session s ON s.id = c.session_id
  WHERE c.created_ms >= ? AND c.created_ms < ? AND c.copied_from IS NULL AND s.parent_id IS NOT NULL
"""
_SUBAGENTS = f"""
  SELECT c.agent, max(c.input + c.cache_read + c.cache_write), json_group_array(DISTINCT c.directory) {_OF_SUBAGENTS}
  GROUP BY 1
"""
_THEIR_TOOLS = f"""
  SELECT DISTINCT c.agent, t.name, t.target, t.files
  {_OF_SUBAGENTS.replace("WHERE", "JOIN tool t ON t.call_id = c.id WHERE")}
"""
_DIRECTORIES = """
  SELECT DISTINCT directory FROM call
  WHERE session_id IN (SELECT value FROM json_each(?)) AND directory != '' ORDER BY directory
"""
_LONG = f"""
  SELECT count(*), coalesce(max(turns), 0), coalesce({exact_sum("nano")}, 0) FROM (
    SELECT count(DISTINCT turn_id) turns, {exact_sum("cost_nano")} nano FROM call
    WHERE created_ms >= ? AND created_ms < ? AND copied_from IS NULL GROUP BY session_id)
  WHERE turns > ?
"""


class FileUse(Struct, frozen=True, gc=False):
    """A tool use of a call that read or edited files."""

    project: str
    tool: ToolFacts
    is_edit: bool
    cost_nano: int
    """That of the call."""


def uses_of_files(connection: sqlite3.Connection, span: Span) -> Iterator[FileUse]:
    """Each read and each edit of a file, also by a command, in no order."""
    for project, name, target, files, call_id, nano in connection.execute(_FILES, (span.start_ms, span.end_ms)):
        tool = ToolFacts(call_id, name, target, None, None, None, files=files_of_command(files, "") if files else ())
        yield FileUse(project, tool, name in EDIT_TOOLS, nano)


class SubagentFacts(Struct, frozen=True):
    """What a subagent, by its name, did in a span."""

    context: int
    """The largest of a call, in tokens."""
    directories: tuple[str, ...]
    tools: tuple[ToolFacts, ...]
    """Each tool with each target and the files that it showed once; the other fields are empty."""


def subagents(connection: sqlite3.Connection, span: Span) -> dict[str, SubagentFacts]:
    """The subagents of a span by name."""
    values = (span.start_ms, span.end_ms)
    tools: dict[str, list[ToolFacts]] = defaultdict(list)
    for agent, name, target, files in connection.execute(_THEIR_TOOLS, values):
        shown = files_of_command(files, "") if files else ()
        tools[agent].append(ToolFacts("", name, target, None, None, None, files=shown))
    return {
        agent: SubagentFacts(context, tuple(sorted(json.loads(directories))), tuple(tools[agent]))
        for agent, context, directories in connection.execute(_SUBAGENTS, values)
    }


def directories_of(connection: sqlite3.Connection, sessions: Sequence[str]) -> tuple[str, ...]:
    """The directories in which sessions ran, by their ids."""
    rows = connection.execute(_DIRECTORIES, (json.dumps(sessions),))
    return tuple(directory for (directory,) in rows)


def long_sessions(connection: sqlite3.Connection, span: Span, turns: int) -> tuple[int, int, int]:
    """(how many sessions had more turns in the span, the most turns of one, their nano-dollars)."""
    sessions, most, nano = connection.execute(_LONG, (span.start_ms, span.end_ms, turns)).fetchone()
    return sessions, most, int(nano)
