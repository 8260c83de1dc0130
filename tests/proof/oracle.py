"""Computes what a ledger must contain, from the bills and the contents of the stores at each poll."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace

from tests.proof.search import Choice, groups, search
from tests.proof.world import HELD, ROW, SUM, Bill, Image

Hints = Set[tuple[str, int]]
"""(session id, nano-dollars) of the calls in a ledger."""


class Drift(AssertionError):
    """The ledger or an alert is wrong. The message says where and by how much."""


@dataclass(frozen=True, slots=True)
class SessionTotals:
    """The totals of one session in a ledger."""

    nano: int = 0
    calls: int = 0
    tokens: tuple[int, ...] = (0, 0, 0, 0, 0)


@dataclass(eq=False, slots=True)
class Share:
    """The totals that one session must have."""

    nano: int = 0
    tokens: list[int] = field(default_factory=lambda: [0] * 5)
    extra: list[int] = field(default_factory=lambda: [0] * 5)
    """Tokens of bills known only from a sum or an unfinished message, which the ledger may have or not."""


class Oracle:
    """The expected contents of one ledger, from its first poll on.

    A bill that is in a store at a poll must be in the ledger from then on, exactly once. The session that was billed
    pays it. If that session no longer holds the bill, one of the sessions with a copy pays it, always the same one.
    """

    def __init__(self) -> None:
        self.shares: dict[str, Share] = defaultdict(Share)
        self.seen: dict[Bill, str] = {}
        self.paid: list[tuple[Bill, str, bool]] = []
        """(bill, payer, whether it was in a row) of all bills in `seen`, in the order in which payers were found."""
        self._open: dict[Bill, frozenset[str]] = {}
        """Bills that one of several sessions pays; the next comparison finds which."""
        self._perhaps: dict[Bill, frozenset[str]] = {}
        """Bills that the ledger may have or not, with the sessions that could pay them."""
        self._allowed: dict[str, int] = {}
        """Nano-dollars by session that the ledger has from such bills, without it being clear from which."""
        self._how: dict[Bill, int] = {}
        """Where each bill was first found: HELD, SUM, PART or ROW."""
        self._now_ms = 0
        """The clock at the last look."""
        self._known_ms: dict[Bill, int] = {}
        """When the payer of each bill was found, by that clock."""
        self._glimpsed: dict[Bill, set[str]] = {}
        """The sessions that held each bill at any time when a program may have polled."""

    def glimpse(self, unseen: Iterable[Bill], real: list[Image]) -> None:
        """Records the contents of the stores at a time when a program may poll, or may not."""
        wanted = [bill for bill in unseen if bill not in self.seen and bill not in self._open]
        for image in real:
            for bill, places in image.holders(wanted).items():
                self._glimpsed.setdefault(bill, set()).update(places)

    def look(
        self,
        unseen: Iterable[Bill],
        real: list[Image],
        copies: list[Image],
        loose: set[str],
        read: list[Image] | None = None,
        now_ms: int = 0,
    ) -> list[Bill]:
        """Records a successful poll. `unseen` are bills that may be new to this ledger.

        `copies` are files that the program may read as a store or as a backup copy, `read` is all that it does read. In
        a `loose` session a bill that is only in its sum may be missed, or be paid by a session that holds a copy.
        Returns the bills that need not be passed again.
        """
        self._now_ms = now_ms
        wanted = [bill for bill in unseen if bill not in self.seen and bill not in self._open]
        if not wanted:
            return []
        found: dict[Bill, dict[str, int]] = {}
        for image in real:
            for bill, places in image.holders(wanted).items():
                known = found.setdefault(bill, {})
                for session, how in places.items():
                    known[session] = max(known.get(session, HELD), how)
        elsewhere: dict[Bill, set[str]] = {}
        for image in copies:
            for bill, places in image.holders(wanted).items():
                elsewhere.setdefault(bill, set()).update(places)
        done: list[Bill] = []
        for bill in wanted:
            elsewhere.setdefault(bill, set()).update(self._glimpsed.pop(bill, ()), self._perhaps.get(bill, ()))
            places = found.get(bill, {})
            how = self._how[bill] = max(places.values(), default=SUM)
            if places.get(bill.session) == SUM and bill.nano:
                self._allow_twice(bill, {*places, *elsewhere[bill]} - {bill.session}, read or real)
            if bill.session in loose and how == ROW and self._may_be_known(bill):
                self._perhaps[bill] = frozenset({bill.session})
                done.append(bill)
            elif places and how != HELD and (how != SUM or not places.keys() & loose):
                self._perhaps.pop(bill, None)
                # Of a free call without a row nothing but its tokens shows whose it is.
                unsure = bill.session in loose or not bill.nano
                own = places.get(bill.session, HELD) > (SUM if unsure else HELD) and not bill.early
                self._take(bill, frozenset({bill.session}) if own else frozenset({*places, *elsewhere[bill]}))
                done.append(bill)
            elif places or elsewhere[bill]:
                self._perhaps[bill] = frozenset({*places, *elsewhere[bill]})
            elif bill not in self._perhaps:
                done.append(bill)
        return done

    def _may_be_known(self, bill: Bill) -> bool:
        """Whether a call may be one that the ledger has already, in an amount that it worked out.

        In a restored store, a call that is dated before a look at which the sum of its session had more than its rows
        may be one that was undone before that look and came back with the restore. It may also be new, if the clock was
        set back, or from the other of two ways that the store went. The rows are the same.
        """
        known = [of for of, payer, in_row in self.paid if payer == bill.session and not in_row]
        if not any(self._known_ms[of] > bill.created for of in known) or sum(of.nano for of in known) < bill.nano:
            return False
        return all(sum(of.tokens[place] for of in known) >= count for place, count in enumerate(bill.tokens))

    def _allow_twice(self, bill: Bill, copies: set[str], images: list[Image]) -> None:
        """Lets a ledger count a copy beside the sum of the undone original, if nothing shows that they are one.

        That is so where the copy was made through a fork that was deleted before the first look.
        """
        cut_off = frozenset(id for id in copies if not _is_descendant(id, bill.session, images))
        if cut_off:
            twin = replace(bill)
            self._perhaps[twin], self._how[twin] = cut_off, ROW

    def _take(self, bill: Bill, payers: frozenset[str]) -> None:
        if len(payers) > 1:
            self._open[bill] = payers
            return
        (payer,) = payers
        self._pay(bill, payer)

    def _pay(self, bill: Bill, payer: str, perhaps: Iterable[str] = ()) -> None:
        """Records that `payer` pays a bill; for a free bill, the sessions in `perhaps` may have its tokens instead."""
        self.seen[bill] = payer
        self.paid.append((bill, payer, self._how[bill] > SUM))
        self._known_ms[bill] = self._now_ms
        share = self.shares[payer]
        share.nano += bill.nano
        vague = self._how[bill] != ROW or bool(perhaps)
        for each in {payer, *perhaps}:
            counts = self.shares[each].extra if vague else share.tokens
            for place in range(5):
                counts[place] += bill.tokens[place]

    def unpaid(self) -> Iterator[tuple[Bill, frozenset[str], bool, bool]]:
        """Yields (bill, possible payers, whether the ledger must have it, whether it was in a row) for open bills."""
        for bill, payers in self._open.items():
            yield bill, payers, True, self._how[bill] > SUM
        for bill, payers in self._perhaps.items():
            yield bill, payers, False, self._how[bill] > SUM

    def compare(self, actual: Mapping[str, SessionTotals], loose: set[str], hints: Hints = frozenset()) -> int:
        """Compares a ledger's sessions with the expected ones; returns its nano-dollars. Raises Drift.

        Searches for payers of the open bills that make all sums right; `hints` only choose where the search starts.
        """
        left = {id: actual.get(id, SessionTotals()).nano - self.expected(id) for id in {*actual, *self.shares}}
        for id, nano in left.items():
            if nano < 0 and id in self._allowed:  # a row found since has identified part of that amount
                identified = min(-nano, self._allowed[id])
                self._allowed[id] -= identified
                left[id] = nano + identified
        self._resolve({id: nano for id, nano in left.items() if nano}, loose, hints)
        maybe: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
        for bill, payers in self._perhaps.items():
            for payer in payers:
                maybe[payer] = [have + more for have, more in zip(maybe[payer], bill.tokens, strict=True)]
        for id in {*actual, *self.shares}:
            totals, share, nano = actual.get(id, SessionTotals()), self.shares[id], self.expected(id)
            if totals.nano != nano:
                raise Drift(f"{id}: the ledger says {totals.nano:,} nano-dollars, the truth is {nano:,}")
            for place, name in enumerate(("input", "output", "reasoning", "cache read", "cache write")):
                low, high = share.tokens[place], share.tokens[place] + share.extra[place] + maybe[id][place]
                if not low <= totals.tokens[place] <= high and id not in loose:
                    raise Drift(f"{id}: the ledger says {totals.tokens[place]:,} {name} tokens, the truth is {low:,}")
        return sum(map(self.expected, self.shares))

    def expected(self, id: str) -> int:
        """The nano-dollars that the ledger must have for a session."""
        return self.shares[id].nano + self._allowed.get(id, 0)

    def _resolve(self, left: dict[str, int], loose: set[str], hints: Hints) -> None:
        """Finds who pays the open bills, and which of the possible bills the ledger has, to explain the sums `left`."""
        for bill in [bill for bill, payers in self._open.items() if not bill.nano or not payers & left.keys()]:
            if bill.nano:
                raise Drift(f"bill {bill.number} of {bill.nano:,} nano-dollars is in no session that could pay it")
            payers = self._open.pop(bill)
            self._pay(bill, min(payers), payers)
        choices = [_choice(bill, payers & left.keys(), True, hints) for bill, payers in self._open.items()]
        choices += [
            _choice(bill, payers & left.keys(), False, hints)
            for bill, payers in self._perhaps.items()
            if bill.nano and payers & left.keys()
        ]
        for group, nanos in groups(choices, left):
            found = search(group, nanos)
            for bill, payer in (found or {}).items():
                self._open.pop(bill, None)
                self._perhaps.pop(bill, None)
                self._pay(bill, payer)
            if found is None:
                self._allow(nanos, loose)

    def _allow(self, left: dict[str, int], loose: set[str]) -> None:
        """Accepts unexplained amounts in loose sessions, up to the bills that are only in their sums."""
        for id, nano in left.items():
            room = sum(bill.nano for bill, payers in self._perhaps.items() if id in payers)
            known = self._allowed.get(id, 0)
            if id in loose and 0 < nano <= room - known and not any(id in payers for payers in self._open.values()):
                self._allowed[id] = known + nano


def _is_descendant(id: str, origin: str, images: list[Image]) -> bool:
    """Whether the stores still show that a session is a fork of another, directly or not."""
    while id != origin:
        known = (image.sessions[id].fork_of for image in images if id in image.sessions)
        above = next((each for each in known if each is not None), None)
        if above is None:
            return False
        id = above
    return True


def _choice(bill: Bill, payers: Set[str], must: bool, hints: Hints) -> Choice:
    ordered = sorted(payers, key=lambda payer: ((payer, bill.nano) not in hints, payer))
    return Choice(bill, ordered, must, (ordered[0], bill.nano) in hints)
