"""Which subagents a session's turns started, and what some of them cost with all that is below them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from opencode_tui.money import format_usd, plural
from opencode_tui.records.work import ChildWork, SessionWork, TurnWork


def started_by_turn(work: SessionWork) -> Iterator[tuple[TurnWork, list[ChildWork]]]:
    """Each turn that started subagents, with those; one that is resumed later belongs to the turn that started it."""
    direct = {child.id: child for child in work.children if child.parent_id == work.id}
    for turn in work.turns:
        ids = dict.fromkeys(use.child_session_id for use in turn.tools if use.child_session_id)
        if started := [direct.pop(id) for id in ids if id in direct]:
            yield turn, started


def with_descendants(work: SessionWork, started: Iterable[ChildWork]) -> list[ChildWork]:
    """Some subagents of a session and all below them, each once."""
    below: dict[str, list[ChildWork]] = defaultdict(list)
    for child in work.children:
        below[child.parent_id].append(child)
    found = {child.id: child for child in started}
    order = list(found.values())
    for child in order:
        for each in below[child.id]:
            if each.id not in found:
                found[each.id] = each
                order.append(each)
    return order


def total_nano(children: Iterable[ChildWork]) -> int:
    return sum(child.nano for child in children)


def sum_of_starts(cost_nano: int, starts_nano: int, many: int) -> str:
    """The sum behind what fewer subagents save: the first calls of so many of them."""
    return (
        f"{format_usd(cost_nano)} in all; the first calls of {plural(many, 'subagent')}, which read the instructions "
        f"and the descriptions of the tools again: {format_usd(starts_nano)}"
    )


def cheapest_starts(children: Sequence[ChildWork], many: int) -> dict[str, int]:
    """What the first calls of so many of the subagents cost at least, in nano-dollars by call."""
    cheapest = sorted((child for child in children if child.call_ids), key=lambda child: (child.first_nano, child.id))
    return {child.call_ids[0]: child.first_nano for child in cheapest[: max(0, many)]}
