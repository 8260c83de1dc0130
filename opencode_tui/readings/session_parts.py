"""What each session of a span cost with each of its models and agents, and the sums of several such parts."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from sys import intern

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger import session_list_queries
from opencode_tui.records.calls import Tokens
from opencode_tui.records.facts import SessionPart

Shares = Mapping[str, tuple[int, int]]
"""(nano-dollars, calls) by key."""


class PartSum(Struct, frozen=True, gc=False):
    """The sum of some parts, of one session or of a tree."""

    spend_nano: int
    calls: int
    first_ms: int
    last_ms: int
    models: tuple[str, ...]
    """Sorted, if there are several."""
    model: str
    """The one with the most spend."""
    costs: str
    """As in the parts; empty without any."""
    tokens: Tokens


def read_parts(
    connection: sqlite3.Connection,
    span: Span,
    ids: Collection[str] | None = None,
    *,
    costs: bool = False,
    turns: bool = True,
) -> dict[str, list[SessionPart]]:
    """The parts of each session with a paid call in the span, or only of these, by id."""
    found: dict[str, list[SessionPart]] = {}
    for part in session_list_queries.session_parts(connection, span, ids, costs=costs, turns=turns):
        if part.session_id in found:
            found[part.session_id].append(part)
        else:
            found[part.session_id] = [part]
    return found


def sum_of(parts: Sequence[SessionPart]) -> PartSum:
    """The sum of one or more parts."""
    one = parts[0]
    model = intern(one.model)  # thousands of rows have one of a few
    spend, calls, first_ms, last_ms = one.spend_nano, one.calls, one.first_ms, one.last_ms
    if len(parts) == 1:
        return PartSum(spend, calls, first_ms, last_ms, (model,), model, one.costs or "", one.tokens)
    models, tokens = {one.model}, one.tokens
    for part in parts[1:]:  # one loop, as there are thousands of sums with few parts each
        spend += part.spend_nano
        calls += part.calls
        first_ms = min(first_ms, part.first_ms)
        last_ms = max(last_ms, part.last_ms)
        models.add(part.model)
        tokens += part.tokens
    main = _main([(part.model, part) for part in parts]) if len(models) > 1 else one.model
    costs = ",".join([part.costs for part in parts if part.costs])
    return PartSum(spend, calls, first_ms, last_ms, tuple(sorted(models)), main, costs, tokens)


def main_agent(parts: Sequence[SessionPart]) -> str:
    """The agent with the most spend."""
    return parts[0].agent if len(parts) == 1 else _main([(part.agent, part) for part in parts])


def turns_in(parts: Sequence[SessionPart]) -> int:
    """The number of different turns."""
    if len(parts) == 1:
        return session_list_queries.count_turns(parts[0].turns)
    return session_list_queries.count_turns(",".join([part.turns for part in parts if part.turns]))


def _main(parts: Iterable[tuple[str, SessionPart]]) -> str:
    shares: dict[str, tuple[int, int]] = {}
    for key, part in parts:
        nano, calls = shares.get(key, (0, 0))
        shares[key] = nano + part.spend_nano, calls + part.calls
    return main_key(shares)


def main_key(shares: Shares) -> str:
    """The key with the most spend, or with the most calls if none cost anything."""
    if len(shares) == 1:
        return next(iter(shares))
    return max(sorted(shares), key=lambda key: shares[key]) if shares else ""
