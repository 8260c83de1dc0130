"""Compares OpenCode's own sum of each session with the calls that it should hold.

A sum of OpenCode 2 never shrinks. So where the ledger has more than the sum, and rows that it read are gone, the store
was put back to an earlier state: an undo removes rows, but subtracts nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.analysis.gone_calls import GoneCalls
from opencode_tui.analysis.held_calls import Held
from opencode_tui.records import causes
from opencode_tui.records.calls import is_unlisted, undone_id
from opencode_tui.records.reconciliation import Agreed, Standing, StandingCall

_MOST_POSSIBLE = 12
"""How many calls that may be in a sum are tried in each combination, the largest first."""


class Summed(Struct, frozen=True):
    """A call without a row that a sum has in it."""

    id: str
    held: Held
    nano: int
    """What of it is in the sum: what the older row has that the upgrade took over, else what is recorded."""
    is_taken_over: bool = False

    @property
    def had_row(self) -> bool:
        """Whether it cost something and was read from a row, not worked out."""
        worked_out = is_unlisted(self.id) or self.id.startswith(undone_id(self.held.first.session_id))
        return self.held.recorded_nano > 0 and not worked_out


class SumCheck(Struct, frozen=True):
    """A session's sum beside its calls."""

    summed: tuple[Summed, ...]
    """The ledger's calls without a row that the sum has in it."""
    cause: str | None
    """Why the sum differs from its calls; None if it does not, or if no cause is known."""
    rest_nano: int
    """What the calls have beyond the sum, in nano-dollars."""


class SumChecks:
    """The sums of a store against its rows and, in OpenCode 2, the calls without a row that the ledger has."""

    def __init__(
        self,
        store: Standing,
        without_row: Mapping[str, Sequence[tuple[str, Held]]],
        gone: GoneCalls,
        *,
        is_read: bool = True,
    ) -> None:
        """`without_row` are the ledger's calls that stand in no current row, with their ids, by session.

        `is_read` says whether the ledger has read the store to its end.
        """
        self._store, self._without_row, self._gone, self._is_read = store, without_row, gone, is_read
        self._rows: dict[str, list[StandingCall]] = defaultdict(list)
        for call in store.calls:
            self._rows[call.session_id].append(call)

    def checks(self) -> tuple[SumCheck, ...]:
        """One for each session that has a readable sum."""
        found = [self._check(id, nano) for id, nano in (self._store.sums or {}).items() if nano is not None]
        if any(check.cause == causes.RESTORED for check in found):
            found = [_restored(check) if check.cause is None else check for check in found]
        return tuple(found)

    def _check(self, session_id: str, nano: int) -> SumCheck:
        rows = self._rows[session_id]
        summed, possible = self._summed(session_id) if self._store.has_titles else ([], [])
        agreed = self._store.agreed.get(session_id, Agreed())
        rest = agreed.nano + sum(row.nano for row in rows if row.in_sum) + _nano(summed) - nano
        leeway = agreed.fractions + sum(row.fraction != 0 for row in rows)
        if in_sum := _that_fill(-rest, possible, leeway):
            summed, rest = [*summed, *in_sum], rest + _nano(in_sum)
        taken_over = [each for each in summed if each.is_taken_over]
        if rest > leeway and taken_over and abs(rest - _nano(taken_over)) <= leeway:
            self._gone.came_later(each.id for each in taken_over)
            summed, rest = [each for each in summed if not each.is_taken_over], rest - _nano(taken_over)
        cause = None
        if rest and abs(rest) <= leeway:
            cause = causes.ROUNDING
        elif rest < 0 and not all(row.readable for row in rows):
            cause = causes.UNREADABLE
        elif rest < 0 and not (self._is_read and all(row.final for row in rows)):
            cause = causes.RUNNING
        elif 0 < rest <= _nano(summed) and any(each.had_row for each in summed):
            cause = causes.RESTORED
        return SumCheck(tuple(summed), cause, rest)

    def _summed(self, session_id: str) -> tuple[list[Summed], list[Summed]]:
        """The session's calls without a row that are in its sum, and those that may be.

        May be: calls of backup copies, and those of OpenCode 1 that its table no longer has. Had it deleted them before
        the upgrade, the upgrade did not add them up.
        """
        own, possible = [], []
        for id, held in self._without_row.get(session_id, ()):
            older = self._gone.taken_over(id, self._store.path)
            if self._gone.is_of_backup(held):
                if not held.first.copied:  # no sum has what a fork copied
                    possible.append(Summed(id, held, held.recorded_nano))
            elif older is not None:
                own.append(Summed(id, held, older.nano, is_taken_over=True))
            elif not held.first.is_summed:
                possible.append(Summed(id, held, held.recorded_nano))
            elif not held.first.copied:
                own.append(Summed(id, held, held.recorded_nano))
        return own, possible


def _restored(check: SumCheck) -> SumCheck:
    """A session's check in a store that was put back to an earlier state, as others of its sessions show."""
    return replace(check, cause=causes.RESTORED) if 0 < check.rest_nano <= _nano(check.summed) else check


def _that_fill(gap: int, possible: Sequence[Summed], leeway: int) -> list[Summed]:
    """Those of the possible calls that together are what a sum has beyond its rows; the most that are, or none.

    A call that stands in a backup copy only was undone in the store, and so is in its sum, or was made in a store that
    the copy replaced, and is not.
    """
    costly = sorted((each for each in possible if each.nano), key=lambda each: -each.nano)[:_MOST_POSSIBLE]
    subsets = (subset for size in range(len(costly), 0, -1) for subset in combinations(costly, size))
    return next((list(subset) for subset in subsets if abs(_nano(subset) - gap) <= leeway), [])


def _nano(calls: Sequence[Summed]) -> int:
    return sum(each.nano for each in calls)
