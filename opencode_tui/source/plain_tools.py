"""Decodes the tool parts of OpenCode 1 that are as it writes them, several times as fast as `json_extract` does any.

Anything else, such as an input that is no object, is left to the query for any part in `tools.py`, which gives the
same record for a part that is decoded here. Of the output only the end is looked for, but for a search.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from opencode_tui.records.calls import EDIT_TOOLS, ToolUse
from opencode_tui.source.changed_lines import MOST_LINES, ChangedLines, lines_in_text
from opencode_tui.source.tool_uses import SEARCHES, tool_use

_PATCH_BEGINNING = 500
Exit = Annotated[int, Meta(ge=-(1 << 62), le=1 << 62)]
"""Another reader takes a larger one for a float."""
LineCount = Annotated[int, Meta(ge=0, le=MOST_LINES)]


class _Time(Struct, frozen=True, gc=False):
    start: Any = None
    end: Any = None
    ran: Any = None
    completed: Any = None


class _Meta(Struct, frozen=True, gc=False):
    sessionId: Any = None
    sessionID: Any = None
    exit: Exit | float | bool | str | None = None
    filediff: Raw = Raw()
    files: Raw = Raw()


class _State(Struct, gc=False):
    status: str
    input: Raw = Raw()
    time: _Time = _Time()
    metadata: _Meta = _Meta()
    error: Any = None
    output: Raw = Raw()


class _Part(Struct, gc=False):
    type: Literal["tool"]
    tool: str
    state: _State


class _Input(Struct, gc=False):
    filePath: Any = None
    path: Any = None
    command: Any = None
    url: Any = None
    subagent_type: Any = None
    patchText: Any = None


class _Text(Struct, gc=False):
    content: str | None = None


class _Difference(Struct, gc=False):
    additions: LineCount | None = None
    deletions: LineCount | None = None


_PART = msgspec.json.Decoder(_Part)
_INPUT = msgspec.json.Decoder(_Input)
_TEXT = msgspec.json.Decoder(_Text)
_STRING = msgspec.json.Decoder(str)
_DIFFERENCE = msgspec.json.Decoder(_Difference)
_DIFFERENCES = msgspec.json.Decoder(list[_Difference])


def plain_tool(text: str, id: str, call_id: str, session_id: str) -> ToolUse | None:
    """The record of a tool part; None if the part is not a plain one, which says nothing about what it is."""
    try:
        part = _PART.decode(text)
        state = part.state
        raw = bytes(state.input)
        given = _INPUT.decode(raw) if raw else _Input()
        lines = _lines(part.tool, state, raw)
        compact = msgspec.json.format(raw, indent=-1).decode() if raw else None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    time, meta, patch = state.time, state.metadata, given.patchText
    values = (
        *(part.tool, state.status, given.filePath, given.path, given.command, given.url, given.subagent_type),
        *(meta.sessionId, meta.sessionID, time.start, time.end, time.ran, time.completed, meta.exit, state.error),
    )
    beginning = patch[:_PATCH_BEGINNING] if isinstance(patch, str) else None
    said = _said(state.output) if part.tool in SEARCHES and state.output else None
    return tool_use(id, call_id, session_id, values, compact, beginning, lines, said)


def _said(output: Raw) -> str | None:
    try:
        return _STRING.decode(output)
    except msgspec.ValidationError:
        return None


def _lines(tool: str, state: _State, given: bytes) -> ChangedLines:
    """The lines that an edit changed. Raises msgspec.MsgspecError and ValueError for what is not plain."""
    if tool not in EDIT_TOOLS or state.status != "completed":
        return None, None
    meta = state.metadata
    diff = _DIFFERENCE.decode(meta.filediff) if meta.filediff else _Difference()
    added, removed = diff.additions, diff.deletions
    if (added is None or removed is None) and meta.files:
        files = _DIFFERENCES.decode(meta.files)
        added = _total(file.additions for file in files) if added is None else added
        removed = _total(file.deletions for file in files) if removed is None else removed
    if added is None and given:
        content = _TEXT.decode(given).content
        if content is not None and "\0" in content:
            raise ValueError("SQLite's text ends there")
        added = lines_in_text(content) if content is not None else None
    return added, removed


def _total(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    if (total := sum(known)) > MOST_LINES:
        raise ValueError("too many lines")
    return total if known else None
