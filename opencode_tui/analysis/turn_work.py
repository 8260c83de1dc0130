"""Puts a session's calls and tool uses together into turns with their task class and their retries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from opencode_tui.analysis.deeds import EDITS, Deed, deeds_of
from opencode_tui.analysis.retries import edits_and_retries, is_one_shot
from opencode_tui.analysis.task_classes import TurnDeeds, task_of
from opencode_tui.records.facts import CallFacts, ToolFacts
from opencode_tui.records.work import TurnWork


def turn_work(id: str, calls: Sequence[CallFacts], tools: Iterable[ToolFacts]) -> TurnWork:
    """A turn from its calls, of which there is at least one, and what they asked for; both in order of time.

    Its tools are without those that a person refused.
    """
    asked = tuple(tools)
    uses, deeds = asked, deeds_of(asked)
    seen = TurnDeeds({call.agent for call in calls}, deeds)
    if True in [use.refused for use in asked]:  # which shows what the turn was for, but did nothing
        uses = tuple([use for use in asked if not use.refused])
        deeds = deeds_of(uses)
    edits, retries = edits_and_retries(deeds) if seen.edits else (0, 0)
    task = task_of(seen)
    edit_call_id = _first_edit(uses, deeds) if edits else None
    return TurnWork(id, tuple(calls), uses, task, edits, retries, is_one_shot(edits, retries), edit_call_id)


def _first_edit(uses: Sequence[ToolFacts], deeds: Sequence[Deed]) -> str | None:
    """The call that asked for the first edit that did not fail."""
    for place, deed in enumerate(deeds):
        if deed.did in EDITS and deed.ok is not False:
            return uses[place].call_id
    return None


def turns_work(calls: Iterable[CallFacts], uses: Mapping[str, Sequence[ToolFacts]]) -> tuple[TurnWork, ...]:
    """The turns of a session without its copied calls, in order of time; `uses` are the tool uses by call id."""
    turns: dict[str, list[CallFacts]] = {}
    for call in calls:
        if not call.copied:
            turns.setdefault(call.turn_id, []).append(call)
    return tuple(
        turn_work(id, members, [use for call in members for use in uses.get(call.id, ())])
        for id, members in turns.items()
    )


def works_of_turns(turns: Mapping[str, tuple[Sequence[CallFacts], Sequence[ToolFacts]]]) -> tuple[TurnWork, ...]:
    """The same where the calls and the tool uses of each turn are known already, by its id."""
    return tuple([turn_work(id, members, uses) for id, (members, uses) in turns.items()])
