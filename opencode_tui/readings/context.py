"""What every reading is given beside its request."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from opencode_tui.clock import Calendar, calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.bounds import all_read
from opencode_tui.records.day import Guard
from opencode_tui.records.stores import StoreState


class UnknownSession(LookupError):
    """No such session is in the ledger. The message is a sentence."""


class ContextLimits(Protocol):
    """Knows how many tokens a model can read, where a project's own settings may say; pricing.book does."""

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None: ...


class LiveStore(Protocol):
    """What only OpenCode's store knows of a session; the sync does."""

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        """The messages that OpenCode still has, None where it cannot be asked or has the session no more."""
        ...

    def prompts(self, session_id: str, turn_ids: Sequence[str]) -> Mapping[str, str]:
        """The first lines of what was asked, by turn, where the settings allow it."""
        ...


class Context(Struct, frozen=True):
    """The ledger at one moment, and what is known besides it."""

    connection: sqlite3.Connection
    """In a read transaction."""
    now_ms: int
    """Unix milliseconds."""
    settings: Settings
    stores: tuple[StoreState, ...] | None = None
    """How OpenCode's stores are doing after the last sync; None takes them as read to their ends."""
    read_ms: int | None = None
    """When the stores were last read without trouble, in Unix milliseconds."""
    machine: str = ""
    limits: ContextLimits | None = None
    live: LiveStore | None = None
    guard: Guard | None = None
    price_problems: tuple[str, ...] = ()

    @property
    def calendar(self) -> Calendar:
        return calendar_for(self.settings.timezone)

    @property
    def whole(self) -> bool:
        """Whether the ledger has all that the stores hold; else its sums are lower bounds."""
        return self.stores is None or all_read(self.stores)
