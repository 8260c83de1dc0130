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
from opencode_tui.source.digest import digest_of
from opencode_tui.source.text import identifier
from opencode_tui.source.tool_uses import (
    SEARCHES,
    found_nothing,
    is_refusal,
    known_tool_name,
    outcome,
    shown_files,
    target_of,
    took_ms,
    without_description,
)

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


_decode = msgspec.json.Decoder(_Part).decode
_decode_input = msgspec.json.Decoder(_Input).decode
_NO_INPUT = _Input()
_NO_LINES = None, None
_TEXT = msgspec.json.Decoder(_Text)
_STRING = msgspec.json.Decoder(str)
_DIFFERENCE = msgspec.json.Decoder(_Difference)
_DIFFERENCES = msgspec.json.Decoder(list[_Difference])


def plain_tool(text: str, id: str, call_id: str, session_id: str) -> ToolUse | None:
    """The record of a tool part; None if the part is not a plain one, which says nothing about what it is."""
    try:
        part = _decode(text)
        state = part.state
        raw = state.input
        given = _decode_input(raw) if raw else _NO_INPUT
        is_edit = part.tool in EDIT_TOOLS and state.status == "completed"
        added, removed = _lines(state.metadata, raw) if is_edit else _NO_LINES
        compact = msgspec.json.format(raw, indent=-1) if raw else b""
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    tool, status, time, meta = known_tool_name(part.tool), state.status, state.time, state.metadata
    patch = given.patchText
    beginning = patch[:_PATCH_BEGINNING] if isinstance(patch, str) else None
    # fmt: off
    return ToolUse(
        id, call_id, session_id, tool or "unknown",
        target_of(tool, given.filePath, given.path, beginning, given.command, given.url, given.subagent_type),
        outcome(tool, status, meta.exit), took_ms(time.start, time.end, time.ran, time.completed),
        (identifier(meta.sessionId) or identifier(meta.sessionID)) if meta.sessionId or meta.sessionID else None,
        digest_of(session_id, without_description(tool, compact)), added, removed,
        status == "error" and is_refusal(state.error, None),
        shown_files(tool, given.command),
        status == "completed" and part.tool in SEARCHES and found_nothing(_said(state.output)),
    )
    # fmt: on


def _said(output: Raw) -> str | None:
    if not output:
        return None
    try:
        return _STRING.decode(output)
    except msgspec.ValidationError:
        return None


def _lines(meta: _Meta, given: Raw) -> ChangedLines:
    """The lines that an edit changed. Raises msgspec.MsgspecError and ValueError for what is not plain."""
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
