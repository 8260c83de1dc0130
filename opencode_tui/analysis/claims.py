"""Settles which finding of a session a call's money counts in, so that no money counts twice.

A finding whose cost is the sum of its calls claims them whole. One whose cost is worked out from its calls, such as
what they paid to carry old context, claims that share of each: the rest of a call can be another finding's. The
costliest finding chooses first. But a call whose share is claimed goes to a finding that is exact about it, as long as
the other one keeps more than half of its own; else one broad estimate would hide all the exact causes within it.

Findings of different sessions can have the same calls: a session's finding about its subagents has all calls of these,
and the subagents' own sessions have findings of their own. Those are the closer causes, so they choose before such a
broad finding, which gets what they leave. Only cheaper estimates give way to it: they have a share of each call, and it
has the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from opencode_tui.analysis.finding_parts import CallCosts, cost_of, part_of
from opencode_tui.records.insights import Finding


def once(
    findings: Iterable[Finding], costs: CallCosts, is_broad: Callable[[Finding], bool] = lambda _: False
) -> Iterator[Finding]:
    """The findings with the calls that each one's money is of, the costliest first.

    One that would lose half of its calls' cost or more says nothing new, and is left out. `is_broad` holds for a
    finding whose calls are those of its session's subagents.
    """
    in_order = sorted(findings, key=by_money)
    claims = _Claims(costs)
    for finding in in_order:
        if not is_broad(finding):
            claims.claim(_Claim(finding, costs))
    for finding in in_order:
        if is_broad(finding):
            claims.claim_broadly(_Claim(finding, costs))
    yield from sorted(claims.parts(), key=by_money)


def by_money(finding: Finding) -> tuple[object, ...]:
    """A key that sorts findings by their money, the costliest first."""
    return -finding.cost_nano, -finding.saves_nano, finding.rule, finding.session_id, finding.key


class _Claim:
    """A finding with the calls that it still has."""

    def __init__(self, finding: Finding, costs: CallCosts) -> None:
        self.finding, self._costs = finding, costs
        self.calls = dict.fromkeys(finding.calls)
        self._whole = cost_of(finding.calls, costs)
        self.is_exact = finding.cost_nano == self._whole

    def nano_of(self, id: str) -> int:
        """What it claims of a call."""
        nano = cost_of((id,), self._costs)
        return nano if self.is_exact else min(nano, nano * self.finding.cost_nano // self._whole if self._whole else 0)

    def can_do_without(self, ids: Iterable[str]) -> bool:
        """Whether it would still have calls, and more than half of their cost."""
        lost = set(ids).intersection(self.calls)
        return not lost or 2 * (cost_of(self.calls, self._costs) - cost_of(lost, self._costs)) > self._whole

    def part(self) -> Finding | None:
        if len(self.calls) == len(self.finding.calls):
            return self.finding
        return part_of(self.finding, list(self.calls), self._costs)


class _Claims:
    """The claims on all calls."""

    def __init__(self, costs: CallCosts) -> None:
        self._costs = costs
        self._holders: dict[str, list[_Claim]] = defaultdict(list)
        self._held: list[_Claim] = []

    def parts(self) -> Iterator[Finding]:
        return (part for claim in self._held if (part := claim.part()) is not None)

    def claim(self, claim: _Claim) -> None:
        """Gives a claim what is left of its calls, and what those leave to it that can do without."""
        shares = self._shares(claim) if claim.is_exact else []
        self._settle(claim, [each for each in shares if each.can_do_without(claim.calls)])

    def claim_broadly(self, claim: _Claim) -> None:
        """Gives a broad claim what is left of its calls, and those of estimates that cost less, whatever these keep."""
        cost_nano = claim.finding.cost_nano
        givers = [each for each in self._shares(claim) if each.finding.cost_nano < cost_nano]
        dropped = [each for each in givers if not each.can_do_without(claim.calls)]
        if self._settle(claim, givers):
            self._held = [each for each in self._held if each not in dropped]
            for each in dropped:
                for id in each.calls:
                    self._holders[id].remove(each)

    def _settle(self, claim: _Claim, givers: Sequence[_Claim]) -> bool:
        """Returns whether enough is left of the claim; if so, the givers leave their share of its calls to it."""
        lost = [id for id in claim.calls if not self._is_free(id, claim, givers)]
        if not claim.can_do_without(lost):
            return False
        for id in lost:
            del claim.calls[id]
        for id in claim.calls:
            for giver in givers:
                giver.calls.pop(id, None)
            self._holders[id] = [each for each in self._holders[id] if each not in givers] + [claim]
        self._held.append(claim)
        return True

    def _shares(self, claim: _Claim) -> list[_Claim]:
        """Those that have a share of the claim's calls and none whole."""
        shares = {id(each): each for call in claim.calls for each in self._holders[call] if not each.is_exact}
        return list(shares.values())

    def _is_free(self, id: str, claim: _Claim, givers: Sequence[_Claim]) -> bool:
        holders = [each for each in self._holders[id] if each not in givers]
        if claim.is_exact or any(each.is_exact for each in holders):
            return not holders
        return sum(each.nano_of(id) for each in (*holders, claim)) <= cost_of((id,), self._costs)
