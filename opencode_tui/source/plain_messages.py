"""Decodes the messages of OpenCode 1 that are as it writes them, several times as fast as `decode.py` does any.

Anything else, such as an error, an absent field or a number that cannot be a count, is left to `call_from_v1`, which
gives the same call for a message that is decoded here.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from opencode_tui.money import nano_from_usd
from opencode_tui.records.calls import Call, Tokens
from opencode_tui.source.decode import (
    BEGAN_MS,
    MAX_COST_USD,
    MAX_MS,
    MAX_TOKENS,
    agent_name,
    disjoint_tokens,
    finish_word,
    is_copy,
)
from opencode_tui.source.text import identifier, label

Count = Annotated[int, Meta(ge=0, le=MAX_TOKENS)]
Moment = Annotated[int, Meta(ge=1, le=MAX_MS)]
ModelName = Annotated[str, Meta(max_length=240)]


class _Cache(Struct, gc=False):
    read: Count = 0
    write: Count = 0


class _Tokens(Struct, gc=False):
    input: Count
    output: Count
    cache: _Cache
    reasoning: Count = 0
    total: int | None = None


class _Time(Struct, gc=False):
    created: Moment
    completed: Moment | None = None


class _Path(Struct, gc=False):
    cwd: Annotated[str, Meta(max_length=2000)]


class _Message(Struct, gc=False):
    role: Literal["assistant"]
    parentID: str
    modelID: ModelName
    providerID: ModelName
    path: _Path
    cost: int | float
    tokens: _Tokens
    time: _Time
    agent: str = ""
    mode: str = ""
    finish: str | None = None
    error: None = None


_decode = msgspec.json.Decoder(_Message).decode
_turn_id = lru_cache(maxsize=256)(identifier)


def plain_call(text: str, id: str, session_id: str, session_created_ms: int | None, version: str | None) -> Call | None:
    """The call of a message; None if the message is not a plain one, which says nothing about what it is."""
    try:
        message = _decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    cost, time = message.cost, message.time
    if not 0 <= cost <= MAX_COST_USD:
        return None
    made, began = time.created, session_created_ms
    is_own = began is not None and BEGAN_MS <= began <= made
    provider, model, agent, directory, finish = _names(
        message.providerID, message.modelID, message.agent or message.mode, message.path.cwd, message.finish
    )
    # fmt: off
    return Call(
        id, session_id, _turn_id(message.parentID), provider, model, agent, directory, made, time.completed,
        _counts(message.tokens, version), nano_from_usd(cost) if cost else 0, finish, None,
        not is_own and is_copy(made, began),
    )
    # fmt: on


def _counts(used: _Tokens, version: str | None) -> Tokens:
    input, output, reasoning, cache = used.input, used.output, used.reasoning, used.cache
    read, write = cache.read, cache.write
    counts = Tokens(input, output, reasoning, read, write)
    if not reasoning or used.total == input + output + reasoning + read + write:
        return counts
    return disjoint_tokens(counts, used.total, version)


@lru_cache(maxsize=4096)
def _names(
    provider: str, model: str, agent: str, directory: str, finish: str | None
) -> tuple[str, str, str, str, str | None]:
    """The names of a call, of which there are few; cached together, as that is faster than each by itself."""
    return (
        label(provider) or "unknown",
        label(model, 200) or "unknown",
        agent_name(agent or None),
        label(directory, 1000),
        finish_word(finish),
    )
