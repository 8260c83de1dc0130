"""What every reading gets besides its request."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from opencode_tui.clock import Calendar, calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.bounds import all_read
from opencode_tui.pricing.book import PriceBook
from opencode_tui.readings.kept import Kept
from opencode_tui.records.day import Guard
from opencode_tui.records.reconciliation import Agreement, Standing
from opencode_tui.records.shipped import AskGit
from opencode_tui.records.stores import StoreState

if TYPE_CHECKING:
    from opencode_tui.accounts.sign_ins import SignInSource
    from opencode_tui.sync import Sync


class UnknownSession(LookupError):
    """The ledger has no such session. The message is a sentence."""


class ContextLimits(Protocol):
    """Knows the context limits of models in each project; implemented by pricing.book."""

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None: ...


class LiveStore(Protocol):
    """Access to what only OpenCode's store has. Implemented by sync.store_answers."""

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        """The ids of the messages that OpenCode still has; None if no store that can be read has the session."""
        ...

    def shown_ids(self, session_id: str) -> frozenset[str] | None:
        """The same without those that an undo took back, whose rows stay until the next prompt."""
        ...

    def prompts(self, session_id: str, turn_ids: Sequence[str]) -> Mapping[str, str]:
        """The first line of each turn's prompt by turn id, if the settings allow it."""
        ...

    def standing(self, agreement: Agreement | None = None) -> tuple[tuple[Standing, ...], tuple[str, ...]]:
        """What each of OpenCode's stores holds now, and the paths of those it reads that cannot be read here.

        Calls that the agreement has alike are summed, not listed.
        """
        ...

    def store_keys(self) -> tuple[frozenset[str], frozenset[str]]:
        """The keys in the ledger of the backup copies, and of all stores that could be read."""
        ...


class Context(Struct, frozen=True):
    """The ledger at one moment, the settings, and the state of the stores."""

    connection: sqlite3.Connection
    """The ledger's, in a read transaction."""
    now_ms: int
    """Unix milliseconds."""
    settings: Settings
    stores: tuple[StoreState, ...] | None = None
    """The stores' states after the last sync; None assumes that all were read completely."""
    read_ms: int | None = None
    """When the stores were last read without an error, in Unix milliseconds."""
    machine: str = ""
    limits: ContextLimits | None = None
    live: LiveStore | None = None
    guard: Guard | None = None
    price_problems: tuple[str, ...] = ()
    book: PriceBook | None = None
    sign_ins: Callable[[], SignInSource | None] = lambda: None
    """Gives where OpenCode's sign-ins are looked up; None where nobody looks."""
    ask_git: AskGit | None = None
    """Answers for the repositories; None where git is not asked."""
    kept: Kept | None = None
    """What was read before with the same ledger; None where nothing is read again."""

    @property
    def calendar(self) -> Calendar:
        return calendar_for(self.settings.timezone)

    @property
    def whole(self) -> bool:
        """Whether every store was read completely; else sums are lower bounds."""
        return self.stores is None or all_read(self.stores)


def context_of(
    sync: Sync, connection: sqlite3.Connection, now_ms: int, settings: Settings, stores: tuple[StoreState, ...]
) -> Context:
    """The context after a sync; `stores` are the states of the stores as the reader is to see them."""
    known = (sync.read_ms, sync.machine, sync.book, sync.answers)

    def sign_ins() -> SignInSource:
        from opencode_tui.accounts.sign_ins import SignInSource

        return SignInSource(sync.environ, sync.data_dirs)

    book = sync.book
    return Context(
        *(connection, now_ms, settings, stores, *known), price_problems=book.problems, book=book, sign_ins=sign_ins
    )
