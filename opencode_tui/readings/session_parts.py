"""What each session of a span cost, by its models and agents, and when: read once for all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from operator import add

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger import queries
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import SessionPart, SessionSum

SPARK_STEPS = 12
Shares = Mapping[str, tuple[int, int]]
"""(nano-dollars, calls) by key."""


class SessionParts(Struct, frozen=True):
    """By session id: the sums, and the shares of its models and agents."""

    sums: dict[str, SessionSum]
    models: dict[str, Shares]
    agents: dict[str, Shares]


def read_parts(connection: sqlite3.Connection, span: Span, running_since_ms: int) -> SessionParts:
    """The sessions with a paid call in the span; calls since `running_since_ms` (Unix ms) may still be running."""
    by_session: dict[str, list[SessionPart]] = {}
    for part in queries.session_parts(connection, span):
        by_session.setdefault(part.session_id, []).append(part)
    running = queries.running_sessions(connection, span, running_since_ms)
    found = SessionParts({}, {}, {})
    for id, parts in by_session.items():
        found.sums[id] = _sum_of(parts, running.get(id, 0))
        found.models[id] = combined([{each.model: (each.spend_nano, each.calls)} for each in parts])
        found.agents[id] = combined([{each.agent: (each.spend_nano, each.calls)} for each in parts])
    return found


def _sum_of(parts: Sequence[SessionPart], running: int) -> SessionSum:
    first, *others = parts
    turns = queries.count_turns(",".join(part.turns for part in parts if part.turns))
    if not others:
        times = first.first_ms, first.last_ms
        return SessionSum(first.session_id, first.spend_nano, first.calls, turns, *times, running, first.tokens)
    return SessionSum(
        first.session_id,
        sum(part.spend_nano for part in parts),
        sum(part.calls for part in parts),
        turns,
        min(part.first_ms for part in parts),
        max(part.last_ms for part in parts),
        running,
        sum((part.tokens for part in parts), Tokens()),
    )


def combined(shares: Sequence[Shares]) -> Shares:
    """The sums of several shares, each sorted by key as they are."""
    if len(shares) == 1:
        return shares[0]
    total: dict[str, tuple[int, int]] = {}
    for share in shares:
        for key, (nano, calls) in share.items():
            before = total.get(key)
            total[key] = (before[0] + nano, before[1] + calls) if before else (nano, calls)
    return dict(sorted(total.items()))


def main_key(shares: Shares) -> str:
    """The key with the most spend, or with the most calls if none cost anything."""
    if len(shares) == 1:
        return next(iter(shares))
    return max(sorted(shares), key=lambda key: shares[key]) if shares else ""


def read_sparks(
    connection: sqlite3.Connection, span: Span, spans: Mapping[str, tuple[str, tuple[int, int]]]
) -> dict[str, tuple[int, ...]]:
    """The costs of each root's tree in SPARK_STEPS; a tree without a cost is left out.

    `spans` has, by session, the root of its tree, and the first and last time of that tree in Unix milliseconds.
    """
    found: dict[str, tuple[int, ...]] = {}
    for id, costs in queries.session_costs(connection, span):
        root, times = spans[id]
        steps = in_steps([costs], *times)
        found[root] = tuple(map(add, found[root], steps)) if root in found else steps
    return found


def in_steps(costs: Iterable[Sequence[int]], start_ms: int, end_ms: int) -> tuple[int, ...]:
    """The costs (Unix ms and nano-dollars of each, in flat lists) in each step of a time, both ends included.

    No call is before the start. Calls after the end, as a clock that was set back can date them, are left out.
    """
    found, length, last_ms = [0] * SPARK_STEPS, end_ms - start_ms + 1, max(start_ms, end_ms)
    for flat in costs if length else ():
        moments = iter(flat)
        for at_ms, nano in zip(moments, moments, strict=True):
            if at_ms <= last_ms:
                found[(at_ms - start_ms) * SPARK_STEPS // length] += nano
    return tuple(found)
