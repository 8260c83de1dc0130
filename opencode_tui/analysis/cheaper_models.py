"""What calls would have cost on a cheaper model that the user already uses.

That is one that did somebody's work in the four weeks before those calls, or after them, and regularly: at least 20
calls of some weeks, or 2% of them. A model that made a title, that was tried out, or that was left long ago is nothing
to switch to: nobody knows yet, or any more, whether it is good enough for the user.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.clock import DAY_MS
from opencode_tui.records.calls import Tokens
from opencode_tui.records.model_key import short_name, split_key
from opencode_tui.records.session import CallRates, ModelRates

_MILLION = 1_000_000
_IN_USE_MS = 28 * DAY_MS
"""A model that did no work for so long before some work, nor since, was not in use."""


class CheaperModel(Struct, frozen=True):
    """A model and what some tokens cost at its rates, in nano-dollars."""

    model: str
    """As its `model_key`."""
    nano: int


def price_of_tokens(tokens: Tokens, rates: CallRates) -> int:
    """The tokens' cost in nano-dollars at these rates, rounded down; a missing cache price counts as that of input."""
    cache_read, cache_write = rates.cache_read or rates.input, rates.cache_write or rates.input
    exact = tokens.input * rates.input + (tokens.output + tokens.reasoning) * rates.output
    return (exact + tokens.cache_read * cache_read + tokens.cache_write * cache_write) // _MILLION


def cheaper_model(
    cost_nano: int,
    tokens: Tokens,
    rates: Mapping[str, ModelRates],
    *,
    times: int,
    began_ms: int,
    used: Collection[str] = (),
    context: int = 0,
    limits: Mapping[str, int] | None = None,
) -> CheaperModel | None:
    """The most expensive of the models in use on which the tokens cost at most a `times`th of `cost_nano`, or None.

    That is the one closest to the models that were `used`, so what it saves is no exaggeration; it has to be as much
    cheaper than each of them by their rates. Models without a price are left out, and those that cannot read `context`
    tokens. `began_ms` is when the calls began.
    """
    found: list[CheaperModel] = []
    most = min([cost_nano, *(price_of_tokens(tokens, rates[model]) for model in used if model in rates)])
    for model, each in rates.items():
        fits = context <= (limits or {}).get(model, context)
        if model not in used and is_in_use(each, began_ms) and each.input > 0 and each.output > 0 and fits:
            nano = price_of_tokens(tokens, each)
            if 0 < nano * times <= most:
                found.append(CheaperModel(model, nano))
    return max(found, key=lambda each: (each.nano, each.model), default=None)


def is_in_use(model: ModelRates, began_ms: int) -> bool:
    """Whether a model did any work since some weeks before a moment, in Unix milliseconds."""
    return model.worked_ms is not None and model.worked_ms >= began_ms - _IN_USE_MS


def uses_of(rates: Mapping[str, ModelRates], newest_ms: int) -> list[tuple[str, int | None]]:
    """What `is_in_use` depends on, by model, for work that began at `newest_ms` or before: the last work of those that
    are not in use for all of it."""
    return sorted((model, -1 if is_in_use(each, newest_ms) else each.worked_ms) for model, each in rates.items())


def uncached(tokens: Tokens) -> Tokens:
    """The tokens of a call whose context is in no cache."""
    return replace(tokens, input=tokens.input + tokens.cache_read, cache_read=0)


def bare_name(model: str) -> str:
    """A model's name without its provider, such as `kimi-k2.6`."""
    return short_name(model).rpartition("/")[2] or model


def setting_name(model: str) -> str:
    """A model as OpenCode's configuration names it: `provider/model`."""
    return "/".join(split_key(model))
