"""Splits a message of OpenCode 0.x, which holds all steps of a turn, into one call per step; 1.x keeps such messages.

The cost of such a message is the sum over its steps, but its tokens are those of the last step. So each step becomes a
call of its own, from its `step-finish` part, with its own context size, which selects the price tier. The first call
has the message's id, the others that id with `#2`, `#3` and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.money import apportion
from opencode_tui.records.calls import Call, Tokens
from opencode_tui.source.decode import missing_text, usage_of
from opencode_tui.source.text import label


class Step(Struct, frozen=True):
    """The undecoded data of a `step-finish` part; the steps of a message are ordered by `id`."""

    id: str
    data: dict[str, Any]


def by_step(call: Call, steps: Sequence[Step], version: str | None) -> list[Call]:
    """Splits a message's call into its steps, whose costs add up exactly; returns the call itself if it is one step.

    Fields of the call that could not be read are taken from the steps, if those can be read.
    """
    if not steps or (len(steps) == 1 and call.missing is None):
        return [call]
    ordered = sorted(steps, key=lambda step: step.id)
    used: list[tuple[Tokens, int, list[str]]] = []
    for step in ordered:
        missing: list[str] = []
        used.append((*usage_of(step.data, version, missing), missing))
    if len(used) == 1 and used[0][2]:
        return [call]
    costs = _costs(call, used)
    return [
        replace(
            call,
            id=call.id if number == 0 else f"{call.id}#{number + 1}",
            tokens=tokens,
            recorded_nano=cost,
            missing=missing_text([name for name in missing if name != "cost" or _cost_is_missing(call)]),
            finish=call.finish if step is ordered[-1] else label(step.data.get("reason"), 60) or "tool-calls",
            error=call.error if step is ordered[-1] else None,
        )
        for number, (step, (tokens, _, missing), cost) in enumerate(zip(ordered, used, costs, strict=True))
    ]


def _costs(call: Call, used: Sequence[tuple[Tokens, int, list[str]]]) -> tuple[int, ...]:
    """The cost of each step: as recorded if these add up to the message's cost, else its share of that."""
    costs = tuple(cost for _, cost, _ in used)
    if _cost_is_missing(call) or sum(costs) == call.recorded_nano:
        return costs
    weights = costs if all(costs) else tuple(tokens.total for tokens, _, _ in used)
    return apportion(call.recorded_nano, weights if any(weights) else (1,) * len(used))


def _cost_is_missing(call: Call) -> bool:
    return call.missing is not None and "cost" in call.missing.split(", ")
