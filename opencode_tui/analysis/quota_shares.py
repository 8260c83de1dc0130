"""What calls count against a quota: by model and by session, exact or by learned weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from opencode_tui.money import NANO
from opencode_tui.records.quotas import ModelQuota, ModelWeight, SessionQuota

_ONCE = 1000
"""What a model counts in thousandths unless something else is known."""


class Used(Protocol):
    """What a session did with a model: see ledger.quota_queries.PlanSum."""

    @property
    def session_id(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def nano(self) -> int: ...
    @property
    def calls(self) -> int: ...
    @property
    def turns(self) -> int: ...


class Weights(Struct, frozen=True):
    """What each model counts: by the settings in thousandths, else as learned, else once."""

    unit: Literal["usd", "calls", "turns"]
    counts: Mapping[str, int] = {}
    learned: Mapping[str, ModelWeight] = {}

    def used(self, each: Used) -> int:
        """What it counts by the settings, in 1e-9 of the unit."""
        return counted_amount(each, self.unit) * self.counts.get(each.model, _ONCE) // _ONCE

    def estimated(self, each: Used) -> tuple[int, int, int]:
        """What it counts, at least and at most, by what was learned where the settings say nothing."""
        weight = None if each.model in self.counts else self.learned.get(each.model)
        if weight is None:
            return (self.used(each),) * 3
        amount = counted_amount(each, self.unit)
        return round(amount * weight.factor), round(amount * weight.low), round(amount * weight.high)

    def has_learned(self, sums: Sequence[Used]) -> bool:
        """Whether what was learned changes what these count."""
        return any(each.model in self.learned and each.model not in self.counts for each in sums)


def counted_amount(each: Used, unit: Literal["usd", "calls", "turns"]) -> int:
    """What it is without any weight, in 1e-9 of the unit."""
    match unit:
        case "usd":
            return each.nano
        case "calls":
            return each.calls * NANO
        case "turns":
            return each.turns * NANO


def by_model(sums: Sequence[Used], weights: Weights) -> tuple[ModelQuota, ...]:
    """What each model counts by the settings, most first."""
    amounts: dict[str, int] = defaultdict(int)
    calls: dict[str, int] = defaultdict(int)
    for each in sums:
        amounts[each.model] += weights.used(each)
        calls[each.model] += each.calls
    found = [ModelQuota(model, amount, calls[model]) for model, amount in amounts.items()]
    return tuple(sorted(found, key=lambda each: (-each.amount, -each.calls, each.model)))


def by_session(
    sums: Sequence[Used], weights: Weights, roots: Mapping[str, str], titles: Mapping[str, str]
) -> tuple[SessionQuota, ...]:
    """What each root session counts with its subagents, most first."""
    amounts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for each in sums:
        whole = amounts[roots.get(each.session_id, each.session_id)]
        for at, amount in enumerate((*weights.estimated(each), each.calls)):
            whole[at] += amount
    found = [SessionQuota(id, titles.get(id, ""), *whole) for id, whole in amounts.items()]
    return tuple(sorted(found, key=lambda each: (-each.amount, -each.calls, each.id)))
