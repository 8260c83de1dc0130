"""The sums that the ledger keeps with its calls, and what they have to be, worked out from the calls without SQL."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from typing import Any

QUARTER_MS = 15 * 60 * 1000
AMOUNTS = (
    *("cost_nano", "list_nano", "input", "output", "reasoning", "cache_read", "cache_write"),
    *("input_nano", "output_nano", "cache_nano"),
)
_GROUP = ("session_id", "provider", "model", "agent", "directory")
_OF_CALL = (
    *_GROUP,
    *("created_ms", "completed_ms", "error", "turn_id", "streamed_ms", "finish", "id"),
    *AMOUNTS,
)
_BOTH = ("calls", "first_ms", "last_ms", "aborted", *AMOUNTS, "saved_nano", "turns", "speeds")
_KEPT = (*("quarter", *_GROUP), *_BOTH, "costs")
_KEPT_OF_TOOL = (*("quarter", *_GROUP, "name"), *_BOTH, *("uses", "failures", "tool_ms"))
_OF_SESSION = ("calls", "aborted", *AMOUNTS, "saved_nano")
_KEPT_OF_SESSION = (
    *("session_id", "provider", "model", "agent", "first_quarter", "last_quarter"),
    *("first_ms", "last_ms", *_OF_SESSION, "turns", "speeds", "costs"),
)

Sums = dict[tuple[Any, ...], dict[str, Any]]
"""The sums by (quarter, session, provider, model, agent, directory), or by (session, provider, model, agent)."""


def kept_sums(connection: sqlite3.Connection) -> Sums:
    """What stands in the ledger."""
    found: Sums = {}
    for row in connection.execute(f"SELECT {', '.join(_KEPT)} FROM call_sum"):
        values = dict(zip(_KEPT, row, strict=True))
        costs = json.loads(f"[{values['costs'] or ''}]")
        values["costs"] = sorted(zip(costs[::2], costs[1::2], strict=True))
        turns = json.loads(f"[{values['turns'] or ''}]")
        values["turns"] = set(turns)
        assert len(turns) == len(values["turns"])
        values["speeds"] = sorted((values["speeds"] or "").split(",")) if values["speeds"] else []
        found[row[:6]] = {name: values[name] for name in _KEPT[6:]}
    return found


def kept_tool_sums(connection: sqlite3.Connection) -> Sums:
    """What stands in the ledger of the calls that asked for a tool."""
    found: Sums = {}
    for row in connection.execute(f"SELECT {', '.join(_KEPT_OF_TOOL)} FROM tool_sum"):
        values = dict(zip(_KEPT_OF_TOOL, row, strict=True))
        values["turns"] = set(json.loads(f"[{values['turns'] or ''}]"))
        values["speeds"] = sorted((values["speeds"] or "").split(",")) if values["speeds"] else []
        found[row[:7]] = {name: values[name] for name in _KEPT_OF_TOOL[7:]}
    return found


def true_sums(connection: sqlite3.Connection) -> Sums:
    """What has to stand there."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for call in _paid_calls(connection):
        groups[call["created_ms"] // QUARTER_MS, *(call[name] for name in _GROUP)].append(call)
    return {
        key: _sums_of(calls)
        | {"costs": sorted((call["created_ms"], call["cost_nano"]) for call in calls if call["cost_nano"])}
        for key, calls in groups.items()
    }


def true_tool_sums(connection: sqlite3.Connection) -> Sums:
    """What has to stand there of the calls that asked for a tool."""
    uses: dict[tuple[str, str], list[tuple[int | None, int | None]]] = defaultdict(list)
    for id, name, ok, took_ms in connection.execute("SELECT call_id, name, ok, duration_ms FROM tool"):
        uses[id, name].append((ok, took_ms))
    groups: dict[tuple[Any, ...], list[tuple[dict[str, Any], list[tuple[int | None, int | None]]]]] = defaultdict(list)
    calls = {call["id"]: call for call in _paid_calls(connection)}
    for (id, name), of_call in uses.items():
        if call := calls.get(id):
            key = (call["created_ms"] // QUARTER_MS, *(call[name] for name in _GROUP), name)
            groups[key].append((call, of_call))
    return {
        key: _sums_of([call for call, _ in members])
        | {
            "uses": sum(len(of_call) for _, of_call in members),
            "failures": sum(ok == 0 for _, of_call in members for ok, _ in of_call),
            "tool_ms": sum(max(took_ms or 0, 0) for _, of_call in members for _, took_ms in of_call),
        }
        for key, members in groups.items()
    }


def _paid_calls(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The calls, each with the rate of its input in nano-dollars per million tokens, if it is known."""
    names = (*_OF_CALL, "rate")
    rows = connection.execute(
        f"SELECT {', '.join(f'c.{name}' for name in _OF_CALL)}, r.input FROM call c"
        " LEFT JOIN rates r ON r.id = c.rates_id WHERE copied_from IS NULL"
    )
    return [dict(zip(names, row, strict=True)) for row in rows]


def _sums_of(calls: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "calls": len(calls),
        "first_ms": min(call["created_ms"] for call in calls),
        "last_ms": max(call["created_ms"] if call["completed_ms"] is None else call["completed_ms"] for call in calls),
        "aborted": sum("abort" in (call["error"] or "").lower() for call in calls),
        **{name: sum(call[name] or 0 for call in calls) for name in AMOUNTS},
        "saved_nano": sum(map(_saved_nano, calls)),
        "turns": {call["turn_id"] for call in calls} - {None},
        "speeds": sorted(speed for call in calls if (speed := _speed(call))),
    }


def _saved_nano(call: dict[str, Any]) -> int:
    """What the cache saved, as a whole number: exact for the amounts of the tests."""
    if call["rate"] is None or call["cache_nano"] is None:
        return 0
    at_input: int = (call["cache_read"] + call["cache_write"]) * call["rate"] // 1_000_000
    return at_input - int(call["cache_nano"])


def _speed(call: dict[str, Any]) -> str | None:
    """The tenths of a second that a call took, and its tokens a second where the end of the stream is known."""
    start, end, streamed = call["created_ms"], call["completed_ms"], call["streamed_ms"]
    if call["error"] is not None or end is None or end <= start:
        return None
    took = min(end - start, 10**12)
    tenths = (took + 50) // 100 if took < 10_000 else (took + 500) // 1000 * 10
    if streamed is None and call["finish"] != "tool-calls":
        streamed = end
    written = call["output"] + call["reasoning"]
    if not written or streamed is None or streamed <= start:
        return str(tenths)
    return f"{tenths} {int(written * 1000 / (streamed - start) + 0.5)}"


def kept_session_sums(connection: sqlite3.Connection) -> Sums:
    """What stands in the ledger for each (session, provider, model, agent)."""
    found: Sums = {}
    for row in connection.execute(f"SELECT {', '.join(_KEPT_OF_SESSION)} FROM session_sum"):
        values = dict(zip(_KEPT_OF_SESSION, row, strict=True))
        costs = json.loads(f"[{values['costs'] or ''}]")
        values["costs"] = sorted(zip(costs[::2], costs[1::2], strict=True))
        values["turns"] = set(json.loads(f"[{values['turns'] or ''}]"))
        values["speeds"] = sorted((values["speeds"] or "").split(",")) if values["speeds"] else []
        found[row[:4]] = {name: values[name] for name in _KEPT_OF_SESSION[4:]}
    return found


def true_session_sums(quarters: Sums) -> Sums:
    """What has to stand there, from what has to stand in the quarters of an hour."""
    groups: dict[tuple[Any, ...], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for (quarter, session, provider, model, agent, _), values in quarters.items():
        groups[session, provider, model, agent].append((quarter, values))
    return {
        key: {
            "first_quarter": min(quarter for quarter, _ in parts),
            "last_quarter": max(quarter for quarter, _ in parts),
            "first_ms": min(values["first_ms"] for _, values in parts),
            "last_ms": max(values["last_ms"] for _, values in parts),
            **{name: sum(values[name] for _, values in parts) for name in _OF_SESSION},
            "turns": {turn for _, values in parts for turn in values["turns"]},
            "speeds": sorted(speed for _, values in parts for speed in values["speeds"]),
            "costs": sorted(cost for _, values in parts for cost in values["costs"]),
        }
        for key, parts in groups.items()
    }


def wrong_sums(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the sums, one text for each group; all in one transaction, as others may write."""
    connection.execute("BEGIN")
    kept, true = kept_sums(connection), true_sums(connection)
    kept |= kept_session_sums(connection) | kept_tool_sums(connection)
    true |= true_session_sums(true) | true_tool_sums(connection)
    connection.execute("ROLLBACK")
    return [f"{key}: {kept.get(key)}, not {true.get(key)}" for key in kept | true if kept.get(key) != true.get(key)]
