"""What a period's work would have cost at another model's price, beside what it did cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from opencode_tui.records.breakdown import Breakdown
from opencode_tui.records.calls import Tokens


class RepricedWork(Struct, frozen=True):
    """Some calls at what they cost, and at the other price; amounts are nano-dollars."""

    calls: int = 0
    tokens: Tokens = Tokens()
    spend_nano: int = 0
    list_nano: int = 0
    """The list price of those that OpenCode recorded as $0, beside `spend_nano`."""
    repriced_nano: int = 0
    """What the same tokens cost at the other price, each call rounded on its own."""
    no_tokens: int = 0
    """Calls that cost something and of which no tokens are known; left out of all other fields."""
    no_tokens_nano: int = 0
    no_price: int = 0
    """Calls made when the other model had no known price; left out as well."""
    no_price_nano: int = 0


class Repriced(Struct, frozen=True):
    """A period's usage, and the same calls at the price of a model."""

    usage: Breakdown
    model: str
    """The model's key."""
    groups: tuple[tuple[tuple[str, ...], RepricedWork], ...]
    """(keys, work) in the order of the usage's rows."""
    total: RepricedWork
    price: tuple[int, int, int, int] | None
    """The model's input, output, cache read and cache write now, in nano-dollars a million; None if unknown."""
    has_tiers: bool = False
    """Its price depends on the context of a call."""
    outer: Mapping[str, RepricedWork] = {}
    """The works of the usage's `outer` groups, by their keys."""


def work_of(sums: Sequence[int]) -> RepricedWork:
    """The work of its 13 fields in their order, the five counts of tokens for `tokens`."""
    calls, *rest = sums
    return RepricedWork(calls, Tokens(*rest[:5]), *rest[5:])


def summed_work(works: Iterable[RepricedWork]) -> RepricedWork:
    """The sum of all."""
    sums = [0] * 13
    for work in works:
        amounts = (work.spend_nano, work.list_nano, work.repriced_nano)
        left_out = (work.no_tokens, work.no_tokens_nano, work.no_price, work.no_price_nano)
        values = (work.calls, *work.tokens.counts, *amounts, *left_out)
        sums = [sum(pair) for pair in zip(sums, values, strict=True)]
    return work_of(sums)
