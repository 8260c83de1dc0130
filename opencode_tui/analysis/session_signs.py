"""Computes the signs of a session in one look at its calls and its tool uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opencode_tui.analysis.cache_use import CACHE_LIVES_MS, LEAST_TOKENS, CacheUse, continuations
from opencode_tui.analysis.deeds import deed_of
from opencode_tui.analysis.tool_kinds import TEXT_SEARCHES
from opencode_tui.analysis.unwritten_files import ignore_line
from opencode_tui.records.calls import EDIT_TOOLS
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.signs import NO_FAMILY, FamilySigns, SessionSigns
from opencode_tui.records.work import SessionWork, TurnWork

_FILE_TOOLS = ("read", "grep")


def signs_of(work: SessionWork, calls: Sequence[CallFacts], family: FamilySigns = NO_FAMILY) -> SessionSigns:
    """The signs of a session, whose calls are given in order of time, with those of its subagents."""
    turns = work.turns
    tools = [use for turn in turns for use in turn.tools]
    most_lost, lost_after_ms, hit_drop = _cache_signs(calls)
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
        searches=sum([use.name in TEXT_SEARCHES for use in tools]),
        failed_edits=sum([use.name in EDIT_TOOLS for use in tools if use.ok is False]),
        edit_turns=sum([turn.edits > 0 for turn in turns]),
        most_retries=max([turn.retries for turn in turns], default=0),
        most_reads=_most_alike([use.target for use in tools if use.name == "read"]),
        most_repeats=max([_most_repeats(turn) for turn in turns], default=0),
        loud=sum([_is_loud(use) for use in tools if use.name == "bash"]),
        unwritten=sum([ignore_line(use.target, work.directory) != "" for use in tools if use.name in _FILE_TOOLS]),
        family=family,
    )


def _is_loud(use: ToolFacts) -> bool:
    return deed_of(use.name, use.target, use.ok).did in ("build", "test")


def _most_repeats(turn: TurnWork) -> int:
    return _most_alike([use.digest for use in turn.tools if use.digest is not None and use.name != "read"])


def _most_alike(values: Sequence[object]) -> int:
    """At least how often the most frequent of the values is there; counting them would take longer."""
    return len(values) - len(set(values)) + 1 if values else 0


def _fullest_percent(calls: Sequence[CallFacts], limits: Mapping[str, int]) -> int:
    most = 0
    for model in {call.model for call in calls}:
        if limit := limits.get(model):
            most = max(most, max([call.tokens.context for call in calls if call.model == model]) * 100 // limit)
    return most


def _cache_signs(calls: Sequence[CallFacts]) -> tuple[int, int, int]:
    """(most tokens lost within the cache's life, longest pause before a loss, largest drop of the hit rate)."""
    most_lost = hit_drop = 0
    lost_after_ms = -1
    top: dict[str, int] = {}
    for call, before, held in continuations(calls):
        read, pause_ms = call.tokens.cache_read, call.created_ms - before.created_ms
        if held - read >= LEAST_TOKENS and (use := CacheUse(call, before, held)).is_miss:
            lost_after_ms = max(lost_after_ms, use.pause_ms)
            if pause_ms <= CACHE_LIVES_MS:
                most_lost = max(most_lost, use.lost)
        elif pause_ms <= CACHE_LIVES_MS and (context := before.tokens.context) >= LEAST_TOKENS:
            hit, best = read * 100 // context, top.get(call.model, -1)
            if hit > best:
                top[call.model] = min(100, hit)
            elif best - hit > hit_drop:
                hit_drop = best - hit
    return most_lost, lost_after_ms, hit_drop
