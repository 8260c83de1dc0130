"""Computes the signs of a session in one look at its calls and its tool uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from opencode_tui.analysis.cache_use import CACHE_LIVES_MS, LEAST_TOKENS, CacheUse, continuations
from opencode_tui.analysis.context_inputs import is_steady
from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.tool_kinds import TEXT_SEARCHES, searched_in_vain
from opencode_tui.analysis.unwritten_files import ignore_line
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.facts import CallFacts
from opencode_tui.records.signs import NO_FAMILY, FamilySigns, SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork

_FILE_TOOLS = frozenset(("read", "grep"))
_LOUD = ("build", "test")


def signs_of(work: SessionWork, calls: Sequence[CallFacts], family: FamilySigns = NO_FAMILY) -> SessionSigns:
    """The signs of a session, whose calls are given in order of time, with those of its subagents."""
    turns = work.turns
    most_lost, lost_after_ms, hit_drop = _cache_signs(calls)
    tools = _tool_signs(turns, work.directory)
    loud = tools.loud if not tools.loud or is_steady(calls) else tools.loud_with_files
    return SessionSigns(
        nano=sum([call.cost_nano for call in calls]),
        calls=len(calls),
        turns=len(turns),
        is_subagent=bool(work.parent_id),
        errors=sum([call.error is not None for call in calls]),
        fullest_percent=_fullest_percent(calls, work.limits),
        most_lost=most_lost,
        lost_after_ms=lost_after_ms,
        hit_drop=hit_drop,
        searches=tools.searches,
        failed_edits=tools.failed_edits,
        edit_turns=sum([turn.edits > 0 for turn in turns]),
        most_retries=max([turn.retries for turn in turns], default=0),
        most_reads=tools.most_reads,
        most_repeats=tools.most_repeats,
        loud=loud,
        unwritten=tools.unwritten,
        family=family,
    )


class _ToolSigns(NamedTuple):
    """The signs of a session's tool uses."""

    searches: int
    failed_edits: int
    most_reads: int
    most_repeats: int
    loud: int
    loud_with_files: int
    """Those of them that showed a file."""
    unwritten: int


def _tool_signs(turns: Sequence[TurnWork], directory: str) -> _ToolSigns:
    """Looks at each use once."""
    most_searches = empty = failed_edits = most_repeats = loud = loud_with_files = unwritten = 0
    reads: list[str] = []
    for turn in turns:
        digests: list[int] = []
        searches = 0
        for use in turn.tools:
            name = use.name
            empty += use.found_nothing
            if name == "read":
                reads.append(use.target)
            elif use.digest is not None:
                digests.append(use.digest)
            if name == "bash":
                empty += use.ok is False and searched_in_vain(use)
                is_loud = not deed_of(name, use.target, use.ok).kinds.isdisjoint(_LOUD)
                loud += is_loud
                if use.files:
                    reads += use.files
                    loud_with_files += is_loud
                    unwritten += any(ignore_line(file, directory) for file in use.files)
            elif name in _FILE_TOOLS:
                unwritten += ignore_line(use.target, directory) != ""
                searches += name in TEXT_SEARCHES
            elif name in TEXT_SEARCHES:
                searches += 1
            elif use.ok is False and name in EDIT_TOOLS:
                failed_edits += 1
        most_repeats = max(most_repeats, _most_alike(digests))
        most_searches = max(most_searches, searches)
    searches = max(most_searches, empty)
    return _ToolSigns(searches, failed_edits, _most_alike(reads), most_repeats, loud, loud_with_files, unwritten)


def _most_alike(values: Sequence[object]) -> int:
    """At least how often the most frequent of the values is there; counting them would take longer."""
    return len(values) - len(set(values)) + 1 if values else 0


def _fullest_percent(calls: Sequence[CallFacts], limits: Mapping[str, int]) -> int:
    if not limits:
        return 0
    largest: dict[str, int] = {}
    for call in calls:
        tokens = call.tokens
        context = tokens.input + tokens.cache_read + tokens.cache_write
        if context > largest.get(call.model, -1):
            largest[call.model] = context
    return max([0, *(size * 100 // limit for model, size in largest.items() if (limit := limits.get(model)))])


def _cache_signs(calls: Sequence[CallFacts]) -> tuple[int, int, int]:
    """(most tokens lost within the cache's life, longest pause before a loss, largest drop of the hit rate)."""
    most_lost = hit_drop = 0
    lost_after_ms = -1
    top: dict[str, int] = {}
    for call, before, held, context in continuations(calls):
        read, pause_ms = call.tokens.cache_read, call.created_ms - before.created_ms
        if held - read >= LEAST_TOKENS and (use := CacheUse(call, before, held)).is_miss:
            lost_after_ms = max(lost_after_ms, use.pause_ms)
            if pause_ms <= CACHE_LIVES_MS:
                most_lost = max(most_lost, use.lost)
        elif pause_ms <= CACHE_LIVES_MS and context >= LEAST_TOKENS:
            hit, best = read * 100 // context, top.get(call.model, -1)
            if hit > best:
                top[call.model] = min(100, hit)
            elif best - hit > hit_drop:
                hit_drop = best - hit
    return most_lost, lost_after_ms, hit_drop
