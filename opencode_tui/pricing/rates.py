"""Computes the cost of tokens at given rates, in exact integers.

Rates are nano-dollars per million tokens: $0.14 per million tokens is 140_000_000. A rate of 0 is free.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.money import apportion
from opencode_tui.records.calls import Tokens

MILLION = 1_000_000


class Tier(Struct, frozen=True):
    """The rates of calls whose context is larger than `above` tokens."""

    above: int
    input: int
    output: int
    cache_read: int
    cache_write: int


class Rates(Struct, frozen=True):
    """A model's price per kind of token, in nano-dollars per million tokens."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    tiers: tuple[Tier, ...] = ()
    """In ascending order of `above`."""
    source: str = ""
    """The source of the price: `custom`, `opencode.json`, `models.json` or `list 2026-11`."""
    context: int | None = None
    """The model's context limit in tokens; None if the source has none."""

    @property
    def amounts(self) -> tuple[int, int, int, int, tuple[Tier, ...]]:
        """What makes a price: the four rates and the tiers."""
        return self.input, self.output, self.cache_read, self.cache_write, self.tiers

    def at(self, context_tokens: int) -> Rates:
        """The flat rates of a call with that context (`Tokens.context`).

        The highest tier that the context is above makes the rates of the whole call, as in OpenCode.
        """
        if not self.tiers:
            return self
        for tier in reversed(self.tiers):
            if context_tokens > tier.above:
                return replace(
                    self,
                    input=tier.input,
                    output=tier.output,
                    cache_read=tier.cache_read,
                    cache_write=tier.cache_write,
                    tiers=(),
                )
        return replace(self, tiers=())


def cost_nano(tokens: Tokens, rates: Rates) -> int:
    """The cost of one call in nano-dollars at flat rates, summed exactly and rounded once, ties to even.

    Ignores tiers: pass `rates.at(tokens.context)`.
    """
    return _rounded(sum(_weights(tokens, rates)))


def for_other_models(rates: Rates) -> Rates:
    """The rates at which a model would bill the tokens of another one's calls.

    What has no price of its own in a cache is billed as input: a model that sells no cache writes has to read those
    tokens all the same, and a provider without a cache reads everything again. OpenCode's 0 is right only for the
    model's own calls, which have no such tokens.
    """
    tiers = tuple(
        replace(tier, cache_read=tier.cache_read or tier.input, cache_write=tier.cache_write or tier.input)
        for tier in rates.tiers
    )
    cache_read, cache_write = rates.cache_read or rates.input, rates.cache_write or rates.input
    return replace(rates, cache_read=cache_read, cache_write=cache_write, tiers=tiers)


def _rounded(exact: int) -> int:
    """Millionths of a nano-dollar as nano-dollars, ties to even."""
    whole, rest = divmod(exact, MILLION)
    up = rest * 2 > MILLION or (rest * 2 == MILLION and whole % 2 == 1)
    return whole + up


CallCost = Callable[[int, int, int, int, int], int]
"""What a call costs in nano-dollars by its input, output, reasoning, cache read and cache write."""


def cost_at(rates: Rates) -> CallCost:
    """`cost_nano` of each call at the tier of its context, several times as fast for very many calls."""
    flat = rates.input, rates.output, rates.cache_read, rates.cache_write
    tiers = [(tier.above, tier.input, tier.output, tier.cache_read, tier.cache_write) for tier in rates.tiers]
    tiers.reverse()

    def cost(input: int, output: int, reasoning: int, cache_read: int, cache_write: int) -> int:
        at_input, at_output, at_read, at_write = flat
        for above, *higher in tiers:
            if input + cache_read + cache_write > above:
                at_input, at_output, at_read, at_write = higher
                break
        exact = input * at_input + (output + reasoning) * at_output + cache_read * at_read + cache_write * at_write
        return _rounded(exact)

    return cost


def cost_parts(tokens: Tokens, rates: Rates, amount_nano: int) -> tuple[int, int, int]:
    """Splits an amount into (input, output with reasoning, cache), which add up to it exactly.

    The split is proportional to the parts' cost at these flat rates, or to their tokens if that is 0. Units left over
    from rounding go to the largest remainders, the first of equal ones. Raises ValueError for an amount without tokens.
    """
    at_input, at_output, at_cache = weights = _weights(tokens, rates)
    whole = at_input + at_output + at_cache
    if not whole:
        weights = (tokens.input, tokens.output + tokens.reasoning, tokens.cache_read + tokens.cache_write)
        at_input, at_output, at_cache = weights
        whole = sum(weights)
    if not whole:
        if amount_nano:
            raise ValueError("an amount without tokens has no parts")
        return 0, 0, 0
    first = amount_nano * at_input // whole
    second = amount_nano * at_output // whole
    third = amount_nano * at_cache // whole
    if first + second + third == amount_nano:  # as for most calls, and several times as fast
        return first, second, third
    first, second, third = apportion(amount_nano, weights)
    return first, second, third


def _weights(tokens: Tokens, rates: Rates) -> tuple[int, int, int]:
    """The parts' exact cost in millionths of a nano-dollar."""
    return (
        tokens.input * rates.input,
        (tokens.output + tokens.reasoning) * rates.output,
        tokens.cache_read * rates.cache_read + tokens.cache_write * rates.cache_write,
    )
