"""The JSON of OpenCode 2."""

from __future__ import annotations

from decimal import Decimal

from opencode_tui.records.calls import Tokens
from tests.stores.model import Message, json_number
from tests.stores.shapes import FIRST_DISJOINT, call_id, model_json
from tests.stores.tools import Json

_ERROR_IN_2 = {"MessageAbortedError": "aborted", "APIError": "provider.error"}


def usage_json(cost: Decimal, tokens: Tokens, *, doubled: int = 0) -> Json:
    counts = {
        "input": tokens.input,
        "output": tokens.output + doubled,
        "reasoning": tokens.reasoning,
        "cache": {"read": tokens.cache_read, "write": tokens.cache_write},
    }
    return {"cost": json_number(cost), "tokens": counts}


def message_json(message: Message) -> Json:
    """The `data` of a row of `session_message`."""
    time = {"created": message.created}
    if message.role == "user":
        return {"text": message.text, "time": time}
    if message.role == "compaction":
        return _compaction(message, time)
    if message.completed is not None:
        if message.error is None:
            time["streamed"] = max(message.created, message.completed - sum(tool.took for tool in message.tools))
        time["completed"] = message.completed
    data: Json = {
        "agent": message.agent,
        "model": model_json(message.model),
        "content": [{"type": "text", "text": "on it"}]
        + [tool.content(call_id(message, n), message.created + 10) for n, tool in enumerate(message.tools)],
    }
    if message.finish is not None:
        data["finish"] = message.finish
    if message.completed is not None and (message.error is None or message.tokens.total):
        doubled = 0 if message.version >= FIRST_DISJOINT else message.tokens.reasoning
        data |= usage_json(message.cost, message.tokens, doubled=doubled)
    if message.error is not None:
        data["error"] = _error(message.error)
    return data | {"time": time}


def _compaction(message: Message, time: Json) -> Json:
    status = "running" if message.completed is None else "completed" if message.error is None else "failed"
    data: Json = {"status": status, "reason": "auto"}
    if message.error is not None:
        data["error"] = _error(message.error)
    elif message.completed is not None:
        data |= {"model": model_json(message.model), "summary": "what was done", "recent": ""}
    if message.completed is not None:
        data |= usage_json(message.cost, message.tokens)
    return data | {"time": time}


def _error(error: Json) -> Json:
    name = error.get("name", "unknown")
    return {"type": _ERROR_IN_2.get(name, "unknown"), "message": error.get("data", {}).get("message", name)}
