"""Which model to use while a quota is nearly full."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from opencode_tui.records.model_key import short_name
from opencode_tui.records.quotas import NEARLY_FULL, WHOLE, ModelSwitch, QuotaWindow

_FEW_CALLS = 3
"""A model with fewer calls was only tried."""


class Use(Protocol):
    """How a model was used of late: see ledger.quota_queries.RecentUse."""

    @property
    def model(self) -> str: ...
    @property
    def provider(self) -> str: ...
    @property
    def nano(self) -> int: ...
    @property
    def calls(self) -> int: ...


def model_switch(windows: Sequence[QuotaWindow], uses: Sequence[Use], providers: Collection[str]) -> ModelSwitch | None:
    """The model to switch to, until all windows that are nearly full are reset; None if none is.

    Of the models that the person uses: the plan's main model at another provider, else the cheapest a call of those
    that another account pays for. Only while no window is full yet, the cheapest of the plan itself. `uses` are those
    of the last weeks, `providers` those of the plan.
    """
    tight = [each for each in windows if each.percent_now >= NEARLY_FULL and each.resets_ms is not None]
    if not tight:
        return None
    until_ms = max(each.resets_ms for each in tight if each.resets_ms is not None)
    used = [each for each in uses if each.calls >= _FEW_CALLS and short_name(each.model)]
    own = [each for each in used if each.provider in providers]
    others = [each for each in used if each.provider not in providers and each.provider != "unknown"]
    main = max(own, key=lambda each: each.nano, default=None)
    same = [each for each in others if main and short_name(each.model) == short_name(main.model)]
    if chosen := min(same or others, key=_cost_a_call, default=None):
        return ModelSwitch(chosen.model, until_ms, chosen.nano // chosen.calls, is_of_plan=False)
    cheapest = min(own, key=_cost_a_call, default=None)
    if cheapest and main and cheapest.model != main.model and all(each.percent_now < WHOLE for each in tight):
        return ModelSwitch(cheapest.model, until_ms, cheapest.nano // cheapest.calls, is_of_plan=True)
    return ModelSwitch("", until_ms, 0, is_of_plan=False)


def _cost_a_call(use: Use) -> tuple[float, int, str]:
    return use.nano / use.calls, -use.calls, use.model
