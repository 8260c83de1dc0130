"""What else is read from OpenCode's stores: sessions, their sums, unreadable rows, and each store's state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from opencode_tui.records.calls import Call, Tokens


class Bill(Struct, frozen=True):
    """OpenCode 2's own sum for a session, which includes calls that have no row.

    Messages migrated from OpenCode 1 are subtracted already. What exceeds the ledger's calls was spent on titles and on
    calls that were undone before they were read.
    """

    session_id: str
    directory: str
    provider: str
    model: str
    cost_nano: int
    tokens: Tokens
    rows_before: int
    """How many messages of OpenCode 1 were subtracted, each of which may have been rounded."""
    title_ms: int
    """When a title was requested, if one was since the sum was last read: at the first prompt after that."""
    title_turn: str | None
    """The turn of that prompt, if it still exists."""
    titled: bool
    """OpenCode requests a title for it: it is neither a subagent's session nor a fork."""
    updated_ms: int
    undone_after_ms: int | None = None
    undone_before_ms: int | None = None
    """The times of the rows around the newest undo that left a trace; None if there is none."""
    originals: tuple[Call, ...] = ()
    """Undone calls of the session, known from a fork's copies."""
    likely_originals: tuple[Call, ...] = ()
    """Calls from copies in forks that may be of this session; they are its own if its sum leaves room for them."""
    possible_originals: tuple[Call, ...] = ()
    """Less likely ones; they are its own if its sum leaves room for exactly what they cost together."""
    whole: tuple[int, ...] = ()
    """The sum as the store has it: nano-dollars and its five counts of tokens; empty if they are not plain numbers."""
    is_held: bool = False
    """A compaction is running: the sum includes its cost before a row does, so the excess is not yet meaningful."""
    compaction_ms: int | None = None
    """When the newest compaction ended without a recorded cost; what it had cost has no row."""
    only_here: frozenset[str] = frozenset()
    """Rows imported from OpenCode 1 which an OpenCode 1 that was used again has deleted from its own table since.

    The sum still includes them; they are not among those subtracted.
    """
    imported_ms: int = -1
    """When the session was imported from OpenCode 1's tables; -1 if it was not."""
    before: frozenset[str] = frozenset()
    """The messages of OpenCode 1 that were subtracted."""


class CopiedCalls(Struct, frozen=True):
    """The calls of a session in backup copies that its store, restored since, may never have had."""

    never: frozenset[str] = frozenset()
    """Those that it certainly never had."""
    perhaps: Sequence[Sequence[str]] = ()
    """Those that it may never have had, by copy and in order."""
    apart: Sequence[tuple[frozenset[str], frozenset[str]]] = ()
    """Pairs of sets of which it had calls of one at most: two copies that went different ways."""
    sum_now: tuple[int, ...] = ()
    """The session's sum in the store when this was found out; empty if it is not known."""
    had: Callable[[], frozenset[str]] = frozenset
    """Finds those that it had, as the other sessions of a copy show."""


class Session(Struct, frozen=True):
    """A session as a store records it; a subagent's has a parent, a fork's (in OpenCode 2) its origin."""

    id: str
    parent_id: str | None
    fork_of: str | None
    title: str
    directory: str
    project: str
    version: str
    created_ms: int
    updated_ms: int
    archived_ms: int | None = None
    unattended: bool = False
    """`opencode run` of OpenCode 1 began it: nobody can be asked a question."""
    has_undo: bool = False
    """Some of it is taken back, and has its rows until the next prompt."""


class Unreadable(Struct, frozen=True):
    """A row that could not be read, with a short reason."""

    kind: Literal["session", "message", "part", "event"]
    id: str
    reason: str
    at_ms: int | None = None
    """When the row was created, by its own column or its file; None if not known."""


class StoreState(Struct, frozen=True):
    """The state of one of OpenCode's stores."""

    path: str
    generation: Literal["sqlite", "json"]
    state: Literal["live", "importing", "locked", "broken", "gone"]
    detail: str = ""
    """For a state other than live, one sentence: what is wrong and what to do."""
    since_ms: int | None = None
    """When it left the state live, in Unix milliseconds."""
    imported: int = 0
    total: int = 0
    """The number of messages to import, while importing."""
    left_from_ms: int | None = None
    """While importing, newest first: what is left was created before this time (Unix milliseconds); None if unknown."""
