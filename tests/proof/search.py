"""Finds who paid which bill, where several sessions could have, so that the sums of all sessions are right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.proof.world import Bill

_TRIES = 300_000


@dataclass(frozen=True, slots=True)
class Choice:
    """A bill that one of these sessions pays, or none of them unless it `must` be paid."""

    bill: Bill
    payers: list[str]
    must: bool
    likely: bool = False
    """The ledger has a call of that amount in the first session, so the search starts with it."""


def groups(choices: Iterable[Choice], left: dict[str, int]) -> list[tuple[list[Choice], dict[str, int]]]:
    """Groups the choices into independent sets that share no session; returns each with the sums of its sessions."""
    group_of: dict[str, set[str]] = {session: {session} for session in left}
    choices = list(choices)
    for choice in choices:
        merged = set().union(*(group_of[payer] for payer in choice.payers))
        for session in merged:
            group_of[session] = merged
    found: list[tuple[list[Choice], dict[str, int]]] = []
    for members in {frozenset(group) for group in group_of.values()}:
        own = [choice for choice in choices if choice.payers[0] in members]
        found.append((own, {session: left[session] for session in sorted(members)}))
    return found


def search(choices: list[Choice], left: dict[str, int]) -> dict[Bill, str] | None:
    """The payer of each bill such that the sums `left` are all explained; None if there is no solution."""
    # Optional bills come last: usually all of them are paid, so that the first attempt is often the solution.
    ordered = sorted(choices, key=lambda choice: (not choice.likely, not choice.must, -choice.bill.nano))
    sums = [0]
    for choice in reversed(ordered):
        sums.append(sums[-1] + choice.bill.nano)
    return _search(ordered, 0, dict(left), sum(left.values()), sums[::-1], [_TRIES])


def _search(
    choices: list[Choice], at: int, left: dict[str, int], need: int, sums: list[int], tries: list[int]
) -> dict[Bill, str] | None:
    tries[0] -= 1
    if tries[0] < 0 or not 0 <= need <= sums[at]:
        return None
    if at == len(choices):
        return {} if not any(left.values()) else None
    choice = choices[at]
    nano = choice.bill.nano
    for payer in choice.payers:
        if left[payer] < nano:
            continue
        left[payer] -= nano
        found = _search(choices, at + 1, left, need - nano, sums, tries)
        left[payer] += nano
        if found is not None:
            return found | {choice.bill: payer}
    return None if choice.must else _search(choices, at + 1, left, need, sums, tries)
