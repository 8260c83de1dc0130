"""What a ledger must say, from what was billed and what the stores told at each look. It reads neither of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from tests.proof.search import Choice, groups, search
from tests.proof.world import HELD, ROW, SUM, Bill, Image

Hints = Set[tuple[str, int]]
"""Sessions, each with the amount of a call that a ledger has in it."""


class Drift(AssertionError):
    """The ledger does not say what is true. The message says where and by how much."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a ledger says of one session: nano-dollars, calls and tokens."""

    nano: int = 0
    calls: int = 0
    tokens: tuple[int, ...] = (0, 0, 0, 0, 0)


@dataclass(eq=False, slots=True)
class Share:
    """What one session must have, and what of it may stand in no row of its own."""

    nano: int = 0
    tokens: list[int] = field(default_factory=lambda: [0] * 5)
    extra: list[int] = field(default_factory=lambda: [0] * 5)
    """Tokens of bills that only a sum or an unfinished message told of: a ledger may know them or not."""


class Oracle:
    """The truth for one ledger, from its first look on.

    A bill that a store tells of at a look must be in the ledger from then on, and once. It is paid by the session
    that was billed; where that session no longer tells of it, by one of those that hold a copy, and by that for ever.
    """

    def __init__(self) -> None:
        self.shares: dict[str, Share] = defaultdict(Share)
        self.seen: dict[Bill, str] = {}
        self.paid: list[tuple[Bill, str, bool]] = []
        """(bill, payer, whether a row told of it) of all that is seen, in the order in which that was found."""
        self._open: dict[Bill, frozenset[str]] = {}
        """Bills that one of several sessions pays; the next comparison finds which."""
        self._perhaps: dict[Bill, frozenset[str]] = {}
        """Bills that the ledger may have, for all that can be said."""
        self._allowed: dict[str, int] = {}
        """By session, what a ledger has of such bills as a part of them that cannot be told apart."""
        self._how: dict[Bill, int] = {}
        """How each was first told of."""
        self._glimpsed: dict[Bill, set[str]] = {}

    def glimpse(self, unseen: Iterable[Bill], real: list[Image]) -> None:
        """Somebody may look at the stores now, or may not."""
        wanted = [bill for bill in unseen if bill not in self.seen and bill not in self._open]
        for image in real:
            for bill, places in image.tells(wanted).items():
                self._glimpsed.setdefault(bill, set()).update(places)

    def look(self, unseen: Iterable[Bill], real: list[Image], copies: list[Image], loose: set[str]) -> list[Bill]:
        """A look at the stores that has ended well. `unseen` are bills that may be new to this ledger.

        `copies` are files that a reader may take for a store or for somebody's copy. In a `loose` session a bill
        that only its sum tells of may be missed, or be paid by a session that holds a copy. Returns the bills that
        must not be asked about again.
        """
        wanted = [bill for bill in unseen if bill not in self.seen and bill not in self._open]
        if not wanted:
            return []
        told: dict[Bill, dict[str, int]] = {}
        for image in real:
            for bill, places in image.tells(wanted).items():
                known = told.setdefault(bill, {})
                for session, how in places.items():
                    known[session] = max(known.get(session, HELD), how)
        aside: dict[Bill, set[str]] = {}
        for image in copies:
            for bill, places in image.tells(wanted).items():
                aside.setdefault(bill, set()).update(places)
        done: list[Bill] = []
        for bill in wanted:
            aside.setdefault(bill, set()).update(self._glimpsed.pop(bill, ()), self._perhaps.get(bill, ()))
            places = told.get(bill, {})
            how = self._how[bill] = max(places.values(), default=SUM)
            if places and how != HELD and (how != SUM or not places.keys() & loose):
                self._perhaps.pop(bill, None)
                own = places.get(bill.session, HELD) > (SUM if bill.session in loose else HELD) and not bill.early
                self._take(bill, frozenset({bill.session}) if own else frozenset({*places, *aside[bill]}))
                done.append(bill)
            elif places or aside[bill]:
                self._perhaps[bill] = frozenset({*places, *aside[bill]})
            elif bill not in self._perhaps:
                done.append(bill)
        return done

    def _take(self, bill: Bill, payers: frozenset[str]) -> None:
        if len(payers) > 1:
            self._open[bill] = payers
            return
        (payer,) = payers
        self._pay(bill, payer)

    def _pay(self, bill: Bill, payer: str, perhaps: Iterable[str] = ()) -> None:
        """`perhaps` are sessions that may have the tokens of a bill of nothing as well."""
        self.seen[bill] = payer
        self.paid.append((bill, payer, self._how[bill] > SUM))
        share = self.shares[payer]
        share.nano += bill.nano
        vague = self._how[bill] != ROW or bool(perhaps)
        for each in {payer, *perhaps}:
            counts = self.shares[each].extra if vague else share.tokens
            for place in range(5):
                counts[place] += bill.tokens[place]

    def unpaid(self) -> Iterator[tuple[Bill, frozenset[str], bool, bool]]:
        """(bill, who may pay it, whether the ledger must have it, whether a row told of it) of the rest it may have."""
        for bill, payers in self._open.items():
            yield bill, payers, True, self._how[bill] > SUM
        for bill, payers in self._perhaps.items():
            yield bill, payers, False, self._how[bill] > SUM

    def compare(self, told: Mapping[str, Told], loose: set[str], hints: Hints = frozenset()) -> int:
        """Hold a ledger's sessions against the truth; its nano-dollars. Raises Drift.

        Who paid what is open is searched until all sums are right; `hints` only say where the search begins.
        """
        left = {id: told.get(id, Told()).nano - self.due(id) for id in {*told, *self.shares}}
        for id, nano in left.items():
            if nano < 0 and id in self._allowed:  # a row has told since what a part of that was
                taken = min(-nano, self._allowed[id])
                self._allowed[id] -= taken
                left[id] = nano + taken
        self._resolve({id: nano for id, nano in left.items() if nano}, loose, hints)
        maybe: dict[str, list[int]] = defaultdict(lambda: [0] * 5)
        for bill, payers in self._perhaps.items():
            for payer in payers:
                maybe[payer] = [have + more for have, more in zip(maybe[payer], bill.tokens, strict=True)]
        for id in {*told, *self.shares}:
            says, share = told.get(id, Told()), self.shares[id]
            if says.nano != self.due(id):
                raise Drift(f"{id}: the ledger says {says.nano:,} nano-dollars, the truth is {self.due(id):,}")
            for place, name in enumerate(("input", "output", "reasoning", "cache read", "cache write")):
                low, high = share.tokens[place], share.tokens[place] + share.extra[place] + maybe[id][place]
                if not low <= says.tokens[place] <= high and id not in loose:
                    raise Drift(f"{id}: the ledger says {says.tokens[place]:,} {name} tokens, the truth is {low:,}")
        return sum(map(self.due, self.shares))

    def due(self, id: str) -> int:
        """What a ledger must say of a session."""
        return self.shares[id].nano + self._allowed.get(id, 0)

    def _resolve(self, left: dict[str, int], loose: set[str], hints: Hints) -> None:
        """Find who pays what is open, and which of the bills that may be known are."""
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
        """A part of what only sums told of, in sessions whose sums have gone back: no more than that."""
        for id, nano in left.items():
            room = sum(bill.nano for bill, payers in self._perhaps.items() if id in payers)
            known = self._allowed.get(id, 0)
            if id in loose and 0 < nano <= room - known and not any(id in payers for payers in self._open.values()):
                self._allowed[id] = known + nano


def _choice(bill: Bill, payers: Set[str], must: bool, hints: Hints) -> Choice:
    ordered = sorted(payers, key=lambda payer: ((payer, bill.nano) not in hints, payer))
    return Choice(bill, ordered, must, (ordered[0], bill.nano) in hints)
