"""The JSON of OpenCode 1, which its rows, its events and its files share."""

from __future__ import annotations

from opencode_tui.records.calls import Tokens
from tests.stores.ids import Ids
from tests.stores.model import Message, Session, Version, json_number
from tests.stores.recorder import COMPACT
from tests.stores.tools import Json

FIRST_WITH_TOTAL: Version = (1, 1, 65)
FIRST_DISJOINT: Version = (1, 3, 3)
SNAPSHOT = "4e71d83239356f2f4ca6efe3ccd6ffd93adf4750"


def tokens_json(tokens: Tokens, version: Version, *, settled: bool = True) -> Json:
    """Up to 1.3.2 `output` holds the reasoning too."""
    doubled = 0 if version >= FIRST_DISJOINT else tokens.reasoning
    counts: Json = {"total": tokens.total} if settled and version >= FIRST_WITH_TOTAL else {}
    return counts | {
        "input": tokens.input,
        "output": tokens.output + doubled,
        "reasoning": tokens.reasoning,
        "cache": {"read": tokens.cache_read, "write": tokens.cache_write},
    }


def message_json(message: Message, session: Session) -> Json:
    """The `data` of a message's row; its events and files have `id` and `sessionID` before it."""
    if message.role == "user":
        model = {"providerID": message.provider_id, "modelID": message.model_id}
        user: Json = {
            "role": "user",
            "time": {"created": message.created},
            "agent": message.agent,
            "model": model,
        }
        return user if message.text == COMPACT else user | {"summary": {"diffs": []}}
    time = {"created": message.created}
    if message.completed is not None:
        time["completed"] = message.completed
    settled = message.completed is not None and message.error is None
    data: Json = {
        "parentID": message.parent,
        "role": "assistant",
        "mode": message.agent,
        "agent": message.agent,
        "path": {"cwd": session.directory, "root": session.directory},
        "cost": json_number(message.cost),
        "tokens": tokens_json(message.tokens, message.version, settled=settled),
        "modelID": message.model_id,
        "providerID": message.provider_id,
        "time": time,
    }
    if message.finish is not None:
        data["finish"] = message.finish
    if message.error is not None:
        data["error"] = message.error
    if message.role == "compaction":
        data["summary"] = True
    return data


def parts_json(message: Message, ids: Ids) -> list[tuple[str, Json]]:
    """The parts of a message with their ids, which stay the same when the message is written again."""
    if message.role == "user":
        asked: Json = {"type": "text", "text": message.text}
        parts = [{"type": "compaction", "auto": False} if message.text == COMPACT else asked]
    else:
        parts = _assistant_parts(message)
    while len(message.part_ids) < len(parts):
        message.part_ids.append(ids.part(message.created + len(message.part_ids)))
    return list(zip(message.part_ids, parts, strict=False))


def _assistant_parts(message: Message) -> list[Json]:
    if message.error is not None and not message.tokens.total and not message.tools:
        return []
    start = message.created + 10
    time = {"start": start, "end": start + 5}
    parts: list[Json] = [
        {"snapshot": SNAPSHOT, "type": "step-start"},
        {"type": "text", "text": "on it", "time": time},
    ]
    for number, tool in enumerate(message.tools):
        state = tool.state(start, message.made_in)
        parts.append({"type": "tool", "tool": tool.name, "callID": call_id(message, number), "state": state})
    if message.finish is not None:
        parts.append(
            {
                "reason": message.finish,
                "snapshot": SNAPSHOT,
                "type": "step-finish",
                "tokens": tokens_json(message.tokens, message.version),
                "cost": json_number(message.cost),
            }
        )
    return parts


def call_id(message: Message, number: int) -> str:
    """The provider's id of a tool call, which a copy keeps."""
    return f"call_{message.created}_{number}"


def session_json(session: Session, version: Version) -> Json:
    """A session as its events and its file have it."""
    info: Json = {
        "id": session.id,
        "slug": "quiet-river",
        "version": session.version,
        "projectID": session.project_id,
        "directory": session.directory,
        "title": session.title,
        "time": {"created": session.created, "updated": session.updated},
        "summary": {"additions": 0, "deletions": 0, "files": 0},
    }
    if session.parent is not None:
        info["parentID"] = session.parent
    if session.archived is not None:
        info["time"]["archived"] = session.archived
    if session.revert is not None:
        info["revert"] = session.revert
    if version >= (1, 15, 0):
        cost, tokens = session.totals
        info |= {
            "path": "",
            "cost": json_number(cost),
            "tokens": tokens_json(tokens, version, settled=False),
            "agent": session.agent,
        }
        if session.model is not None:
            info["model"] = model_json(session.model)
    if version < (1, 1, 65):
        del info["slug"]
    return info


def model_json(model: str) -> Json:
    """A model as a session refers to it."""
    provider, _, name = model.partition("/")
    return {"id": name, "providerID": provider, "variant": "default"}
