"""What the output of tools added to the context: no store records its size, so it is told from the next call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from opencode_tui.analysis.overhead import is_overhead
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.session import CallRates
from opencode_tui.records.work import SessionWork

_QUIET = frozenset((*EDIT_TOOLS, "todowrite", "todoread", "glob"))
"""Tools whose output adds next to nothing to the context."""
_CACHED_PERCENT = 90
_MILLION = 1_000_000


class ContextInput(Struct, frozen=True):
    """The output of the tools that one call asked for, in the calls after it."""

    uses: tuple[ToolFacts, ...]
    tokens: int
    paid_by: CallFacts
    """The next call, which read it first."""
    fresh_nano: int
    """What it cost there: at most what that call did."""
    carried: int
    """The calls after that one which read it from the cache."""
    carried_nano: int


def context_inputs(work: SessionWork, is_wanted: Callable[[ToolFacts], bool]) -> Iterator[ContextInput]:
    """The outputs of wanted tools, where no other tool of the same call can have added to the context as well."""
    uses: dict[str, list[ToolFacts]] = defaultdict(list)
    for use in work.tools:
        if use.name not in _QUIET:
            uses[use.call_id].append(use)
    wanted = {call_id for call_id, of_call in uses.items() if all(map(is_wanted, of_call))}
    if not wanted:
        return
    calls = [call for call in work.calls if call.tokens.context and not is_overhead(call)]
    for place, (call, next_call) in enumerate(pairwise(calls)):
        tokens = next_call.tokens.context - call.tokens.context - call.tokens.output
        rates = work.rates.get(call.model)
        is_next = call.turn_id == next_call.turn_id and call.model == next_call.model
        if call.id in wanted and is_next and tokens > 0 and rates:
            fresh = min(tokens * _fresh_rate(next_call, rates) // _MILLION, next_call.cost_nano)
            carried = _carried(calls[place + 1 :])
            carried_nano = tokens * carried * rates.cache_read // _MILLION
            yield ContextInput(tuple(uses[call.id]), tokens, next_call, fresh, carried, carried_nano)


def sum_of_inputs(tokens: int, cost_nano: int, fresh_nano: int, carried_nano: int, carried: int) -> str:
    """The sum behind what such outputs cost; a cost of only a part of them is split as that of all is."""
    fresh = cost_nano * fresh_nano // max(1, fresh_nano + carried_nano)
    return (
        f"{tokens_text(tokens)} tokens, by how much the context grew: {format_usd(fresh)} when first read, and "
        f"{format_usd(cost_nano - fresh)} for {plural(carried, 'call')} that read them from the cache"
    )


def _carried(calls: Sequence[CallFacts]) -> int:
    """How many calls after the first of these go on with its context, cached, on the same model."""
    many = 0
    for before, call in pairwise(calls):
        if call.model != before.model or call.tokens.context < before.tokens.context:
            break
        is_cached = call.tokens.cache_read * 100 >= _CACHED_PERCENT * before.tokens.context
        many += is_cached and call.cost_nano > 0
    return many


def _fresh_rate(call: CallFacts, rates: CallRates) -> int:
    """The rate at which a call paid for what it read for the first time: that of the cache if it wrote most of it."""
    return rates.cache_write if call.tokens.cache_write > call.tokens.input else rates.input
