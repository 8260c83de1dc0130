"""Settles which finding a call's money counts in, so that no money counts twice.

A finding whose cost is the sum of its calls claims them whole. One that has a part of what its calls cost, such as what
they paid to carry old context, claims that share of each: the rest of a call can be another finding's. The costliest
finding chooses first. But what it claims goes to a finding that is measured where it is estimated, or has the calls
whole where it has a share of them, as long as it keeps more than half of its own; else one broad estimate would hide
all the exact causes within it. A measured finding that costs nearly as much goes before an estimate in any case.

Findings of different sessions can have the same calls: a session's finding about its subagents has all calls of these,
and the subagents' own sessions have findings of their own. Those are the closer causes, so they choose before such a
broad finding, which gets what they leave. Only cheaper shares give way to it. Of several broad ones that which would
save most chooses first.

What a rule finds in a period, such as what the sessions cost that were deleted, is the widest of all, so that it comes
last, and gets what the others leave of each call. The calls that were undone are an exception: nothing is closer. Where
they are half of the rounds on a file or more, the rounds are the attempts that somebody took back, and no redesign.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from opencode_tui.analysis.call_figures import SHARE, listed, named, with_calls
from opencode_tui.analysis.finding_parts import CallCosts, part_of, shares_of
from opencode_tui.records.insights import Finding, Reach


def once(
    findings: Iterable[Finding],
    costs: CallCosts,
    reach: Callable[[Finding], Reach] = lambda _: "close",
    is_hidden: Callable[[Finding], bool] = lambda _: False,
    is_loose: Callable[[Finding], bool] = lambda _: False,
) -> Iterator[Finding]:
    """The findings with the calls that each one's money is of, the costliest first.

    One that would lose half of its cost or more says nothing new, and is left out. Hidden ones, which somebody has
    dismissed, leave their calls to those of a period. Loose ones, which save at most their cost, are left out where
    that is mostly of calls that were undone.
    """
    found = list(findings)
    taken_back = {id for each in found if each.is_undone and not is_hidden(each) for id in each.calls}
    in_order = sorted(
        [each for each in found if not (is_loose(each) and _is_mostly_of(each, taken_back, costs))], key=by_money
    )
    of: dict[Reach, list[Finding]] = {"close": [], "broad": [], "period": []}
    for finding in in_order:
        of[reach(finding)].append(finding)
    claims = _Claims(costs, is_hidden)
    for finding in of["close"]:
        claims.claim(_Claim(finding, costs))
    for finding in sorted(of["broad"], key=lambda each: (-each.saves_nano, by_money(each))):
        claims.claim_broadly(_Claim(finding, costs))
    for finding in of["period"]:
        claims.claim_rest(_Claim(finding, costs))
    yield from sorted(claims.parts(), key=by_money)


def _is_mostly_of(finding: Finding, ids: Collection[str], costs: CallCosts) -> bool:
    """Whether half of what a finding cost or more is of some calls."""
    return 2 * sum(nano for id, nano in shares_of(finding, costs).items() if id in ids) >= finding.cost_nano


def by_money(finding: Finding) -> tuple[object, ...]:
    """A key that sorts findings by their money, the costliest first, then what is measured."""
    is_estimate = finding.sure == "estimated"
    return -finding.cost_nano, is_estimate, -finding.saves_nano, finding.rule, finding.session_id, finding.key


_SURER = "measured", "estimated"


class _Claim:
    """A finding with the calls that it still has."""

    def __init__(self, finding: Finding, costs: CallCosts) -> None:
        self.finding, self._costs = finding, costs
        self.calls = shares_of(finding, costs)
        """What it claims of each call, in nano-dollars."""
        self._left_nano = finding.cost_nano
        self.is_whole = all(nano == _nano_of(id, costs) for id, nano in self.calls.items())
        """It claims all of each call."""

    def gives_to(self, other: _Claim) -> bool:
        """Whether it leaves its calls to another one that it can do without them for."""
        return (other.is_whole and not self.is_whole) or (other.finding.sure, self.finding.sure) == _SURER

    def can_do_without(self, ids: Iterable[str]) -> bool:
        """Whether more than half of its cost would be left."""
        lost = sum(self.calls[id] for id in set(ids).intersection(self.calls))
        return not lost or 2 * (self._left_nano - lost) > self.finding.cost_nano

    def is_nearly(self, other: _Claim) -> bool:
        """Whether a measured finding costs three quarters of it, so that it is the same money known exactly."""
        return other.finding.sure == "measured" and 4 * other.finding.cost_nano >= 3 * self.finding.cost_nano

    def lose(self, id: str) -> None:
        self._left_nano -= self.calls.pop(id, 0)

    def part(self) -> Finding | None:
        if len(self.calls) == len(set(self.finding.calls)):
            return self.finding
        return part_of(self.finding, list(self.calls), self._costs)


class _Claims:
    """The claims on all calls."""

    def __init__(self, costs: CallCosts, is_hidden: Callable[[Finding], bool]) -> None:
        self._costs, self._is_hidden = costs, is_hidden
        self._holders: dict[str, list[_Claim]] = defaultdict(list)
        self._held: list[_Claim] = []

    def parts(self) -> Iterator[Finding]:
        return (part for claim in self._held if (part := claim.part()) is not None)

    def claim(self, claim: _Claim) -> None:
        """Gives a claim what is left of its calls, and what those leave to it that can do without."""
        holders = [each for each in self._holding(claim) if each.gives_to(claim)]
        givers = [each for each in holders if each.can_do_without(claim.calls) or each.is_nearly(claim)]
        self._settle(claim, givers, [each for each in givers if each.is_whole])

    def claim_broadly(self, claim: _Claim) -> None:
        """Gives a broad claim what is left of its calls, and those of estimates that cost less, whatever these keep."""
        cost_nano = claim.finding.cost_nano
        shares = [each for each in self._holding(claim) if not each.is_whole]
        givers = [each for each in shares if each.finding.cost_nano < cost_nano]
        self._settle(claim, givers, givers)

    def claim_rest(self, claim: _Claim) -> None:
        """Gives a claim what is left of the money of its calls."""
        rest = {id: min(nano, self._free_nano(id)) for id, nano in claim.calls.items()}
        lost = sum(claim.calls.values()) - sum(rest.values())
        if 2 * lost >= claim.finding.cost_nano and lost:
            return
        if lost:
            claim = _Claim(_less(claim, rest), self._costs)
        for id in claim.calls:
            self._holders[id].append(claim)
        self._held.append(claim)

    def _settle(self, claim: _Claim, givers: Sequence[_Claim], needy: Sequence[_Claim] = ()) -> None:
        """Holds a claim if enough is left of it: the givers leave their share of its calls to it.

        Those of them that are needy give up if half of their cost or less would be left.
        """
        lost = [id for id in claim.calls if not self._is_free(id, claim, givers)]
        if not claim.can_do_without(lost):
            return
        dropped = [each for each in needy if not each.can_do_without(claim.calls)]
        for id in lost:
            claim.lose(id)
        for id in claim.calls:
            for giver in givers:
                giver.lose(id)
            self._holders[id] = [each for each in self._holders[id] if each not in givers] + [claim]
        self._held = [each for each in self._held if each not in dropped] + [claim]
        for each in dropped:
            for id in each.calls:
                self._holders[id].remove(each)

    def _holding(self, claim: _Claim) -> list[_Claim]:
        """Those that have something of the claim's calls."""
        found = {id(each): each for call in claim.calls for each in self._holders[call]}
        return list(found.values())

    def _is_free(self, id: str, claim: _Claim, givers: Sequence[_Claim]) -> bool:
        holders = [each for each in self._holders[id] if each not in givers]
        if claim.is_whole:
            return not holders
        return sum([each.calls[id] for each in (*holders, claim)]) <= _nano_of(id, self._costs)

    def _free_nano(self, id: str) -> int:
        nano, holders = _nano_of(id, self._costs), self._holders.get(id)
        if not holders:
            return nano
        return max(0, nano - sum(each.calls[id] for each in holders if not self._is_hidden(each.finding)))


def _nano_of(id: str, costs: CallCosts) -> int:
    """What a call cost; one that is not known cost nothing."""
    return costs[id][1] if id in costs else 0


def _less(claim: _Claim, shares: Mapping[str, int]) -> Finding:
    """The finding of a claim with only so much of each call, and in proportion of what would be saved."""
    finding = claim.finding
    cost = finding.cost_nano - sum(claim.calls.values()) + sum(shares.values())
    figures = {**finding.figures, named(SHARE): listed(shares[id] for id in finding.calls)}
    part = replace(finding, figures=figures)
    kept = [id for id in finding.calls if shares[id]]
    saves = finding.saves_nano * cost // finding.cost_nano
    return replace(with_calls(part, kept), cost_nano=cost, saves_nano=saves)
