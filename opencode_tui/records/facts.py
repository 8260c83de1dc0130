"""Rows that the ledger's queries return."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.records.calls import Tokens


class SessionSum(Struct, frozen=True, gc=False):
    """One session's sums over a span."""

    session_id: str
    spend_nano: int
    calls: int
    turns: int
    first_ms: int
    last_ms: int
    running: int
    tokens: Tokens


class SessionPart(Struct, frozen=True, gc=False, array_like=True):
    """What one session spent with one model and agent in a span."""

    session_id: str
    model: str
    """As its `model_key`."""
    agent: str
    spend_nano: int
    calls: int
    first_ms: int
    last_ms: int
    turns: str | None
    """The ids of its turns as JSON strings with commas between them, some more than once."""
    costs: str | None
    """The Unix ms and the nano-dollars of each call that cost something, all with commas between them."""
    tokens: Tokens


class SessionFacts(Struct, frozen=True, gc=False, array_like=True):
    id: str
    parent_id: str | None
    title: str
    project: str
    directory: str
    archived: bool
    is_fork: bool
    deleted: bool
    fork_of: str | None


class PastLine(Struct, frozen=True):
    """The calls that were made some time after a line had been reached."""

    calls: int
    first_ms: int
    last_ms: int


class CallFacts(Struct, frozen=True, gc=False):
    """The facts about one call that turns, causes and loops are computed from."""

    id: str
    turn_id: str
    created_ms: int
    completed_ms: int | None
    model: str
    tokens: Tokens
    cost_nano: int
    amount_nano: int
    list_nano: int
    copied: bool
    error: str | None
    agent: str = ""
    streamed_ms: int | None = None
    """When the answer had arrived; None if not recorded."""
    missing: bool = False
    """Part of its row could not be read."""


class ToolFacts(Struct, frozen=True, gc=False):
    call_id: str
    name: str
    target: str
    ok: bool | None
    duration_ms: int | None
    child_session_id: str | None
    digest: int | None = None
    refused: bool = False
    """A person did not let it run; then it has no success."""
    files: tuple[str, ...] = ()
    """The files whose content a command showed."""
    found_nothing: bool = False
    """It is a search that said so; uses read by older versions do not tell."""


class CallScope(Struct, frozen=True):
    """The calls that a crossing is about: those of a span, of some sessions or of one model, project and so on."""

    span: Span
    sessions: tuple[str, ...] | None = None
    by: str = ""
    key: str = ""
