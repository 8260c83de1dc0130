"""What the output of tools added to the context: no store records its size, so it is derived from the next call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice, pairwise

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
_MOST_TOKENS = 25_000
"""OpenCode cuts the output of a tool at 50 kB; a context that grew by more has grown by something else."""
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


def context_inputs(
    work: SessionWork, tools: Collection[str], is_wanted: Callable[[ToolFacts], bool], least: int
) -> Iterator[ContextInput]:
    """The outputs of wanted uses of some tools, where no other tool of the same call can have added so many tokens."""
    for turn in work.turns:
        uses: dict[str, list[ToolFacts]] = {}
        for use in turn.tools:
            if use.name in tools and is_wanted(use):
                uses.setdefault(use.call_id, []).append(use)
        if not uses:
            continue
        loud: Counter[str] | None = None
        for place, call in enumerate(turn.calls):
            if call.id not in uses:
                continue
            next_call, context = _next(turn.calls, place), call.tokens.context
            if next_call is None or next_call.model != call.model:
                continue
            tokens = next_call.tokens.context - context - call.tokens.output
            rates = work.rates.get(call.model)
            if tokens < least or not rates or not context:
                continue
            if loud is None:
                loud = Counter([use.call_id for use in turn.tools if use.call_id in uses and use.name not in _QUIET])
            if len(uses[call.id]) >= loud[call.id] and tokens <= _MOST_TOKENS * loud[call.id]:
                fresh = min(tokens * _fresh_rate(next_call, rates) // _MILLION, next_call.cost_nano)
                carried = _carried(work, next_call) if fresh else 0
                carried_nano = tokens * carried * rates.cache_read // _MILLION
                if fresh:
                    yield ContextInput(tuple(uses[call.id]), tokens, next_call, fresh, carried, carried_nano)


def sum_of_inputs(tokens: int, cost_nano: int, fresh_nano: int, carried_nano: int, carried: int) -> str:
    """The sum behind what such outputs cost; a cost of only a part of them is split as that of all is."""
    fresh = cost_nano * fresh_nano // max(1, fresh_nano + carried_nano)
    return (
        f"{tokens_text(tokens)} tokens, by how much the context grew: {format_usd(fresh)} when first read, and "
        f"{format_usd(cost_nano - fresh)} for {plural(carried, 'call')} that read them from the cache"
    )


def _with_context(calls: Iterable[CallFacts]) -> Iterator[CallFacts]:
    return (call for call in calls if call.tokens.context and not is_overhead(call))


def _next(calls: Sequence[CallFacts], place: int) -> CallFacts | None:
    """The next call with a context after the one at a place."""
    for after in range(place + 1, len(calls)):
        call = calls[after]
        if call.tokens.context and not is_overhead(call):
            return call
    return None


def _carried(work: SessionWork, first: CallFacts) -> int:
    """How many calls of a session after this one go on with its context, cached, on the same model."""
    many = 0
    calls = work.calls
    for before, call in pairwise(_with_context(islice(calls, calls.index(first), None))):
        if call.model != before.model or call.tokens.context < before.tokens.context:
            break
        is_cached = call.tokens.cache_read * 100 >= _CACHED_PERCENT * before.tokens.context
        many += is_cached and call.cost_nano > 0
    return many


def _fresh_rate(call: CallFacts, rates: CallRates) -> int:
    """The rate at which a call paid for what it read for the first time: that of the cache if it wrote most of it."""
    return rates.cache_write if call.tokens.cache_write > call.tokens.input else rates.input
