"""Adds up what the findings of one lever cost, each call's money once.

`claims.py` settles that no two findings of sessions count the same money. A finding of a period, such as what forks or
the hours without a prompt cost, stands with its whole cost, as that is what it says; so it has calls that findings of
sessions, or other ones of the period, have as well. A sum takes each call's money for the closest cause: first for the
findings of sessions, then for what output that one of them carried on cost in later calls, at last for those of the
period, the costliest first. What would be saved is cut with the cost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from opencode_tui.analysis.claims import by_money
from opencode_tui.analysis.finding_parts import CallCosts, cost_of
from opencode_tui.clock import MINUTE_MS
from opencode_tui.money import apportion
from opencode_tui.records.insights import Finding, QuarterCost
from opencode_tui.records.levers import LeverSum

_QUARTER_MS = 15 * MINUTE_MS


class SharedCall(Struct, frozen=True, gc=False):
    """A paid call of a period, in a session in which several findings have money."""

    id: str
    session_id: str
    created_ms: int
    nano: int
    is_undone: bool = False
    """It was taken back in OpenCode."""


def shared_sessions(findings: Sequence[Finding], costs: CallCosts, session_of: Mapping[str, str]) -> set[str]:
    """The sessions in which a finding that names not all of its calls may have those of another one.

    Only their calls have to be read for a sum. `session_of` has the session of each call that is not of its finding's
    session, as those of subagents are.
    """
    seen: set[str] = set()
    shared: set[str] = set()
    open_ones: set[str] = set()
    for finding in findings:
        touched = {finding.session_id, *(each.session_id for each in finding.quarters)}
        touched |= {session_of[id] for id in finding.calls if id in session_of}
        if finding.cost_nano > cost_of(finding.calls, costs):
            open_ones |= touched
        shared |= touched & seen
        seen |= touched
    return (shared & open_ones) - {""}


def lever_sum(findings: Sequence[Finding], costs: CallCosts, calls: Iterable[SharedCall]) -> LeverSum:
    """What some findings cost, and what they would save, each call's money once.

    `calls` are those of the period in the `shared_sessions`, in order of time.
    """
    purse = _Purse(calls, costs)
    in_order = sorted(findings, key=by_money)
    named = [each for each in in_order if each.calls]
    spent = [purse.take_calls(each) for each in named]
    spent = [nano + purse.take_carried(each) for each, nano in zip(named, spent, strict=True)]
    whole = [each for each in in_order if not each.calls]
    spent += [purse.take_period(each) for each in whole]
    saved = [_saved(each, nano) for each, nano in zip((*named, *whole), spent, strict=True)]
    return LeverSum(sum(spent), sum(saved))


def _saved(finding: Finding, nano: int) -> int:
    """What a finding would save of the part of its cost that counts in it."""
    cost = finding.cost_nano
    return finding.saves_nano if nano == cost else finding.saves_nano * nano // cost if cost else 0


class _Purse:
    """What is left of each call's money."""

    def __init__(self, calls: Iterable[SharedCall], costs: CallCosts) -> None:
        self._costs = costs
        self._left: dict[str, int] = {}
        self._calls: dict[str, list[SharedCall]] = defaultdict(list)
        self._in_quarter: dict[tuple[str, int], list[str]] = defaultdict(list)
        for call in calls:
            self._left[call.id] = call.nano
            self._calls[call.session_id].append(call)
            self._in_quarter[call.session_id, call.created_ms // _QUARTER_MS].append(call.id)

    def take_calls(self, finding: Finding) -> int:
        """What a finding costs in the calls that it names: in each its share, as far as that is left."""
        ids = list(dict.fromkeys(finding.calls))
        nanos = tuple(cost_of((id,), self._costs) for id in ids)
        for id, nano in zip(ids, nanos, strict=True):
            self._left.setdefault(id, nano)
        most = min(finding.cost_nano, sum(nanos))
        taken = sum(self._take((id,), share) for id, share in zip(ids, apportion(most, nanos), strict=True))
        return taken + self._take(ids, most - taken)

    def take_carried(self, finding: Finding) -> int:
        """What it costs besides, in later calls of its session."""
        more = max(0, finding.cost_nano - cost_of(dict.fromkeys(finding.calls), self._costs))
        if finding.session_id not in self._calls:
            return more
        later = [call.id for call in self._calls[finding.session_id] if call.created_ms > finding.first_ms]
        return self._take(later, more)

    def take_period(self, finding: Finding) -> int:
        """What a finding of a period costs in its quarters of an hour, or in its session."""
        if finding.quarters:
            return sum(map(self._take_quarter, finding.quarters))
        if finding.session_id not in self._calls:
            return finding.cost_nano
        calls = self._calls[finding.session_id]
        return self._take([each.id for each in calls if each.is_undone == finding.is_undone], finding.cost_nano)

    def _take_quarter(self, part: QuarterCost) -> int:
        if part.session_id not in self._calls:
            return part.nano
        return self._take(self._in_quarter.get((part.session_id, part.start_ms // _QUARTER_MS), ()), part.nano)

    def _take(self, ids: Iterable[str], most: int) -> int:
        """Takes so much of these calls' money, in their order, or what is left; returns how much."""
        taken = 0
        for id in ids:
            nano = max(0, min(self._left[id], most - taken))
            self._left[id] -= nano
            taken += nano
        return taken
