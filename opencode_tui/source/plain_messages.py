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
    cwd: str


class _Message(Struct, gc=False):
    role: Literal["assistant"]
    parentID: str
    modelID: str
    providerID: str
    path: _Path
    cost: int | float
    tokens: _Tokens
    time: _Time
    agent: str = ""
    mode: str = ""
    finish: str | None = None
    error: None = None


_DECODER = msgspec.json.Decoder(_Message)


def plain_call(
    text: str, *, id: str, session_id: str, session_created_ms: int | None, version: str | None
) -> Call | None:
    """The call of a message; None if the message is not a plain one, which says nothing about what it is."""
    try:
        message = _DECODER.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    cost, used, time = message.cost, message.tokens, message.time
    if not 0 <= cost <= MAX_COST_USD:
        return None
    counts = Tokens(used.input, used.output, used.reasoning, used.cache.read, used.cache.write)
    agent = message.agent or message.mode or None
    provider, model, agent, directory, finish = _names(
        message.providerID[:240], message.modelID[:400], agent, message.path.cwd[:2000], message.finish
    )
    return Call(
        id,
        session_id,
        identifier(message.parentID),
        provider,
        model,
        agent,
        directory,
        time.created,
        time.completed,
        disjoint_tokens(counts, used.total, version) if used.reasoning else counts,
        nano_from_usd(cost) if cost else 0,
        finish,
        None,
        is_copy(time.created, session_created_ms),
    )


@lru_cache(maxsize=4096)
def _names(
    provider: str, model: str, agent: str | None, directory: str, finish: str | None
) -> tuple[str, str, str, str, str | None]:
    """The names of a call, of which there are few; cached together, as that is faster than each by itself."""
    return (
        label(provider) or "unknown",
        label(model, 200) or "unknown",
        agent_name(agent),
        label(directory, 1000),
        finish_word(finish),
    )
