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
from opencode_tui.source.digest import LONG, digest_of
from opencode_tui.source.text import identifier

_PATCHED = re.compile(r"^\*\*\* (?:Update|Add|Delete) File: *(\S.*)$", re.MULTILINE)
_REFUSED = re.compile(
    "The user (?:rejected permission to use|has specified a rule which prevents you from using) this specific tool call"
)
"""How OpenCode 1's errors begin where a person, or a rule of theirs, did not let a tool run."""
_BLOCKED, _DECLINED = "permission.rejected", ("aborted", "The user declined this tool call")
"""The type of OpenCode 2's errors for a rule, and type and message for a person.

"""
_UNABLE = re.compile("Unable to (?:edit |write |apply patch|execute command: )")
_ASKED_MS = 1000
"""How OpenCode 2 says that a tool failed for a reason which it does not give, and how long a person takes to write.

It keeps nothing else of a person who refused a tool and said what to do instead. What else ends so, such as a file that
must not be written, does so at once; what a model does wrong has messages of its own.
"""
SEARCHES = frozenset(("grep", "glob", "codesearch"))
_NOTHING = frozenset(("", "No files found", "No matches found"))
"""The first line of what a search says that found nothing."""
_NAME = b'"description":'
_DESCRIBED = re.compile(_NAME + rb' ?"(?:[^"\\]|\\.)*"(, ?)?', re.DOTALL)
"""What OpenCode 1 has a model say beside a command. Within a text, JSON has a backslash before each quote."""
_OUTCOMES = {"completed": True, "error": False}
known_tool_name = lru_cache(maxsize=256)(targets.tool_name)


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
    tool, took = known_tool_name(name) if isinstance(name, str) else "", took_ms(start, end, ran, completed)
    return ToolUse(
        str(id),
        str(call_id),
        str(session_id),
        tool or "unknown",
        target_of(tool, file_path, path, patch, command, url, agent),
        outcome(tool, status, more[0] if more else None),
        took,
        (identifier(child) or identifier(child_v2)) if child or child_v2 else None,
        digest_of(str(session_id), without_description(tool, given.encode(errors="replace")))
        if isinstance(given, str)
        else None,
        lines[0],
        lines[1],
        len(more) > 1 and status == "error" and is_refusal(more[1], took),
        shown_files(tool, command),
        status == "completed" and found_nothing(said),
    )


def without_description(tool: str, given: bytes) -> bytes:
    """An input's JSON without what makes no difference: a command is the same however the model describes it."""
    if tool not in targets.COMMAND_TOOLS or len(given) > LONG or (at := given.find(_NAME)) < 0:
        return given
    found = _DESCRIBED.match(given, at)
    if found is None:
        return given
    before, after = given[:at], given[found.end() :]
    return (before if found[1] else before.rstrip(b", ")) + after


def found_nothing(said: object) -> bool:
    """Whether the output of a search says that nothing was found."""
    return isinstance(said, str) and said.partition("\n")[0] in _NOTHING


def took_ms(start: object, end: object, ran: object, completed: object) -> int | None:
    """How long it ran, by the first of two times each for its start and its end; None if one is not known."""
    if type(start) is type(end) is int and 0 < start <= end <= MAX_MS:  # as nearly all are
        return end - start
    began, ended = moment(start, ran), moment(end, completed)
    return max(0, ended - began) if began and ended else None


def outcome(tool: str, status: object, exit_code: object) -> bool | None:
    """Whether it succeeded; None while it runs."""
    ok = _OUTCOMES.get(status) if isinstance(status, str) else None
    if ok and exit_code and isinstance(exit_code, int) and tool in targets.COMMAND_TOOLS:
        return False
    return ok


def is_refusal(error: object, took: int | None) -> bool:
    """Whether an error, which OpenCode 2 has in an object, says that the tool was refused; nothing of it is kept.

    `took` are the milliseconds that the tool ran, with the time in which a person was asked for leave.
    """
    if isinstance(error, dict):
        kind, text = error.get("type"), error.get("message")
        if kind == _BLOCKED or (kind, text) == _DECLINED:
            return True
        if kind == "tool.execution" and took is not None and took >= _ASKED_MS:
            return isinstance(text, str) and (_UNABLE.match(text) or _REFUSED.match(text)) is not None
    else:
        text = error
    return isinstance(text, str) and _REFUSED.match(text) is not None


def target_of(
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


def shown_files(tool: str, command: object) -> tuple[str, ...]:
    """The files whose content a command showed; none of any other tool."""
    return files_read(command) if tool in targets.COMMAND_TOOLS and isinstance(command, str) else ()


def patched_file(patch: str) -> str:
    """The first file that a patch names in its beginning, or ""."""
    found = _PATCHED.search(patch)
    return targets.file_of(found[1]) if found else ""
