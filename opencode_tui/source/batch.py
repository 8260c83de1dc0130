"""What a store gives in one step, and what every store can do."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct, field

from opencode_tui.records.calls import Call, ToolUse
from opencode_tui.records.stores import Bill, Session, Unreadable
from opencode_tui.source.histories import History


class StoreTrouble(Exception):
    """A store that cannot be read now. The message is one sentence: what is the case and what to do.

    With `again` it can be, if it is asked once more.
    """

    def __init__(self, state: Literal["locked", "broken", "gone"], sentence: str, *, again: bool = False) -> None:
        super().__init__(sentence)
        self.again = again
        self.state: Literal["locked", "broken", "gone"] = state


class Batch(Struct):
    """A step of reading; the ledger takes all of it in one transaction and remembers its cursor."""

    cursor: str
    """Where to go on after this step; only the store that wrote it understands it."""
    sessions: list[Session] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    tools: list[ToolUse] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    """Sums of sessions as they were when all their calls, up to this batch's, had been read."""
    looked_at: frozenset[str] = frozenset()
    """Calls that had not completed before and were looked at in the transaction that read the bills."""
    again: bool = False
    """It is of a part of the store that had been read before, as after a restore."""
    present: frozenset[str] | None = None
    """The ids of all sessions that the store still has, where some may have vanished."""
    done: int = 0
    total: int = 0
    """Rows passed of all rows to pass, for a progress bar."""


class Store(Protocol):
    """One generation of OpenCode's storage in one place, read step by step, newest first."""

    path: Path
    generation: Literal["sqlite", "json"]
    rank: int
    """A session that two stores know is told by the one of the higher rank. Below 0 OpenCode has it no more."""
    spare: bool
    """It is somebody's copy of a store: that it cannot be read is no trouble."""
    has_sums: bool
    """It keeps sums of its sessions, which give bills."""
    key: str
    """Its name in the ledger; the same place and generation give the same key."""
    layout: int
    """Differs once tables have been made or dropped in its file, which may then hold another generation as well."""

    def changed(self) -> bool:
        """Whether there may be something new since the last complete read; costs microseconds. Never raises."""
        ...

    def read(self, cursor: str | None, retry: Sequence[tuple[str, str]], *, sums: bool = True) -> Iterator[Batch]:
        """Steps from the cursor to the present. `retry` are (session id, call id) to look at again.

        Without `sums` no bills are read, and a store that has sums counts as changed until it is read with them.
        Raises StoreTrouble; what was taken before it stands.
        """
        ...

    def knew_no_steps(self, cursor: str) -> bool:
        """Whether a cursor of this store may be of a version that took each message for one call."""
        ...

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        """What the store still has of a session; None where it has not that session. Raises StoreTrouble."""
        ...

    def history(self, session_id: str) -> History | None:
        """What a session's sum can hold; None where the store has not that session or no sums. Raises StoreTrouble."""
        ...

    def rows_of(self, session_id: str) -> list[Call]:
        """The calls of a session that stand in rows of the store and that its sum holds. Raises StoreTrouble."""
        ...

    def prompts(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        """The first line of what was asked in each of a session's user messages. Raises StoreTrouble."""
        ...

    def close(self) -> None: ...


@contextmanager
def no_collector() -> Iterator[None]:
    """Reading makes many records and no cycles: a collector that walks them takes a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
