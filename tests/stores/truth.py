"""What was billed, added up apart from any store and apart from the package's own arithmetic."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from decimal import Decimal

from opencode_tui.records.calls import Tokens

NANO_PER_USD = Decimal(1_000_000_000)


@dataclass(frozen=True)
class Bill:
    """One billed call: its id (of a message, or of an event where there is no message) and what it cost."""

    id: str
    session_id: str
    model: str
    cost: Decimal
    tokens: Tokens
    created_ms: int


def nano(cost: Decimal) -> int:
    exact = cost * NANO_PER_USD
    if exact != exact.to_integral_value():
        raise ValueError(f"a test's amount has parts of a nano-dollar: {cost}")
    return int(exact)


@dataclass
class Truth:
    """A running account. Copies, deletes and reverts never change what was billed."""

    bills: dict[str, Bill] = field(default_factory=dict)
    copied: dict[str, str] = field(default_factory=dict)
    """The original's id by the copy's id."""
    homes: dict[str, str] = field(default_factory=dict)
    """The session's id by the copy's id."""
    parents: dict[str, str | None] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Ids of messages, copies among them, of which the store has nothing left."""

    def open(self, session_id: str, parent: str | None) -> None:
        self.parents[session_id] = parent

    def bill(self, bill: Bill) -> None:
        self.bills[bill.id] = bill

    def copy(self, copy_id: str, original_id: str, session_id: str) -> None:
        """A fork's copy; a copy of a copy counts as one of the first original."""
        self.copied[copy_id] = self.copied.get(original_id, original_id)
        self.homes[copy_id] = session_id

    def lose(self, message_id: str) -> None:
        self.lost.add(message_id)

    def lose_session(self, session_id: str) -> None:
        """Nothing is left of what was billed in it, nor of what was copied into it."""
        self.lost |= {bill.id for bill in self.bills.values() if bill.session_id == session_id}
        self.lost |= {copy_id for copy_id, home in self.homes.items() if home == session_id}

    @property
    def total_nano(self) -> int:
        return nano(sum((bill.cost for bill in self.bills.values()), Decimal(0)))

    @property
    def calls(self) -> int:
        return len(self.bills)

    @property
    def copies(self) -> int:
        return len(self.copied)

    @property
    def tokens(self) -> Tokens:
        return sum((bill.tokens for bill in self.bills.values()), Tokens())

    @property
    def by_model(self) -> dict[str, int]:
        """Nano-dollars by `provider/model`."""
        return self._by({bill.id: bill.model for bill in self.bills.values()})

    @property
    def by_provider(self) -> dict[str, int]:
        return self._by({bill.id: bill.model.partition("/")[0] for bill in self.bills.values()})

    @property
    def own(self) -> dict[str, int]:
        """Nano-dollars by session, without its subagents; a session without a bill has 0."""
        spent = self._by({bill.id: bill.session_id for bill in self.bills.values()})
        return {session_id: spent.get(session_id, 0) for session_id in self.parents}

    @property
    def rolled(self) -> dict[str, int]:
        """Nano-dollars by session, with all its descendants."""
        sums = dict.fromkeys(self.parents, 0)
        for session_id, spent in self.own.items():
            ancestor: str | None = session_id
            while ancestor is not None:
                sums[ancestor] += spent
                ancestor = self.parents[ancestor]
        return sums

    def between(self, start_ms: int, end_ms: int) -> int:
        """Nano-dollars of the calls created from `start_ms` (in) to `end_ms` (out)."""
        return nano(sum((b.cost for b in self.bills.values() if start_ms <= b.created_ms < end_ms), Decimal(0)))

    @property
    def left(self) -> Truth:
        """What a reader who comes only now can still find.

        An original that is gone counts through its oldest copy, in the session that holds the copy.
        """
        found = Truth(parents=dict(self.parents))
        stand_ins: dict[str, str] = {}
        for bill in self.bills.values():
            if bill.id not in self.lost:
                found.bill(bill)
                stand_ins[bill.id] = bill.id
        for copy_id, original in sorted(self.copied.items()):
            if copy_id in self.lost or original not in self.bills:
                continue
            if original in stand_ins:
                found.copy(copy_id, stand_ins[original], self.homes[copy_id])
            else:
                stand_ins[original] = copy_id
                found.bill(replace(self.bills[original], id=copy_id, session_id=self.homes[copy_id]))
        return found

    def __add__(self, other: Truth) -> Truth:
        """Two stores with nothing in common."""
        return Truth(
            self.bills | other.bills,
            self.copied | other.copied,
            self.homes | other.homes,
            self.parents | other.parents,
            self.lost | other.lost,
        )

    def _by(self, key_of: dict[str, str]) -> dict[str, int]:
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for bill in self.bills.values():
            sums[key_of[bill.id]] += bill.cost
        return {key: nano(cost) for key, cost in sorted(sums.items())}
