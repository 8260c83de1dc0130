"""What each session of a span cost with each of its models and agents, and the sums of several such parts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger import queries
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


def read_parts(connection: sqlite3.Connection, span: Span, costs: bool = False) -> dict[str, list[SessionPart]]:
    """The parts of each session with a paid call in the span, by id."""
    found: dict[str, list[SessionPart]] = {}
    for part in queries.session_parts(connection, span, costs):
        if part.session_id in found:
            found[part.session_id].append(part)
        else:
            found[part.session_id] = [part]
    return found


def sum_of(parts: Sequence[SessionPart]) -> PartSum:
    """The sum of one or more parts."""
    if len(parts) == 1:
        one = parts[0]
        figures = one.spend_nano, one.calls, one.first_ms, one.last_ms
        return PartSum(*figures, (one.model,), one.model, one.costs or "", one.tokens)
    models = {part.model for part in parts}
    counts = [part.tokens.counts for part in parts]
    return PartSum(
        sum([part.spend_nano for part in parts]),
        sum([part.calls for part in parts]),
        min([part.first_ms for part in parts]),
        max([part.last_ms for part in parts]),
        tuple(sorted(models)),
        _main([(part.model, part) for part in parts]) if len(models) > 1 else parts[0].model,
        ",".join([part.costs for part in parts if part.costs]),
        Tokens(*map(sum, zip(*counts, strict=True))),
    )


def main_agent(parts: Sequence[SessionPart]) -> str:
    """The agent with the most spend."""
    return parts[0].agent if len(parts) == 1 else _main([(part.agent, part) for part in parts])


def turns_in(parts: Sequence[SessionPart]) -> int:
    """The number of different turns."""
    if len(parts) == 1:
        return queries.count_turns(parts[0].turns)
    return queries.count_turns(",".join([part.turns for part in parts if part.turns]))


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
