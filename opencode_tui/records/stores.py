"""What else OpenCode's stores tell: sessions, sums, what could not be read, and how a store is doing."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from opencode_tui.records.calls import Call, Tokens


class Bill(Struct, frozen=True):
    """What OpenCode 2 has added up for a session: all its calls, also those that stand in no row.

    Frozen messages of OpenCode 1 are taken off already. What the calls in the ledger leave of it was spent on titles
    and on calls that were undone before anybody read them.
    """

    session_id: str
    directory: str
    provider: str
    model: str
    cost_nano: int
    tokens: Tokens
    rows_before: int
    """How many messages of OpenCode 1 were taken off; each may have been rounded."""
    title_ms: int
    """When a title was asked for, if one was: with the first prompt."""
    title_turn: str | None
    """That prompt, where it still stands."""
    titled: bool
    """OpenCode asks for a title by itself: the session is neither a subagent's nor a fork."""
    updated_ms: int
    undone_after_ms: int | None = None
    undone_before_ms: int | None = None
    """The rows on either side of the newest undo that left a trace; None where none did."""
    originals: tuple[Call, ...] = ()
    """Undone calls of the session that are known from a fork's copies."""
    likely_originals: tuple[Call, ...] = ()
    """Such calls whose fork is not known to be of this session: they are its own if its sum has room for them."""
    is_held: bool = False
    """A compaction is under way: its cost is in the sum a moment before its row says so, so nothing can be left."""
    compaction_ms: int | None = None
    """The newest compaction that ended without a cost; what it had cost until then stands in no row."""


class Session(Struct, frozen=True):
    """A session as a store tells it; a subagent's has a parent, a fork's (in OpenCode 2) its origin."""

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


class Unreadable(Struct, frozen=True):
    """A row that could not be read, and why, in a few words."""

    kind: Literal["session", "message", "part", "event"]
    id: str
    reason: str
    at_ms: int | None = None
    """When the row was made, by its own column or file; None where that is not known either."""


class StoreState(Struct, frozen=True):
    """How one of OpenCode's stores is doing."""

    path: str
    generation: Literal["sqlite", "json"]
    state: Literal["live", "importing", "locked", "broken", "gone"]
    detail: str = ""
    """One sentence for a state other than live: what is the case and what to do."""
    since_ms: int | None = None
    """Since when it has been in a state other than live."""
    imported: int = 0
    total: int = 0
    """Messages imported of all there are, while importing."""
