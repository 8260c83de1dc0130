"""Settles which finding of a session a call's money counts in, so that no money counts twice.

A finding whose cost is the sum of its calls claims them whole. One whose cost is worked out from its calls, such as
what they paid to carry old context, claims that share of each: the rest of a call can be another finding's. The
costliest finding chooses first. But a call whose share is claimed goes to a finding that is exact about it, as long as
the other one keeps more than half of its own; else one broad estimate would hide all the exact causes within it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from opencode_tui.analysis.finding_parts import CallCosts, cost_of, part_of
from opencode_tui.records.insights import Finding


def once(findings: Iterable[Finding], costs: CallCosts) -> Iterator[Finding]:
    """The findings with the calls that each one's money is of, the costliest first.

    One that would lose half of its calls' cost or more says nothing new, and is left out.
    """
    of_session: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        of_session[finding.session_id].append(finding)
    parts = (part for of in of_session.values() for part in _Claims(of, costs).parts())
    yield from sorted(parts, key=by_money)


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
    """The claims on the calls of one session."""

    def __init__(self, findings: Sequence[Finding], costs: CallCosts) -> None:
        self._costs = costs
        self._holders: dict[str, list[_Claim]] = defaultdict(list)
        self._held: list[_Claim] = []
        for finding in sorted(findings, key=by_money):
            self._claim(_Claim(finding, costs))

    def parts(self) -> Iterator[Finding]:
        return (part for claim in self._held if (part := claim.part()) is not None)

    def _claim(self, claim: _Claim) -> None:
        givers = self._givers(claim)
        lost = [id for id in claim.calls if not self._is_free(id, claim, givers)]
        if not claim.can_do_without(lost):
            return
        for id in lost:
            del claim.calls[id]
        for id in claim.calls:
            for giver in givers:
                giver.calls.pop(id, None)
            self._holders[id] = [each for each in self._holders[id] if each not in givers] + [claim]
        self._held.append(claim)

    def _givers(self, claim: _Claim) -> list[_Claim]:
        """Those that leave their share of the claim's calls to it."""
        if not claim.is_exact:
            return []
        shares = {id(each): each for call in claim.calls for each in self._holders[call] if not each.is_exact}
        return [each for each in shares.values() if each.can_do_without(claim.calls)]

    def _is_free(self, id: str, claim: _Claim, givers: Sequence[_Claim]) -> bool:
        holders = [each for each in self._holders[id] if each not in givers]
        if claim.is_exact or any(each.is_exact for each in holders):
            return not holders
        return sum(each.nano_of(id) for each in (*holders, claim)) <= cost_of((id,), self._costs)
