"""A call of a seat as its files have it, and what a file says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger.digests import DIGEST_FIELDS
from opencode_tui.records.team_choices import SeatShare

_NAMES = ("id", "session_id", "created_ms", "provider", "model", "cost_nano")
AT_ID, AT_SESSION, AT_CREATED, AT_PROVIDER, AT_MODEL, AT_COST = map(DIGEST_FIELDS.index, _NAMES)


class SeatCall(Struct, frozen=True, gc=False):
    fields: tuple[Any, ...]
    """The values of DIGEST_FIELDS."""
    machine: str
    project: str
    is_completed: bool = True
    is_copy: bool = False
    """Whether it is a fork's copy, which costs nothing and is in no sum."""


class LedgerFacts(Struct, frozen=True):
    """What a file is, and how far it goes."""

    share: SeatShare | None
    """What its owner shares; None for a file that does not say so."""
    calls: int
    """Paid calls, of all times."""
    first_call: str
    """The machine and the id of its first call: equal in all copies of a ledger. Empty without calls."""
    last_call_ms: int | None
    first_call_ms: int | None = None
    exported_ms: int | None = None
    """When it was exported; None for a ledger, which says it by when it was written."""
    remark: str = ""
    """What is unusual about it; empty if nothing is."""


class DayCause(Struct, frozen=True):
    """What a seat's alert said about a day's spend."""

    day: str
    level: str
    sentence: str


class SeatReader(Protocol):
    """Reads one file of a seat."""

    facts: LedgerFacts

    def calls(self, span: Span) -> Iterator[SeatCall]:
        """The calls of a span in order of their time and then of their ids, copies among them."""
        ...

    def unread(self) -> Iterator[int | None]:
        """The moment of each row and call of all times that was not read completely; None where it is not known."""
        ...

    def causes(self, first: str, last: str) -> tuple[DayCause, ...]:
        """Why days ran over, from the first to the last, which are ISO dates."""
        ...

    def titles(self, ids: list[str]) -> dict[str, str]:
        """The titles of sessions, as far as the file has them."""
        ...
