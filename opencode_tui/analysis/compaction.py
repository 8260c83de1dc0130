"""Where compacting a conversation would have paid, and how much: an estimate that is rather too low than too high."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from opencode_tui.analysis.call_costs import first_and_last, total_cost
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.session import CallRates

KEPT_PERCENT = 25
"""The share of what was said so far that a summary, and reading again what was still needed, are taken to keep."""
SUMMARY_TOKENS = 2_000
_PLACES = 24
"""The most turns at whose beginning it is tried, spread evenly: more would not find a much better one."""
_MILLION = 1_000_000


class Compaction(Struct, frozen=True):
    """What a /compact before a turn would have changed. Amounts are nano-dollars."""

    turn_id: str
    context: int
    """Tokens that the last call before it read."""
    dropped: int
    """Tokens of those that the later calls would not have read."""
    later: tuple[CallFacts, ...]
    carried_nano: int
    """What the later calls paid for the dropped tokens."""
    price_nano: int
    """What compacting would have cost: to read the context once in full, to write the summary, to fill the cache."""

    @property
    def net_nano(self) -> int:
        return self.carried_nano - self.price_nano


def best_compaction(calls: Sequence[CallFacts], rates: Mapping[str, CallRates]) -> Compaction | None:
    """The turn's beginning at which a /compact would have saved most; None if nowhere anything.

    `calls` are a stretch of a session in which the context only grew, in order of time.
    """
    return max(_compactions(calls, rates), key=lambda each: each.net_nano, default=None)


def _compactions(calls: Sequence[CallFacts], rates: Mapping[str, CallRates]) -> Iterator[Compaction]:
    if not calls or any(call.model not in rates for call in calls):
        return
    base = min(call.tokens.context for call in calls)
    begins = [place for place in range(1, len(calls)) if calls[place].turn_id != calls[place - 1].turn_id]
    for place in begins[:: -(-len(begins) // _PLACES) or 1]:
        context, later, of = calls[place - 1].tokens.context, calls[place:], rates[calls[place - 1].model]
        dropped = max(0, context - base) * (100 - KEPT_PERCENT) // 100
        kept = context - dropped
        carried = sum(paid_for_dropped(dropped, kept, call, rates[call.model]) for call in later)
        refill = kept * max(0, of.input - of.cache_read)
        price = (context * of.input + SUMMARY_TOKENS * of.output + refill) // _MILLION
        if carried > price:
            yield Compaction(calls[place].turn_id, context, dropped, tuple(later), carried, price)


def paid_for_dropped(dropped: int, kept: int, call: CallFacts, rates: CallRates) -> int:
    """What a call paid for the dropped tokens, which follow the kept ones: as cached as far as the cache reached."""
    cached = min(dropped, max(0, call.tokens.cache_read - kept))
    plain = min(dropped - cached, call.tokens.input + call.tokens.cache_write)
    return min(call.cost_nano, (cached * rates.cache_read + plain * rates.input) // _MILLION)


def growth_percent(calls: Sequence[CallFacts]) -> int:
    """The mean cost of the last quarter of the calls in percent of that of the first; 0 without a cost.

    Only the calls of the last one's model count, so that a dearer model is no growth.
    """
    alike = [call for call in calls if call.model == calls[-1].model]
    first, last = map(total_cost, first_and_last(alike))
    return last * 100 // first if first else 0
