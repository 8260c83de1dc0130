"""What a seat pushes into a team's database."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.records.calls import Tokens


class PushedCall(Struct, frozen=True, gc=False):
    """A paid call as the ledger has it."""

    machine: str
    session_id: str
    title: str
    project: str
    provider: str
    model: str
    agent: str
    completed_ms: int | None
    cost_nano: int
    list_nano: int | None
    """The list price where OpenCode recorded $0."""
    basis: str
    error: str | None
    tokens: Tokens


class WaitingCall(Struct, frozen=True, gc=False):
    """A call that a database lacks, or has in another state."""

    number: int
    """Its place in the queue; another one once the call has changed again."""
    created_ms: int
    id: str
    call: PushedCall | None
    """None if it is no longer in the ledger, or turned out to be a fork's copy."""


class PushTarget(Struct, frozen=True):
    """A database that calls are pushed to."""

    id: int
    revision: int
    """The last one that it has taken from this ledger; 0 for none."""
    pushed_ms: int | None
    facts: str
    """What it knows of the ledger besides its calls, as `facts_text` writes it; empty if that has to be asked."""


class PushResult(Struct, frozen=True):
    """What a push did."""

    seat: str
    """Empty if the database was not asked, as there was nothing to send."""
    sent: int
    """The calls that the database lacked, or had in another state."""
    known: int
    """The calls that it had already."""
    gaps: int = 0
    """The days of which it now knows something else about what could not be read."""
