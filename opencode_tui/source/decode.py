"""Decodes the JSON of an assistant message of OpenCode 1 or 2 into a Call.

Every field that can be read is kept: a valid cost beside invalid tokens, or the other way round. The invalid ones
become 0 and are named in `Call.missing`, so that sums including them are lower bounds. A row without a readable kind
or time is a BadRow.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from opencode_tui.money import NANO, nano_from_usd
from opencode_tui.records.calls import Call, Tokens
from opencode_tui.source.text import identifier, label

# Above any real call. A million rows at these limits still add up within SQLite's 64 bits.
MAX_TOKENS = 10**9
MAX_COST_USD = 10_000
_MAX_COST_NANO = MAX_COST_USD * NANO
_FLOAT_NANO = 0.01
"""More than a float of a large cost can differ from it by itself, in nano-dollars."""
MAX_MS = 253_402_300_799_999  # the end of the year 9999
BEGAN_MS = 1_577_836_800_000  # 2020-01-01, when there was no OpenCode
ABORTED = "aborted"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)$")
_LAST_WITH_REASONING_IN_OUTPUT = (1, 3, 2)


class BadRow(ValueError):
    """A row that cannot be read; the message is its reason in a few words."""


def json_object(text: object) -> dict[str, Any]:
    """The JSON object in a row. Raises BadRow."""
    value = json_value(text)
    if not isinstance(value, dict):
        raise BadRow("not a JSON object")
    return value


def json_value(text: object) -> Any:
    """The JSON value in a text; accepts the lone surrogates that JavaScript writes. Raises BadRow."""
    if not isinstance(text, str | bytes):
        raise BadRow("not JSON")
    import orjson  # here, since most commands find no new row

    try:
        return orjson.loads(text)
    except ValueError:
        pass
    try:
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise BadRow("not JSON") from error


def _integer(digits: str) -> int | float:
    """A JSON integer; one with more than 20 digits becomes infinite, as converting a very long one takes too long."""
    if len(digits) <= 20:
        return int(digits)
    return -math.inf if digits.startswith("-") else math.inf


def section(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under a name; an empty one if it is absent or not an object."""
    value = data.get(name)
    return value if type(value) is dict else {}


def count_field(value: object, name: str, missing: list[str], most: int = MAX_TOKENS) -> int:
    """A token count; returns 0 and adds `name` to `missing` if the value is not a valid count."""
    if type(value) is int and 0 <= value <= most:
        return value
    if isinstance(value, float) and 0 <= value <= most:
        return round(value)
    missing.append(name)
    return 0


def moment(*candidates: object) -> int | None:
    """The first candidate that is a time in Unix milliseconds up to the year 9999, or None."""
    for value in candidates:
        if type(value) is int and 0 < value <= MAX_MS:
            return value
        if isinstance(value, float) and 1 <= value <= MAX_MS:
            return int(value)
    return None


def cost_field(value: object, missing: list[str], most_nano: int = _MAX_COST_NANO) -> int:
    """Converts a recorded cost in USD to nano-dollars; a negative one is 0, as in OpenCode since 1.18.

    Returns 0 and adds "cost" to `missing` if the value is not an amount.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        if -math.inf < value <= 0:
            return 0
        if 0 < value <= most_nano / NANO:
            return nano_from_usd(value)
    missing.append("cost")
    return 0


def fraction_of(value: object, nano: int) -> float:
    """What a recorded cost in USD, read as `nano`, is above that (or below, if negative), in nano-dollars.

    0 unless it is more than what a float cannot tell.
    """
    if not isinstance(value, float) or nano <= 0:
        return 0.0
    fraction = value * NANO - nano
    return fraction if abs(fraction) > _FLOAT_NANO else 0.0


def tokens_of(data: dict[str, Any], version: str | None, missing: list[str]) -> Tokens:
    """The five token counts, made disjoint whatever version wrote them; an absent count is 0.

    Up to OpenCode 1.3.2 `output` includes `reasoning`. `total` shows whether it does; before 1.2 `total` is often
    absent, and the session's version decides (seen on 0.5.29, 1.1.11, 1.1.65, 1.2.27, 1.3.2).
    """
    cache = section(data, "cache")
    if "cache" in data and type(data["cache"]) is not dict:
        missing.append("tokens.cache")
    parts = Tokens(
        count_field(data.get("input", 0), "tokens.input", missing),
        count_field(data.get("output", 0), "tokens.output", missing),
        count_field(data.get("reasoning", 0), "tokens.reasoning", missing),
        count_field(cache.get("read", 0), "tokens.cache.read", missing),
        count_field(cache.get("write", 0), "tokens.cache.write", missing),
    )
    return disjoint_tokens(parts, data.get("total"), version)


def disjoint_tokens(parts: Tokens, total: object, version: str | None) -> Tokens:
    """The counts as they are, or with `output` less `reasoning` if their message's total or version says so."""
    if not 0 < parts.reasoning <= parts.output:
        return parts
    if isinstance(total, int | float) and not isinstance(total, bool):
        doubled = total == parts.total - parts.reasoning
    else:
        doubled = version is not None and _is_old(version)
    if not doubled:
        return parts
    return Tokens(parts.input, parts.output - parts.reasoning, parts.reasoning, parts.cache_read, parts.cache_write)


def usage_of(data: dict[str, Any], version: str | None, missing: list[str]) -> tuple[Tokens, int]:
    """The tokens and the cost in nano-dollars of a message or a step.

    An absent cost is 0. Absent tokens are added to `missing` if there is a cost.
    """
    recorded = cost_field(data["cost"], missing) if data.get("cost") is not None else 0
    tokens = data.get("tokens")
    if type(tokens) is dict:
        return tokens_of(tokens, version, missing), recorded
    if tokens is not None or recorded:
        missing.append("tokens")
    return Tokens(), recorded


def missing_text(missing: Sequence[str]) -> str | None:
    """The value of `Call.missing`: the names of the fields that could not be read, or None."""
    return ", ".join(dict.fromkeys(missing)) or None


def _is_old(version: str) -> bool:
    match = _VERSION.match(version)
    if match is None:
        return False
    parts = tuple(int(number) for number in match.groups())
    return (0, 0, 0) < parts <= _LAST_WITH_REASONING_IN_OUTPUT


def is_copy(created_ms: int, session_created_ms: int | None) -> bool:
    """Returns whether a call is older than its session, which makes it a copied call of a fork.

    If the session's time is unknown (or before OpenCode existed), every call may be a copy, and `ledger/copies.py`
    decides by comparing calls.
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
    """The call of a v1 message (SQLite v1 and the JSON files); None if the message is not a call.

    `created_ms` is the row's own time, used if the data has none. Raises BadRow.
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

    Returns None for a compaction migrated from OpenCode 1: it has no cost, and the frozen v1 tables hold its call. A
    compaction that names no model used the session's. It is a turn of its own, as in OpenCode 1: a `/compact` has no
    prompt, and one that OpenCode starts by itself is no work of the turn that it interrupts.
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
        turn_id=id if kind == "compaction" else turn_id,
        provider=label(model.get("providerID")) or "unknown",
        model=label(model.get("id") or model.get("modelID"), 200) or "unknown",
        agent="compaction" if kind == "compaction" else agent_name(data.get("agent")),
        directory=directory,
        created_ms=created,
        completed_ms=completed,
        tokens=tokens,
        recorded_nano=recorded,
        finish=finish_word(data.get("finish")),
        # Closed by the next step after a crash; OpenCode did not record what had been streamed.
        error=_error_name(data.get("error"))
        or (ABORTED if completed and is_empty and not data.get("finish") else None),
        copied=copied,
        variant=_variant(model),
        streamed_ms=moment(time.get("streamed")),
        missing=missing_text(missing),
    )


def agent_name(name: object) -> str:
    """An agent's name; `unknown` if the value is not a name."""
    return _agent(name) if isinstance(name, str) else "unknown"


def finish_word(value: object) -> str | None:
    """How a call finished, such as `stop`; None if the value is not such a word."""
    return (_word(value) or None) if isinstance(value, str) else None


def _error_name(error: object) -> str | None:
    """The kind of an error, never its message, which can quote a request including its API key."""
    if not error and not isinstance(error, dict):
        return None
    name = (error.get("name") or error.get("type")) if isinstance(error, dict) else error
    return (_word(name) if isinstance(name, str) else "") or "error"


def _variant(model: dict[str, Any]) -> str | None:
    """The model's variant; None for the default one."""
    name = label(model.get("variant"), 60)
    return name if name not in ("", "default") else None


# Imported on first use, to keep polls that find nothing new fast.


@lru_cache(maxsize=256)
def _agent(name: str) -> str:
    from opencode_tui.records.privacy.targets import agent_of

    return agent_of(name) or "unknown"


@lru_cache(maxsize=256)
def _word(text: str) -> str:
    from opencode_tui.records.privacy.targets import word_of

    return word_of(text)
