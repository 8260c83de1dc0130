"""Cuts findings to some of their calls: those of a period, or those that no other finding has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from opencode_tui.analysis.call_figures import RUNS, SAVED, SHARE, figures_of_calls, with_calls
from opencode_tui.analysis.insights.parts import rounds_of
from opencode_tui.clock import Span
from opencode_tui.money import apportion
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
    """The finding with only these of its calls, which cost and would save what each of them has of the whole.

    A saving that no call has a part of is cut in proportion to the cost. Of rounds and runs, what came after the first
    is what could be saved; a part that has nothing of that is none.
    """
    if not kept:
        return None
    rounds, share = rounds_of(finding), shares_of(finding, costs)
    saved = dict(zip(finding.calls, figures_of_calls(finding, SAVED), strict=False))
    if rounds:
        saved = {id: nano if rounds[id] else 0 for id, nano in share.items()}
    elif finding.saves_nano == finding.cost_nano:
        saved = share
    cost = sum(share[id] for id in kept)
    if saved:
        saves, sure = sum(saved.get(id, 0) for id in kept), finding.sure
    else:
        saves = min(cost, finding.saves_nano * cost // finding.cost_nano if finding.cost_nano else 0)
        sure = _sure_of(finding, saves)
    if (rounds or RUNS in finding.figures) and not saves:
        return None
    return _timed(replace(with_calls(finding, kept), cost_nano=cost, saves_nano=saves, sure=sure), costs)


def shares_of(finding: Finding, costs: CallCosts) -> dict[str, int]:
    """What each call of a finding has of its cost, in nano-dollars.

    It is the whole call unless the finding says otherwise; a cost that is another sum is split in proportion.
    """
    if shares := figures_of_calls(finding, SHARE):
        return dict(zip(finding.calls, shares, strict=False))
    nanos = {id: costs[id][1] if id in costs else 0 for id in finding.calls}
    if finding.cost_nano == sum(nanos.values()):
        return nanos
    return dict(zip(nanos, apportion(finding.cost_nano, tuple(nanos.values())), strict=True))


def _sure_of(finding: Finding, saves_nano: int) -> Sure:
    return "estimated" if saves_nano and saves_nano != finding.saves_nano else finding.sure


def _timed(part: Finding, costs: CallCosts) -> Finding:
    """The part with the times of its own calls."""
    times = [costs[id][0] for id in part.calls if id in costs] or [part.first_ms]
    return replace(part, first_ms=min(times), last_ms=max(times))
