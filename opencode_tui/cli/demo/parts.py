"""Builds the `data` of OpenCode's parts, the pieces of a message."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from opencode_tui.records.calls import Tokens

PartData = dict[str, Any]
"""A JSON object as OpenCode writes it."""

SNAPSHOT = "6d9dc6f290e0359e9506f949fe7cd83a1e243784"


class Tool(Struct, frozen=True):
    """A tool use; `target` is its file, command, pattern, address, or the description of a task."""

    name: str
    target: str
    ok: bool = True
    agent: str = "explore"
    """The agent that runs a task."""


def token_data(tokens: Tokens, *, total: bool = True) -> PartData:
    """The `tokens` of a call; a running call has no `total`."""
    cache = {"write": tokens.cache_write, "read": tokens.cache_read}
    data = {
        "input": tokens.input,
        "output": tokens.output,
        "reasoning": tokens.reasoning,
        "cache": cache,
    }
    return {"total": tokens.total, **data} if total else data


def json_cost(usd: float) -> float | int:
    """A cost as JavaScript writes it: 0, not 0.0."""
    return usd or 0


def text(body: str, start: int | None = None, end: int | None = None) -> PartData:
    """A text part of a prompt or an answer; an answer has times in Unix milliseconds."""
    if start is None:
        return {"type": "text", "text": body}
    time = {"start": start} if end is None else {"start": start, "end": end}
    return {"type": "text", "text": body, "time": time}


def step_start() -> PartData:
    return {"snapshot": SNAPSHOT, "type": "step-start"}


def step_finish(reason: str, tokens: Tokens, usd: float) -> PartData:
    return {
        "reason": reason,
        "snapshot": SNAPSHOT,
        "type": "step-finish",
        "tokens": token_data(tokens),
        "cost": json_cost(usd),
    }


def tool_running(tool: Tool, call: str, directory: str, start: int, metadata: PartData | None = None) -> PartData:
    state: PartData = {
        "status": "running",
        "input": _input(tool, directory),
        "time": {"start": start},
    }
    if metadata is not None:
        state |= {"title": tool.target, "metadata": metadata}
    return {"type": "tool", "tool": tool.name, "callID": call, "state": state}


def tool_ended(running: PartData, tool: Tool, end: int) -> PartData:
    """The data of a running tool, completed."""
    state = running["state"]
    time = {"start": state["time"]["start"], "end": end}
    ended: PartData = {"status": "completed" if tool.ok else "error", "input": state["input"]}
    if tool.ok:
        output, metadata = _result(tool, state)
        ended |= {"output": output, "metadata": metadata, "title": tool.target}
    else:
        ended |= {"error": _FAILURES.get(tool.name, "The tool failed.")}
    return {**running, "state": {**ended, "time": time}}


def task_metadata(parent: str, child: str, provider: str, model: str) -> PartData:
    return {
        "parentSessionId": parent,
        "sessionId": child,
        "model": {"modelID": model, "providerID": provider},
    }


def error(kind: Literal["api", "aborted"]) -> PartData:
    """The `error` of a message."""
    if kind == "aborted":
        return {"name": "MessageAbortedError", "data": {"message": "The operation was aborted."}}
    data = {"message": "Too Many Requests", "statusCode": 429, "isRetryable": True}
    return {"name": "APIError", "data": data}


_FAILURES = {
    "edit": "Could not find oldString in the file. It must match exactly, including whitespace, "
    "indentation, and line endings.",
    "read": "File not found",
}


def _input(tool: Tool, directory: str) -> PartData:
    path = f"{directory}/{tool.target}"
    if tool.name == "read":
        return {"filePath": path}
    if tool.name == "edit":
        return {"filePath": path, "oldString": "…", "newString": "…"}
    if tool.name == "write":
        return {"filePath": path, "content": "…"}
    if tool.name == "bash":
        return {"command": tool.target, "description": "Run it"}
    if tool.name == "webfetch":
        return {"url": tool.target, "format": "markdown"}
    if tool.name == "task":
        return {"description": tool.target, "prompt": tool.target, "subagent_type": tool.agent}
    return {"pattern": tool.target}


def _result(tool: Tool, state: PartData) -> tuple[str, PartData]:
    path = state["input"].get("filePath", "")
    if tool.name == "edit":
        diff = {"file": path, "additions": 14, "deletions": 9}
        return "Edit applied successfully.", {"diagnostics": {}, "filediff": diff, "truncated": False}
    if tool.name == "bash":
        return "ok\n", {"output": "ok\n", "exit": 0, "truncated": False}
    if tool.name == "task":
        child = state["metadata"]["sessionId"]
        metadata = {**state["metadata"], "truncated": False}
        return f'<task id="{child}" state="completed">\n</task>', metadata
    return f"<path>{path}</path>" if path else "3 matches", {"truncated": False}
