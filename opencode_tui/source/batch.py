"""The interface of a store, and the batch that one step of reading returns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct, field

from opencode_tui.records.calls import Call, ToolUse
from opencode_tui.records.reconciliation import Agreement, Standing
from opencode_tui.records.stores import Bill, Session, Unreadable
from opencode_tui.source.histories import History


class KnownSessions(Protocol):
    """What the ledger knows of sessions when a store is read."""

    def fork_of(self, session_id: str) -> str | None:
        """The session that a session was forked from, as far as any store has shown it."""
        ...

    def present(self) -> frozenset[str]:
        """The ids of the sessions that were in this store when it was last read."""
        ...


class NoKnownSessions:
    """An empty ledger."""

    def fork_of(self, session_id: str) -> str | None:
        return None

    def present(self) -> frozenset[str]:
        return frozenset()


NOTHING_KNOWN = NoKnownSessions()


class StoreTrouble(Exception):
    """A store that cannot be read now. The message is one sentence that says what is wrong and what to do.

    With `again` an immediate retry is expected to succeed.
    """

    def __init__(self, state: Literal["locked", "broken", "gone"], sentence: str, *, again: bool = False) -> None:
        super().__init__(sentence)
        self.again = again
        self.state: Literal["locked", "broken", "gone"] = state


class Batch(Struct):
    """One step of reading, which the ledger writes in a single transaction together with its cursor."""

    cursor: str
    """Where the next step starts; an opaque text that only the store itself can parse."""
    sessions: list[Session] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    tools: list[ToolUse] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    """Sums of sessions, read once all calls of these sessions are in this batch or an earlier one."""
    rechecked: frozenset[str] = frozenset()
    """Calls that were still running and were read again in the same transaction as the bills."""
    is_reread: bool = False
    """It covers rows that were read before, as after the store was restored."""
    is_of_events: bool = False
    """Its calls are from OpenCode's log of events, which keeps those whose rows are gone."""
    present: frozenset[str] | None = None
    """The ids of all sessions that the store still has; None if no session can have vanished."""
    done: int = 0
    total: int = 0
    """Rows read so far and rows to read in all, for a progress bar."""


class Store(Protocol):
    """One generation of OpenCode's storage at one path, read in batches, newest rows first."""

    path: Path
    generation: Literal["sqlite", "json"]
    rank: int
    """If two stores hold a session, the one of higher rank describes it. Below 0: OpenCode itself no longer uses it."""
    is_backup: bool
    """It is a backup copy of a store, so failing to read it is not reported."""
    has_sums: bool
    """It keeps a sum for each session, from which bills are made."""
    key: str
    """Its name in the ledger, determined by its path and generation."""
    layout: int
    """Changes when tables are created or dropped in its file, which may then hold another generation as well."""

    def changed(self) -> bool:
        """Returns whether there may be new rows since the last complete read; costs microseconds. Never raises."""
        ...

    def read(
        self,
        cursor: str | None,
        retry: Sequence[tuple[str, str]],
        *,
        sums: bool = True,
        known: KnownSessions = NOTHING_KNOWN,
    ) -> Iterator[Batch]:
        """Yields batches from the cursor to the newest row; also re-reads `retry`, pairs of (session id, call id).

        Without `sums` no bills are read, and a store that has sums counts as changed until it is read with them.
        `known` has the origins of forks that the store does not have any more, and shows which sessions came back.
        Raises StoreTrouble; the batches yielded before remain valid.
        """
        ...

    def predates_steps(self, cursor: str) -> bool:
        """Returns whether the cursor may come from a version that counted each message as one call."""
        ...

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        """The ids of a session's messages in the store; None if it does not hold the session. Raises StoreTrouble."""
        ...

    def shown_ids(self, session_id: str) -> frozenset[str] | None:
        """The same without what an undo took back and a redo can bring back, of SQLite stores. Raises StoreTrouble."""
        ...

    def history(self, session_id: str) -> History | None:
        """The rows of a session that its sum can cover; None without the session or sums. Raises StoreTrouble."""
        ...

    def newest_sessions(self, most: int) -> list[str]:
        """The ids of the sessions that changed last, up to so many; none if there are no sums. Raises StoreTrouble."""
        ...

    def rows_of(self, session_id: str) -> list[Call]:
        """The calls of a session that have a row in the store and are part of its sum. Raises StoreTrouble."""
        ...

    def prompts(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        """The first line of the prompt of each of a session's user messages, by message id. Raises StoreTrouble."""
        ...

    def standing(self, now_ms: int, agreement: Agreement | None = None) -> Standing:
        """All calls and sums as they are now, in short transactions. Raises StoreTrouble.

        Calls that the agreement has alike are summed, not listed.
        """
        ...

    def close(self) -> None: ...
