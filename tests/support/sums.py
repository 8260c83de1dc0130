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
    *("created_ms", "completed_ms", "error", "turn_id"),
    *AMOUNTS,
)
_KEPT = (*("quarter", *_GROUP), *("calls", "first_ms", "last_ms", "aborted"), *AMOUNTS, *("turns", "costs"))
_OF_SESSION = ("cost_nano", "input", "output", "reasoning", "cache_read", "cache_write")
_KEPT_OF_SESSION = (
    *("session_id", "provider", "model", "agent", "first_quarter", "last_quarter"),
    *("calls", "first_ms", "last_ms", *_OF_SESSION, "turns", "costs"),
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
        found[row[:6]] = {name: values[name] for name in _KEPT[6:]}
    return found


def true_sums(connection: sqlite3.Connection) -> Sums:
    """What has to stand there."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in connection.execute(f"SELECT {', '.join(_OF_CALL)} FROM call WHERE copied_from IS NULL"):
        call = dict(zip(_OF_CALL, row, strict=True))
        groups[call["created_ms"] // QUARTER_MS, *row[: len(_GROUP)]].append(call)
    return {
        key: {
            "calls": len(calls),
            "first_ms": min(call["created_ms"] for call in calls),
            "last_ms": max(
                call["created_ms"] if call["completed_ms"] is None else call["completed_ms"] for call in calls
            ),
            "aborted": sum("abort" in (call["error"] or "").lower() for call in calls),
            **{name: sum(call[name] or 0 for call in calls) for name in AMOUNTS},
            "turns": {call["turn_id"] for call in calls} - {None},
            "costs": sorted((call["created_ms"], call["cost_nano"]) for call in calls if call["cost_nano"]),
        }
        for key, calls in groups.items()
    }


def kept_session_sums(connection: sqlite3.Connection) -> Sums:
    """What stands in the ledger for each (session, provider, model, agent)."""
    found: Sums = {}
    for row in connection.execute(f"SELECT {', '.join(_KEPT_OF_SESSION)} FROM session_sum"):
        values = dict(zip(_KEPT_OF_SESSION, row, strict=True))
        costs = json.loads(f"[{values['costs'] or ''}]")
        values["costs"] = sorted(zip(costs[::2], costs[1::2], strict=True))
        values["turns"] = set(json.loads(f"[{values['turns'] or ''}]"))
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
            **{name: sum(values[name] for _, values in parts) for name in ("calls", *_OF_SESSION)},
            "turns": {turn for _, values in parts for turn in values["turns"]},
            "costs": sorted(cost for _, values in parts for cost in values["costs"]),
        }
        for key, parts in groups.items()
    }


def wrong_sums(connection: sqlite3.Connection) -> list[str]:
    """What is wrong with the sums, one text for each group; all in one transaction, as others may write."""
    connection.execute("BEGIN")
    kept, true = kept_sums(connection), true_sums(connection)
    kept |= kept_session_sums(connection)
    true |= true_session_sums(true)
    connection.execute("ROLLBACK")
    return [f"{key}: {kept.get(key)}, not {true.get(key)}" for key in kept | true if kept.get(key) != true.get(key)]
