"""Conversations that went on for long, so that their context grew and each call cost more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from opencode_tui.analysis.compaction import Compaction, best_compaction, growth_percent
from opencode_tui.analysis.conversation import stretches
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.insights import Threshold
from opencode_tui.records.work import SessionWork

LEAST_CALLS = 12
"""The least number of calls whose growth tells anything."""
_GROWN_PERCENT = 150
"""The cost of a late call in percent of that of an early one."""
_OLD_TIMES = 2
"""A context that is so many times what the stretch began with is mostly what had been said before."""
LONG_CONTEXT = (Threshold("long_session_turns", 20), Threshold("long_session_context", 60, "percent"))


class LongStretch(Struct, frozen=True):
    """What was said between two compactions, and where a further one would have paid."""

    calls: tuple[CallFacts, ...]
    grown_percent: int
    best: Compaction


def long_stretches(work: SessionWork, settings: Mapping[str, int]) -> Iterator[LongStretch]:
    """The long stretches of a session; none of a subagent, which nobody can tell to compact."""
    for calls in stretches(work.calls) if work.parent_id is None else ():
        if _is_long(calls, work, settings) and (grown := growth_percent(calls)) >= _GROWN_PERCENT:
            best = best_compaction(calls, work.rates)
            if best is not None:
                yield LongStretch(tuple(calls), grown, best)


def calls_with_old_context(work: SessionWork, settings: Mapping[str, int]) -> frozenset[str]:
    """The calls of long stretches whose context is mostly old, so that it is what they cost."""
    old: set[str] = set()
    for stretch in long_stretches(work, settings) if LONG_CONTEXT[0].of(settings) else ():
        least = min(call.tokens.context for call in stretch.calls)
        old.update(call.id for call in stretch.calls if call.tokens.context >= _OLD_TIMES * least)
    return frozenset(old)


def _is_long(calls: Sequence[CallFacts], work: SessionWork, settings: Mapping[str, int]) -> bool:
    if len(calls) < LEAST_CALLS:
        return False
    turns, percent = (threshold.of(settings) for threshold in LONG_CONTEXT)
    if len({call.turn_id for call in calls}) > turns:
        return True
    limits = {model: work.limit(model) or 0 for model in {call.model for call in calls}}
    return any(0 < percent * limits[call.model] <= call.tokens.context * 100 for call in calls)
