"""How much of what a model's cache held each call read from it, and what it cost where it did not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from opencode_tui.analysis.task_classes import OVERHEAD_AGENTS
from opencode_tui.clock import MINUTE_MS
from opencode_tui.records.calls import UNLISTED
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.session import CallRates
from opencode_tui.records.work import SessionWork

CACHE_LIVES_MS = 5 * MINUTE_MS
"""How long a cache is kept after its last use, unless a provider keeps it for longer."""
LEAST_TOKENS = 10_000
"""Fewer lost tokens than this may be the provider's rounding, or another wording of a short prompt."""
_MILLION = 1_000_000


class CacheUse(Struct, frozen=True):
    """A call that sent a conversation again of which part was in the model's cache."""

    call: CallFacts
    before: CallFacts
    """The call before it on the same model in the same session."""
    held: int
    """Tokens of the conversation that earlier calls are known to have read from the cache or written to it."""

    @property
    def pause_ms(self) -> int:
        """From the last use of the cache, which was at the beginning of the call before, to this call."""
        return max(0, self.call.created_ms - self.before.created_ms)

    @property
    def lost(self) -> int:
        """Tokens that had been in the cache and were paid in full again."""
        return max(0, self.held - self.call.tokens.cache_read)

    @property
    def is_miss(self) -> bool:
        """At least half of what the cache held was not read from it."""
        return self.lost >= LEAST_TOKENS and self.lost * 2 >= self.held

    @property
    def hit_percent(self) -> int:
        """The share of the conversation so far that was read from the cache."""
        return min(100, self.call.tokens.cache_read * 100 // self.before.tokens.context)


def cache_uses(calls: Iterable[CallFacts]) -> Iterator[CacheUse]:
    """In order of time, each call that went on from an earlier one of its model, with nothing dropped from the context.

    `calls` are one session's, in order of time.
    """
    return (CacheUse(call, before, held) for call, before, held, _ in continuations(calls))


def misses_by_model(work: SessionWork, counts: Callable[[CacheUse], bool]) -> list[tuple[str, list[CacheUse]]]:
    """Those misses of a session that count, by model in the order of its name, where the model's rates are known."""
    found: dict[str, list[CacheUse]] = defaultdict(list)
    for use in cache_misses(work.calls):
        if counts(use) and use.call.model in work.rates:
            found[use.call.model].append(use)
    return sorted(found.items())


def cache_misses(calls: Iterable[CallFacts]) -> Iterator[CacheUse]:
    """Those of them that are misses."""
    for call, before, held, _ in continuations(calls):
        if held - call.tokens.cache_read >= LEAST_TOKENS:
            use = CacheUse(call, before, held)
            if use.is_miss:
                yield use


def continuations(calls: Iterable[CallFacts]) -> Iterator[tuple[CallFacts, CallFacts, int, int]]:
    """(call, the call before it, tokens held, context of the call before it) of each cache use."""
    last: dict[str, tuple[CallFacts, int, int]] = {}
    for call in calls:
        tokens = call.tokens
        cached = tokens.cache_read + tokens.cache_write
        context = tokens.input + cached
        if not context or call.agent in OVERHEAD_AGENTS or UNLISTED in call.id:  # as in `conversation`
            continue
        model = call.model
        if (known := last.get(model)) is None or context < known[1]:
            held = 0
        else:
            before, before_context, held = known
            if call.cost_nano:
                yield call, before, held if held < before_context else before_context, before_context
        last[model] = call, context, held if held > cached else cached


def extra_nano(call: CallFacts, tokens: int, rates: CallRates) -> int:
    """What these tokens of a call's input cost above what reading them from the cache would have cost.

    Of its cache writes first, then of its uncached input, at the model's rates; no more than the call cost.
    """
    written = min(tokens, call.tokens.cache_write)
    plain = min(tokens - written, call.tokens.input)
    paid = written * (rates.cache_write or rates.input) + plain * rates.input
    return max(0, min(call.cost_nano, (paid - (written + plain) * rates.cache_read) // _MILLION))


def cache_saved_nano(call: CallFacts, rates: CallRates) -> int:
    """What reading from the cache saved against uncached input; nothing for a call that cost nothing."""
    return call.tokens.cache_read * max(0, rates.input - rates.cache_read) // _MILLION if call.cost_nano else 0
