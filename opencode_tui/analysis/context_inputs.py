"""What the output of tools added to the context: no store records its size, so it is derived from the next call."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise

from msgspec import Struct

from opencode_tui.analysis.call_figures import SHARE, figures_of_calls, sum_left
from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.overhead import is_overhead
from opencode_tui.analysis.task_classes import OVERHEAD_AGENTS
from opencode_tui.money import format_usd, plural, tokens_text
from opencode_tui.records.calls import EDIT_TOOLS, UNLISTED
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.insights import Finding
from opencode_tui.records.session import CallRates
from opencode_tui.records.work import SessionWork

_QUIET = frozenset((*EDIT_TOOLS, "todowrite", "todoread", "glob"))
"""Tools whose output adds next to nothing to the context."""
_CACHED_PERCENT = 90
_MOST_OF_A_COMMAND = 25_000
"""OpenCode always cut the output of a command, to 50 kB at most; a context that grew by more grew by something else."""
_FALLEN_PERCENT = 90
_STEPS_A_FALL = 8
"""The least number of calls for each time that the context fell, where growth is to tell something."""
_MILLION = 1_000_000
FRESH = "fresh"
"""The figure with what each call paid to read such outputs for the first time."""


class ContextInput(Struct, frozen=True):
    """The output of the tools that one call asked for, in the calls after it."""

    uses: tuple[ToolFacts, ...]
    tokens: int
    paid_by: CallFacts
    """The next call, which read it first."""
    fresh_nano: int
    """What it cost there: at most what that call did."""
    carriers: tuple[CallFacts, ...]
    """The calls after that one which read it again: from the cache, or as input in a session without any cache."""
    carried_nano: int
    """What it cost each of them."""


class PaidInputs(Struct, frozen=True):
    """Some outputs with the calls that paid for them, in nano-dollars by call."""

    calls: tuple[CallFacts, ...]
    shares: Mapping[str, int]
    fresh: Mapping[str, int]
    """The part of the share that was for reading an output for the first time."""
    last: Mapping[str, int]
    """How many of the outputs had been read by then, the call's own included."""


def context_inputs(
    work: SessionWork, tools: Collection[str], is_wanted: Callable[[ToolFacts], bool], least: int
) -> Iterator[ContextInput]:
    """The outputs of wanted uses of some tools, where no other tool of the same call can have added so many tokens.

    None of a command in a session whose context falls again and again: there its growth says nothing about an output,
    and most commands say little.
    """
    steady: bool | None = None
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
            commands = sum([_is_plain_command(use) for use in uses[call.id]])
            if (commands and tokens > _MOST_OF_A_COMMAND * commands) or len(uses[call.id]) < loud[call.id]:
                continue
            if commands and steady is None:
                steady = is_steady(work.calls)
            if not commands or (steady and _stays(work, next_call)):
                fresh = min(tokens * fresh_rate(next_call, rates) // _MILLION, next_call.cost_nano)
                if fresh:
                    carriers, is_cached = _carriers(work, next_call)
                    rate = rates.cache_read if is_cached else rates.input
                    carried_nano = tokens * rate // _MILLION
                    yield ContextInput(tuple(uses[call.id]), tokens, next_call, fresh, carriers, carried_nano)


def paid_inputs(inputs: Sequence[ContextInput]) -> PaidInputs:
    """What each call paid for outputs, which are in order of time: at most what it cost."""
    calls: dict[str, CallFacts] = {}
    shares: Counter[str] = Counter()
    fresh: Counter[str] = Counter()
    for each in inputs:
        calls[each.paid_by.id] = each.paid_by
        fresh[each.paid_by.id] += each.fresh_nano
        shares[each.paid_by.id] += each.fresh_nano
        for call in each.carriers if each.carried_nano else ():
            calls[call.id] = call
            shares[call.id] += each.carried_nano
    read_ms = [each.paid_by.created_ms for each in inputs]
    return PaidInputs(
        calls=tuple(calls.values()),
        shares={id: min(nano, calls[id].cost_nano) for id, nano in shares.items()},
        fresh={id: min(nano, calls[id].cost_nano) for id, nano in fresh.items()},
        last={call.id: bisect_right(read_ms, call.created_ms) for call in calls.values()},
    )


def carrying(findings: Sequence[Finding]) -> int:
    """The number of calls that are left and read such an output again."""
    return sum(
        share > fresh
        for each in findings
        for share, fresh in zip(figures_of_calls(each, SHARE), figures_of_calls(each, FRESH), strict=False)
    )


def sum_of_inputs(findings: Sequence[Finding], tokens: int) -> str:
    """The sum behind what such outputs cost."""
    cost, fresh = sum(each.cost_nano for each in findings), sum_left(findings, FRESH)
    return (
        f"{tokens_text(tokens)} tokens, by how much the context grew: {format_usd(fresh)} when first read, and "
        f"{format_usd(cost - fresh)} for {plural(carrying(findings), 'call')} that read them again"
    )


def _is_plain_command(use: ToolFacts) -> bool:
    """Whether it is a command that is not known to have shown a file, which can be of any size."""
    return not use.files and deed_of(use.name, use.target, use.ok).is_command


def is_steady(session_calls: Iterable[CallFacts]) -> bool:
    """Whether the context of a session only grew, but for compactions and a few times when something was taken back.

    Its calls are given in order of time.
    """
    calls = falls = least = 0
    model = ""
    for call in session_calls:  # every call of most sessions comes by here, so this calls few functions
        tokens = call.tokens
        context = tokens.input + tokens.cache_read + tokens.cache_write
        if call.agent in OVERHEAD_AGENTS or UNLISTED in call.id:
            least = least if call.agent == "title" else 0
        elif context:
            if context * 100 < least and call.model == model:
                falls += 1
            model, least, calls = call.model, context * _FALLEN_PERCENT, calls + 1
    return falls * _STEPS_A_FALL <= calls


def _has_fallen(before: CallFacts, after: CallFacts) -> bool:
    """Models count tokens differently, so only one model's can be compared."""
    return before.model == after.model and after.tokens.context * 100 < _FALLEN_PERCENT * before.tokens.context


def _stays(work: SessionWork, call: CallFacts) -> bool:
    """Whether the next call of the conversation still has the context of this one, if there is a next one."""
    calls = work.calls
    after = next(_with_context(islice(calls, calls.index(call) + 1, None)), None)
    return after is None or not _has_fallen(call, after)


def _with_context(calls: Iterable[CallFacts]) -> Iterator[CallFacts]:
    return (call for call in calls if call.tokens.context and not is_overhead(call))


def _next(calls: Sequence[CallFacts], place: int) -> CallFacts | None:
    """The next call with a context after the one at a place."""
    for after in range(place + 1, len(calls)):
        call = calls[after]
        if call.tokens.context and not is_overhead(call):
            return call
    return None


def _carriers(work: SessionWork, first: CallFacts) -> tuple[tuple[CallFacts, ...], bool]:
    """The calls of a session after this one that go on with its context, cached, on the same model.

    Those of a session whose provider caches nothing go on with it as well; then the second value is False.
    """
    found: list[CallFacts] = []
    calls = work.calls
    has_cache = any(call.tokens.cache_read or call.tokens.cache_write for call in calls)
    for before, call in pairwise(_with_context(islice(calls, calls.index(first), None))):
        if call.model != before.model or call.tokens.context < before.tokens.context:
            break
        is_cached = call.tokens.cache_read * 100 >= _CACHED_PERCENT * before.tokens.context
        if (is_cached or not has_cache) and call.cost_nano > 0:
            found.append(call)
    return tuple(found), has_cache


def fresh_rate(call: CallFacts, rates: CallRates) -> int:
    """The rate at which a call paid for what it read for the first time: that of the cache if it wrote most of it."""
    return rates.cache_write if call.tokens.cache_write > call.tokens.input else rates.input
