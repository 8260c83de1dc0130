"""From the JSON of an assistant message, in either shape, to a Call.

What of a row can be read is kept: a cost beside tokens that make no sense, or the tokens beside such a cost. The
rest is 0 and named in `Call.missing`, so that sums with it are lower bounds. A row of which not even the kind or
the time can be read is a BadRow.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from opencode_tui.money import NANO, nano_from_usd
from opencode_tui.records.calls import Call, Tokens
from opencode_tui.source.text import identifier, label

# More than any call can have. A million rows at these limits still add up within SQLite's 64 bits.
_MAX_TOKENS = 10**9
_MAX_COST_NANO = 10_000 * NANO
_MAX_MS = 253_402_300_799_999  # the end of the year 9999
BEGAN_MS = 1_577_836_800_000  # 2020-01-01, when there was no OpenCode
ABORTED = "aborted"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)$")
_LAST_WITH_REASONING_IN_OUTPUT = (1, 3, 2)


class BadRow(ValueError):
    """A row that cannot be read; the message is its reason in a few words."""


def parse(text: object) -> dict[str, Any]:
    """The JSON object in a row. Raises BadRow."""
    value = loads(text)
    if not isinstance(value, dict):
        raise BadRow("not a JSON object")
    return value


def loads(text: object) -> Any:
    """The JSON value in a text, lone surrogates as well, which JavaScript writes. Raises BadRow."""
    if not isinstance(text, str | bytes):
        raise BadRow("not JSON")
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise BadRow("not JSON") from error


def _integer(digits: str) -> int | float:
    """A JSON integer; one that is far out of any range is infinite, as a conversion of it takes for ever."""
    if len(digits) <= 20:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf


def section(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under a name, an empty one where there is none or it is something else."""
    value = data.get(name)
    return value if type(value) is dict else {}


def count(value: object, name: str, missing: list[str], most: int = _MAX_TOKENS) -> int:
    """A token count; what cannot be one is 0 and added to `missing`."""
    if type(value) is int and 0 <= value <= most:
        return value
    if isinstance(value, float) and 0 <= value <= most:
        return round(value)
    missing.append(name)
    return 0


def moment(*candidates: object) -> int | None:
    """The first of the candidates that is a time in Unix milliseconds that a calendar can hold."""
    for value in candidates:
        if type(value) is int and 0 < value <= _MAX_MS:
            return value
        if isinstance(value, float) and 1 <= value <= _MAX_MS:
            return int(value)
    return None


def cost(value: object, missing: list[str], most_nano: int = _MAX_COST_NANO) -> int:
    """A recorded cost in USD as nano-dollars. Less than nothing is 0, as OpenCode has it since 1.18.

    What is no amount is 0 and added to `missing`.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if -math.inf < value <= 0:
            return 0
        if 0 < value <= most_nano / NANO:
            return nano_from_usd(value)
    missing.append("cost")
    return 0


def tokens_of(data: dict[str, Any], version: str | None, missing: list[str]) -> Tokens:
    """The five counts, disjoint whatever the version wrote; a count that is not there is 0.

    Up to OpenCode 1.3.2 `output` already holds `reasoning`. `total` proves it where there is one; before
    1.2 there often is none, and the version of the session tells (seen on 0.5.29, 1.1.11, 1.1.65, 1.2.27, 1.3.2).
    """
    cache = section(data, "cache")
    if "cache" in data and type(data["cache"]) is not dict:
        missing.append("tokens.cache")
    parts = Tokens(
        count(data.get("input", 0), "tokens.input", missing),
        count(data.get("output", 0), "tokens.output", missing),
        count(data.get("reasoning", 0), "tokens.reasoning", missing),
        count(cache.get("read", 0), "tokens.cache.read", missing),
        count(cache.get("write", 0), "tokens.cache.write", missing),
    )
    if not 0 < parts.reasoning <= parts.output:
        return parts
    total = data.get("total")
    if isinstance(total, int | float) and not isinstance(total, bool):
        doubled = total == parts.total - parts.reasoning
    else:
        doubled = version is not None and _is_old(version)
    if not doubled:
        return parts
    return Tokens(parts.input, parts.output - parts.reasoning, parts.reasoning, parts.cache_read, parts.cache_write)


def usage_of(data: dict[str, Any], version: str | None, missing: list[str]) -> tuple[Tokens, int]:
    """The tokens and the cost in nano-dollars of a message or a step.

    A cost that is not there is 0. Tokens that are not there are missing where there is a cost.
    """
    recorded = cost(data["cost"], missing) if data.get("cost") is not None else 0
    tokens = data.get("tokens")
    if type(tokens) is dict:
        return tokens_of(tokens, version, missing), recorded
    if tokens is not None or recorded:
        missing.append("tokens")
    return Tokens(), recorded


def missing_text(missing: Sequence[str]) -> str | None:
    """What `Call.missing` says of the fields that could not be read."""
    return ", ".join(dict.fromkeys(missing)) or None


def _is_old(version: str) -> bool:
    match = _VERSION.match(version)
    if match is None:
        return False
    parts = tuple(int(number) for number in match.groups())
    return (0, 0, 0) < parts <= _LAST_WITH_REASONING_IN_OUTPUT


def is_copy(created_ms: int, session_created_ms: int | None) -> bool:
    """Whether a call was made before its session was: a fork's copy.

    Where nothing tells when the session was made any call may be one: what it is like then decides, see
    `ledger/copies.py`. A moment long before there was any OpenCode tells nothing.
    """
    if session_created_ms is None or session_created_ms < BEGAN_MS <= created_ms:
        return True
    return created_ms < session_created_ms


def call_from_v1(
    data: dict[str, Any],
    *,
    id: str,
    session_id: str,
    created_ms: object,
    session_created_ms: int | None,
    version: str | None,
) -> Call | None:
    """The call of a v1 message (SQLite v1 and the JSON files), None for a message that is not a call.

    `created_ms` is the row's own time, for data that has none. Raises BadRow.
    """
    role = data.get("role")
    if role == "user":
        return None
    if role != "assistant":
        raise BadRow("unknown role")
    time = section(data, "time")
    created = moment(time.get("created"), created_ms, time.get("completed"), session_created_ms)
    if created is None:
        raise BadRow("has no usable time")
    missing: list[str] = []
    tokens, recorded = usage_of(data, version, missing)
    if "cost" in data and data["cost"] is None:
        missing.append("cost")  # what JavaScript writes for a NaN
    path = section(data, "path")
    return Call(
        id=id,
        session_id=session_id,
        turn_id=identifier(data.get("parentID")),
        provider=label(data.get("providerID")) or "unknown",
        model=label(data.get("modelID"), 200) or "unknown",
        agent=agent_name(data.get("agent") or data.get("mode")),
        directory=label(path.get("cwd"), 1000),
        created_ms=created,
        completed_ms=moment(time.get("completed")),
        tokens=tokens,
        recorded_nano=recorded,
        finish=finish_word(data.get("finish")),
        error=_error_name(data.get("error")),
        copied=is_copy(created, session_created_ms),
        missing=missing_text(missing),
    )


def call_from_v2(
    data: dict[str, Any],
    *,
    id: str,
    session_id: str,
    turn_id: str | None,
    kind: str,
    created_ms: object,
    copied: bool,
    directory: str,
    session_model: dict[str, Any],
) -> Call | None:
    """The call of a v2 `session_message` row of type assistant or compaction. Raises BadRow.

    A compaction that one of OpenCode 1 has become is None: it has no cost, and the frozen tables tell its call. One
    that does not name its model was made by the session's.
    """
    missing: list[str] = []
    tokens, recorded = usage_of(data, None, missing)
    is_empty = not recorded and not tokens.total and not missing
    if kind == "compaction" and is_empty and data.get("status") == "completed" and not section(data, "model"):
        return None
    time = section(data, "time")
    created = moment(time.get("created"), created_ms)
    if created is None:
        raise BadRow("has no usable time")
    completed = moment(time.get("completed"))
    if kind == "compaction" and completed is None and data.get("status") != "running":
        completed = created
    model = section(data, "model") or session_model
    return Call(
        id=id,
        session_id=session_id,
        turn_id=turn_id,
        provider=label(model.get("providerID")) or "unknown",
        model=label(model.get("id") or model.get("modelID"), 200) or "unknown",
        agent="compaction" if kind == "compaction" else agent_name(data.get("agent")),
        directory=directory,
        created_ms=created,
        completed_ms=completed,
        tokens=tokens,
        recorded_nano=recorded,
        finish=finish_word(data.get("finish")),
        # Closed by the next step after a crash: what it had streamed is recorded nowhere.
        error=_error_name(data.get("error"))
        or (ABORTED if completed and is_empty and not data.get("finish") else None),
        copied=copied,
        variant=_variant(model),
        streamed_ms=moment(time.get("streamed")),
        missing=missing_text(missing),
    )


def agent_name(name: object) -> str:
    """An agent's name; `unknown` where there is none, or what stands there is no name."""
    return _agent(name) if isinstance(name, str) else "unknown"


def finish_word(value: object) -> str | None:
    """How a call finished, as one of the words that there are for it."""
    return (_word(value) or None) if isinstance(value, str) else None


def _error_name(error: object) -> str | None:
    """The kind of an error, never its text, which can quote a request with its key."""
    if not error and not isinstance(error, dict):
        return None
    name = (error.get("name") or error.get("type")) if isinstance(error, dict) else error
    return (_word(name) if isinstance(name, str) else "") or "error"


def _variant(model: dict[str, Any]) -> str | None:
    """The model's variant, None for the one that it has by itself."""
    name = label(model.get("variant"), 60)
    return name if name not in ("", "default") else None


# Imported here, so that who finds nothing new does not wait for it.


@lru_cache(maxsize=256)
def _agent(name: str) -> str:
    from opencode_tui.privacy.targets import agent_of

    return agent_of(name) or "unknown"


@lru_cache(maxsize=256)
def _word(text: str) -> str:
    from opencode_tui.privacy.targets import word_of

    return word_of(text)
