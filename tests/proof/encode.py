"""Encodes messages as JSON like each version of OpenCode, following real stores of those versions."""

from __future__ import annotations

import json
from typing import Any

from tests.proof.world import Message, Session, Tokens

Version = tuple[int, int, int]
DIRECTORY = "/home/dev/shop"
PROJECT = "d95ef44f767d57dc0cdf66cfbc7ca9df6a2cb48b"


def text_of(version: Version) -> str:
    return ".".join(map(str, version))


def dumps(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def tokens_v1(tokens: Tokens, version: Version) -> dict[str, Any]:
    """Up to 1.3.2 `output` includes the reasoning tokens; `total` exists since 1.2."""
    fresh, output, reasoning, read, write = tokens
    if version <= (1, 3, 2):
        output += reasoning
        total = fresh + output + read + write
    else:
        total = sum(tokens)
    data = {"input": fresh, "output": output, "reasoning": reasoning, "cache": {"read": read, "write": write}}
    return {"total": total} | data if version >= (1, 2, 0) else data


def tokens_v2(message: Message) -> dict[str, Any]:
    if message.written < (2, 0, 0):
        data = tokens_v1(message.bills[-1].tokens, message.written)
        return {name: count for name, count in data.items() if name != "total"}
    fresh, output, reasoning, read, write = (sum(bill.tokens[place] for bill in message.bills) for place in range(5))
    return {"input": fresh, "output": output, "reasoning": reasoning, "cache": {"read": read, "write": write}}


def message_v1(message: Message) -> dict[str, Any]:
    """The data without `id` and `sessionID`, which are columns in SQLite and fields in the files and events."""
    provider, model = message.model
    if message.kind == "user":
        who = {"agent": message.agent, "model": {"providerID": provider, "modelID": model}}
        return {"role": "user", "time": {"created": message.created}} | who
    time = {"created": message.created} | ({"completed": message.completed} if message.completed else {})
    mode = "compaction" if message.kind == "compaction" else message.agent
    last = message.bills[-1].tokens if message.bills else (0, 0, 0, 0, 0)
    data: dict[str, Any] = {
        "parentID": message.turn,
        "role": "assistant",
        "mode": mode,
        "agent": mode,
        "path": {"cwd": DIRECTORY, "root": DIRECTORY},
        "cost": message.nano / 1e9 if message.bills else 0,
        "tokens": tokens_v1(last, message.written),
        "modelID": model,
        "providerID": provider,
        "time": time,
    }
    if message.kind == "compaction":
        data["summary"] = True
    if message.failed:
        data["error"] = {"name": "MessageAbortedError", "data": {"message": "The operation was aborted."}}
    elif message.completed:
        data["finish"] = "tool-calls" if message.child else "stop"
    return data


def parts_v1(message: Message) -> list[tuple[str, dict[str, Any]]]:
    """(id, data) of a message's parts: one for each step, and the tool that started a subagent."""
    stem = message.id.removeprefix("msg_")
    if message.kind == "user":
        return [(f"prt_{stem}t", {"type": "text", "text": "go on"})]
    steps = [
        (
            f"prt_{stem}f{number:02d}",
            {
                "type": "step-finish",
                "reason": "stop",
                "cost": bill.nano / 1e9,
                "tokens": tokens_v1(bill.tokens, message.written),
            },
        )
        for number, bill in enumerate(message.bills)
    ]
    if not message.child:
        return steps
    state = {
        "status": "completed" if message.completed else "running",
        "input": {"description": "dig", "prompt": "dig", "subagent_type": "explore"},
        "metadata": {"sessionId": message.child},
        "time": {"start": message.created, "end": message.completed or message.created},
    }
    tool = {"type": "tool", "tool": "task", "callID": f"call_{stem[:8]}", "state": state}
    return [*steps, (f"prt_{stem}k", tool)]


def message_v2(message: Message) -> dict[str, Any]:
    provider, model = message.model
    chosen = {"id": model, "providerID": provider, "variant": "default"}
    if message.kind == "user":
        return {"time": {"created": message.created}, "text": "go on"}
    if message.kind == "compaction":
        status = "running" if message.completed is None else "failed" if message.failed else "completed"
        data: dict[str, Any] = {"time": {"created": message.created}, "status": status, "reason": "manual"}
        if message.imported:
            return data | {"summary": "all", "recent": ""}
        if status == "failed":
            data["error"] = {"type": "compaction.failed", "message": "Compaction summary did not match"}
        else:
            data |= {"model": chosen, "summary": "all" if message.completed else "", "recent": ""}
        return data | (_billed(message) if message.bills else {})
    time: dict[str, int] = {"created": message.created}
    if message.completed:
        time |= {"streamed": max(message.created, message.completed - 5), "completed": message.completed}
    content: list[dict[str, Any]] = [{"type": "text", "text": "done"}]
    if message.child:
        state = {"status": "completed", "input": {"description": "dig"}, "metadata": {"sessionID": message.child}}
        content.append({"type": "tool", "id": "call_1", "name": "subagent", "executed": False, "state": state})
    data = {"time": time, "agent": message.agent, "model": chosen, "content": content}
    if message.failed:
        data |= {"finish": "error", "error": {"type": "aborted", "message": "Step interrupted"}}
    elif message.completed:
        data |= {"finish": "stop", "rawFinish": "stop"} | (_billed(message) if message.bills else {})
    return data


def _billed(message: Message) -> dict[str, Any]:
    return {"cost": message.nano / 1e9, "tokens": tokens_v2(message)}


def session_file(session: Session) -> dict[str, Any]:
    time: dict[str, int] = {"created": session.created, "updated": session.updated}
    if session.archived:
        time["archived"] = session.archived
    data: dict[str, Any] = {
        "id": session.id,
        "version": session.version,
        "projectID": PROJECT,
        "directory": DIRECTORY,
        "title": session.title or "",
        "time": time,
    }
    if session.parent:
        data["parentID"] = session.parent
    if session.revert:
        data["revert"] = {"messageID": session.revert}
    return data
