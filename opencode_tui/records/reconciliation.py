"""What OpenCode's stores hold now, what the ledger holds, and how the two figures differ, by cause."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Literal, Protocol

from msgspec import Struct, field

from opencode_tui.records.calls import Basis, Tokens
from opencode_tui.records.requests import ReconcileRequest

LeftOut = Literal["", "compaction", "fork", "ahead", "session"]
"""Why `opencode stats` leaves a call out: it is a compaction, counts as a fork's copy, is dated in the future, or its
session has no row."""


class StandingCall(Struct, frozen=True, gc=False):
    """A call's row as a store has it now."""

    id: str
    """The message's id, as the ledger has it."""
    session_id: str
    nano: int
    """The recorded cost; 0 if it cannot be read."""
    left_out: LeftOut = ""
    in_sum: bool = True
    """OpenCode's own sum of the session includes it."""
    final: bool = True
    readable: bool = True
    output: int | None = None
    """The output tokens as recorded, which up to OpenCode 1.3.2 include the reasoning."""
    fraction: float = 0.0
    """What the recorded cost is beyond `nano`, in nano-dollars: sums of such calls differ by a rounding."""
    touched_ms: int = 0
    """When the row was last written, in Unix milliseconds."""


class Agreed(Struct, frozen=True, gc=False):
    """The calls of a session that count in every figure and cost in the ledger what the store's rows say."""

    calls: int = 0
    nano: int = 0
    fractions: int = 0
    """How many of the rows' costs are no whole number of nano-dollars."""
    fraction: float = 0.0
    """What the recorded costs are beyond `nano`, in nano-dollars."""


class Agreement(Protocol):
    """Says of each row of the stores that OpenCode reads, in their order, whether the ledger has the call alike."""

    def agrees(self, row: StandingCall, *, is_counted: bool) -> bool:
        """Whether the row and the ledger's call need no further comparison.

        At most one row agrees with a call, and none that comes after one that did not. `is_counted` says whether the
        sum of the row's session is known, where OpenCode keeps sums.
        """

    def keep(self) -> None:
        """A store was read to its end."""

    def take_back(self) -> None:
        """A store was not read to its end: no row has agreed since `keep`."""


class Standing(Struct, frozen=True):
    """All calls and sums of one store, as read now."""

    key: str
    """The store's name in the ledger."""
    path: str
    form: str
    """What wrote it, such as `OpenCode 2`."""
    calls: tuple[StandingCall, ...]
    """Those that are not among the `agreed`."""
    sums: Mapping[str, int | None] | None = None
    """OpenCode's sum of each session in nano-dollars, None for one that cannot be read; None if it keeps no sums."""
    shows_sums: bool = False
    """`opencode stats` adds up the sums of the sessions, not the messages."""
    has_titles: bool = False
    """The sums have calls that stand in no row: titles, and what was undone."""
    sums_fraction: float = 0.0
    """What the sums are beyond whole nano-dollars, all together."""
    extra_nano: int = 0
    """What `opencode stats` adds from elsewhere in the store."""
    extra_fraction: float = 0.0
    """What that is beyond whole nano-dollars."""
    is_current: bool = True
    """OpenCode reads it today; an older generation beside it is not current."""
    agreed: Mapping[str, Agreed] = field(default_factory=dict)
    """What the calls add up to that the ledger has alike, by session."""

    @property
    def agreed_nano(self) -> int:
        return sum(each.nano for each in self.agreed.values())

    @property
    def agreed_fraction(self) -> float:
        return sum(each.fraction for each in self.agreed.values())

    @property
    def count(self) -> int:
        """The number of all calls."""
        return len(self.calls) + sum(each.calls for each in self.agreed.values())


class LedgerCall(Struct, frozen=True, gc=False):
    """A call as the ledger has it, with what its cost was made from."""

    id: str
    session_id: str
    store: str
    """The key of the store that it was read from."""
    agent: str
    recorded_nano: int
    amount_nano: int
    cost_nano: int
    list_nano: int
    basis: Basis
    final: bool
    missing: bool
    copied: bool
    copied_from: bool
    """Another call pays for it, and is there."""
    is_summed: bool
    """It is from a store of OpenCode 2, whose sum of the session includes it, whether or not it has a row."""
    is_undone: bool
    """It is known to have been taken back, also of a session that was deleted later."""
    tokens: Tokens
    rates: tuple[int, int, int, int] | None
    """Nano-dollars per million tokens of input, output, cache read and cache write; None if unknown."""


class LedgerSession(Struct, frozen=True, gc=False):
    store: str
    present: bool
    """The store that described it still had it when it was last read."""


class LedgerHoldings(Struct, frozen=True):
    """All that the ledger has, for the comparison with the stores."""

    calls: tuple[LedgerCall, ...]
    """Those that are not among the `agreed`."""
    sessions: Mapping[str, LedgerSession]
    unreadable: frozenset[tuple[str, str]]
    """(store, id) of the rows that could not be read."""
    agreed: Container[str] = ()
    """The ids of the calls that a store has alike."""


class Explained(Struct, frozen=True):
    """One cause of a difference: what it adds to OpenCode's figure to arrive at the ledger's."""

    cause: str
    nano: int
    calls: int


class OpenCodeFigure(Struct, frozen=True):
    """One of OpenCode's figures beside the ledger's; `explained` and `unexplained_nano` add up to the difference."""

    name: Literal["stats", "sessions", "messages"]
    opencode_nano: int
    ledger_nano: int
    explained: tuple[Explained, ...]

    @property
    def difference_nano(self) -> int:
        return self.ledger_nano - self.opencode_nano

    @property
    def unexplained_nano(self) -> int:
        return self.difference_nano - sum(each.nano for each in self.explained)


class StoreFigures(Struct, frozen=True):
    """OpenCode's figures of one store, in nano-dollars."""

    path: str
    form: str
    is_current: bool
    stats_nano: int
    sessions_nano: int | None
    """None if the store keeps no sums of sessions."""
    messages_nano: int
    calls: int


class Reconciliation(Struct, frozen=True):
    """OpenCode's figures beside the ledger's, each difference by its cause."""

    request: ReconcileRequest
    taken_ms: int
    figures: tuple[OpenCodeFigure, ...]
    """`stats` comes first; `sessions` is only there if a store keeps sums."""
    stores: tuple[StoreFigures, ...]
    not_billed: Explained
    """The list price of what OpenCode recorded at $0, which is in no figure."""
    doubled: Explained
    """What OpenCode up to 1.3.2 charged for reasoning a second time, which is in all figures."""

    unread: tuple[str, ...] = ()
    """The paths of the stores that OpenCode reads and that could not be read, so that its figures are lower bounds."""
    is_up_to_date: bool = True
    """All that the stores have was read into the ledger; else its figures are lower bounds."""

    @property
    def has_figures(self) -> bool:
        """Whether anything is known of OpenCode's figures: a store that it reads today was read."""
        return any(store.is_current for store in self.stores)

    @property
    def is_known(self) -> bool:
        """Whether OpenCode's figures are known: it has a store, and each was read."""
        return self.has_figures and not self.unread

    @property
    def is_whole(self) -> bool:
        """Whether nothing is unexplained in any of the figures."""
        return not any(figure.unexplained_nano for figure in self.figures)
