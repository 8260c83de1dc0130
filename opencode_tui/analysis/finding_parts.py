"""Cuts findings to some of their calls: those of a period, or those that no other finding has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from opencode_tui.analysis.insights.parts import rounds_of, with_calls
from opencode_tui.clock import Span
from opencode_tui.records.insights import Finding, Sure

CallCosts = Mapping[str, tuple[int, int]]
"""(created in Unix milliseconds, nano-dollars) by call."""


def part_within(finding: Finding, span: Span, costs: CallCosts) -> Finding | None:
    """The part of a finding that belongs to a span: that of its calls in it; None without any."""
    if span.start_ms <= finding.first_ms and finding.last_ms < span.end_ms:
        return finding
    kept = [id for id in finding.calls if id in costs and span.start_ms <= costs[id][0] < span.end_ms]
    return part_of(finding, kept, costs)


def part_of(finding: Finding, kept: Sequence[str], costs: CallCosts) -> Finding | None:
    """The finding with only these of its calls; amounts that are no sum of calls are cut in proportion.

    Of rounds, what came after the first is what could be saved; a part that has nothing of that is none.
    """
    if not kept:
        return None
    if rounds := rounds_of(finding):
        return _part_of_rounds(finding, kept, [id for id in kept if rounds[id]], costs)
    whole, part = cost_of(finding.calls, costs), cost_of(kept, costs)
    cost = part if finding.cost_nano == whole else finding.cost_nano * part // whole if whole else 0
    saves = finding.saves_nano * part // whole if whole else 0
    sure: Sure = "estimated" if saves else finding.sure
    return _timed(replace(with_calls(finding, kept), cost_nano=cost, saves_nano=min(saves, cost), sure=sure), costs)


def _part_of_rounds(finding: Finding, kept: Sequence[str], later: Sequence[str], costs: CallCosts) -> Finding | None:
    if not later:
        return None
    part = replace(with_calls(finding, kept), cost_nano=cost_of(kept, costs), saves_nano=cost_of(later, costs))
    return _timed(part, costs)


def _timed(part: Finding, costs: CallCosts) -> Finding:
    """The part with the times of its own calls."""
    times = [costs[id][0] for id in part.calls if id in costs] or [part.first_ms]
    return replace(part, first_ms=min(times), last_ms=max(times))


def cost_of(ids: Iterable[str], costs: CallCosts) -> int:
    """What some calls cost together, in nano-dollars; those that are not known cost nothing."""
    return sum(costs[id][1] for id in ids if id in costs)
