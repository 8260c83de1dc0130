"""Reads one JSON file of a session, a message or a part into a record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from opencode_tui import clock
from opencode_tui.records.calls import Call, ToolUse
from opencode_tui.records.stores import Session, Unreadable
from opencode_tui.source.batch import Batch
from opencode_tui.source.changed_lines import lines_in
from opencode_tui.source.decode import BadRow, call_from_v1, json_object, moment, section
from opencode_tui.source.layouts import Layout
from opencode_tui.source.reading import Entry, json_files, mtime_ns, read_file
from opencode_tui.source.session_times import made_ms
from opencode_tui.source.sessions import is_unattended, project_of
from opencode_tui.source.steps import Step
from opencode_tui.source.text import clean_text, identifier


def read_call(entry: Entry, session: Session | None, version: str) -> Call | None:
    """The call in a message's file; None if the message is not a call. Raises OSError and BadRow."""
    data = json_object(read_file(entry.path))
    return call_from_v1(
        data,
        id=identifier(data.get("id")) or str(identifier(entry.path.stem)),
        session_id=identifier(data.get("sessionID")) or str(identifier(entry.path.parent.name)),
        created_ms=entry.changed_ms,
        session_created_ms=session.created_ms if session else None,
        version=version or None,
    )


def parts_of(layout: Layout, message: Path) -> Iterator[dict[str, Any]]:
    """Yields the readable parts of a message, each with its file name under "file". Raises OSError."""
    for entry in json_files(layout.parts(message)):
        with suppress(OSError, BadRow):
            yield json_object(read_file(entry.path)) | {"file": str(identifier(entry.path.stem))}


def steps_and_tools(parts: Iterable[dict[str, Any]], call: Call) -> tuple[list[Step], list[ToolUse]]:
    """The steps and tool uses among the parts of a call. Raises OSError."""
    steps: list[Step] = []
    tools: list[ToolUse] = []
    for data in parts:
        id = identifier(data.get("id")) or data["file"]
        if data.get("type") == "step-finish":
            steps.append(Step(id, data))
        elif data.get("type") == "tool":
            with suppress(RecursionError):
                tools.append(_tool(id, data, call))
    return steps, tools


def _tool(id: str, data: dict[str, Any], call: Call) -> ToolUse:
    state = section(data, "state")
    entry, meta, time = section(state, "input"), section(state, "metadata"), section(state, "time")
    values = [data.get("tool"), state.get("status"), entry.get("filePath"), entry.get("path")]
    values += [entry.get("command"), entry.get("url"), entry.get("subagent_type")]
    values += [meta.get("sessionId"), None]
    values += [time.get("start"), time.get("end"), None, None, meta.get("exit"), state.get("error")]
    from opencode_tui.source.tool_uses import SEARCHES, tool_use  # here, since most commands find no new part

    lines = lines_in(data.get("tool"), state)
    said = state.get("output") if data.get("tool") in SEARCHES else None
    return tool_use(id, call.id, call.session_id, values, json.dumps(entry), entry.get("patchText"), lines, said)


def read_session_file(layout: Layout, file: Path | None, batch: Batch) -> Session | None:
    """The session in a file; None if there is none or it cannot be read, which is then recorded in the batch."""
    if file is None:
        return None
    try:
        data = json_object(read_file(file))
        time = section(data, "time")
    except FileNotFoundError:
        return None
    except (OSError, BadRow) as bad:
        reason = f"cannot be opened: {bad.strerror}" if isinstance(bad, OSError) else str(bad)
        at_ms = mtime_ns(file) // 1_000_000 or None
        batch.unreadable.append(Unreadable("session", str(identifier(file.stem)), reason, at_ms))
        return None
    updated = moment(time.get("updated"), mtime_ns(file) // 1_000_000) or clock.now_ms()
    directory = clean_text(data.get("directory"), 1000)
    return Session(
        id=str(identifier(file.stem)),
        parent_id=identifier(data.get("parentID")),
        fork_of=None,
        title=clean_text(data.get("title")),
        directory=directory,
        project=project_of(_worktree(layout.project(file)), directory),
        version=clean_text(data.get("version"), 60),
        created_ms=made_ms(file.stem, time.get("created"), updated, clock.now_ms()) or updated,
        updated_ms=updated,
        archived_ms=moment(time.get("archived")),
        unattended=is_unattended(data.get("permission")),
    )


def _worktree(project: Path | None) -> str:
    if project is None:
        return ""
    try:
        return clean_text(json_object(read_file(project)).get("worktree"), 1000)
    except (OSError, BadRow):
        return ""
