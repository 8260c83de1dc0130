"""Makes the records of tool uses: name, target, outcome and duration, no prompt or output text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from opencode_tui.records.calls import ToolUse
from opencode_tui.records.privacy import targets
from opencode_tui.records.privacy.command_files import files_read
from opencode_tui.records.privacy.commands import command_head
from opencode_tui.source.changed_lines import ChangedLines
from opencode_tui.source.decode import MAX_MS, moment
from opencode_tui.source.digest import digest_of
from opencode_tui.source.text import identifier
from opencode_tui.source.tools import LONG

_PATCHED = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: *(\S.*)$", re.MULTILINE)
_REFUSED = re.compile(
    "The user (?:rejected permission to use|has specified a rule which prevents you from using) this specific tool call"
)
"""How OpenCode 1's errors begin where a person, or a rule of theirs, did not let a tool run."""
_BLOCKED, _DECLINED = "permission.rejected", ("aborted", "The user declined this tool call")
"""The type of OpenCode 2's errors for a rule, and type and message for a person.

A person who says what to do instead leaves an error as of any tool that could not do its work, which tells nothing.
"""
SEARCHES = frozenset(("grep", "glob", "codesearch"))
_NOTHING = frozenset(("", "No files found", "No matches found"))
"""The first line of what a search says that found nothing."""
_OUTCOMES = {"completed": True, "error": False}
_tool_name = lru_cache(maxsize=256)(targets.tool_name)


def tool_use(
    id: object,
    call_id: object,
    session_id: object,
    state: Sequence[object],
    given: object,
    patch: object = None,
    lines: ChangedLines = (None, None),
    said: object = None,
) -> ToolUse:
    """The record of one tool use.

    `state` has the tool's name and the values of `_STATE` in `tools.py`, `given` the input's JSON, `patch` the
    beginning of a patch, `said` that of a search's output. A command that ended with another exit code than 0 failed,
    though OpenCode calls it completed.
    """
    name, status, file_path, path, command, url, agent, child, child_v2, start, end, ran, completed, *more = state
    tool = _tool_name(name) if isinstance(name, str) else ""
    began = start if type(start) is int and 0 < start <= MAX_MS else moment(start, ran)
    ended = end if type(end) is int and 0 < end <= MAX_MS else moment(end, completed)
    return ToolUse(
        str(id),
        str(call_id),
        str(session_id),
        tool or "unknown",
        _target(tool, file_path, path, patch, command, url, agent),
        _outcome(tool, status, more[0] if more else None),
        max(0, ended - began) if began and ended else None,
        (identifier(child) or identifier(child_v2)) if child or child_v2 else None,
        digest_of(str(session_id), given) if isinstance(given, str) and len(given) <= LONG else None,
        lines[0],
        lines[1],
        len(more) > 1 and status == "error" and _is_refusal(more[1]),
        files_read(command) if tool in targets.COMMAND_TOOLS and isinstance(command, str) else (),
        status == "completed" and isinstance(said, str) and said.partition("\n")[0] in _NOTHING,
    )


def _outcome(tool: str, status: object, exit_code: object) -> bool | None:
    """Whether it succeeded; None while it runs."""
    ok = _OUTCOMES.get(status) if isinstance(status, str) else None
    if ok and exit_code and isinstance(exit_code, int) and tool in targets.COMMAND_TOOLS:
        return False
    return ok


def _is_refusal(error: object) -> bool:
    """Whether an error, which OpenCode 2 has in an object, says that the tool was refused; nothing of it is kept."""
    if isinstance(error, dict):
        kind, text = error.get("type"), error.get("message")
        if kind == _BLOCKED or (kind, text) == _DECLINED:
            return True
    else:
        text = error
    return isinstance(text, str) and _REFUSED.match(text) is not None


def _target(
    tool: str, file_path: object, path: object, patch: object, command: object, url: object, agent: object
) -> str:
    """The target of one of OpenCode's own tools, taken from its input; empty for any other tool."""
    if tool in targets.FILE_TOOLS:
        if isinstance(file_path, str) and (named := targets.file_of(file_path)):
            return named
        if isinstance(path, str) and (named := targets.file_of(path)):
            return named
        return patched_file(patch) if isinstance(patch, str) else ""
    if tool in targets.COMMAND_TOOLS:
        return command_head(command) if isinstance(command, str) else ""
    if tool in targets.URL_TOOLS:
        return targets.host_of(url) if isinstance(url, str) else ""
    return targets.program_name(agent) if tool in targets.AGENT_TOOLS and isinstance(agent, str) else ""


def patched_file(patch: str) -> str:
    """The first file that a patch names in its beginning, or ""."""
    found = _PATCHED.search(patch)
    return targets.file_of(found[1]) if found else ""
