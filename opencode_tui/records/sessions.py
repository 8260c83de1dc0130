"""The list of root sessions."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from opencode_tui.records.calls import Tokens
from opencode_tui.records.requests import SessionsRequest

State = Literal["active", "idle", "archived", "deleted"]
"""`deleted`: OpenCode no longer has the session; its money stays spent."""


class SessionRow(Struct, frozen=True):
    """A root session; its figures are those of the whole tree in the period unless they say own."""

    id: str
    title: str
    """Free of control characters; may hold markup, which must not be interpreted."""
    project: str
    """The project's path."""
    model: str
    """The model that most of the spend went to, as `provider/model`."""
    models: tuple[str, ...]
    """Every model that the tree used."""
    agent: str
    """The root's agent that most of its calls were made by."""
    state: State
    is_fork: bool
    own_nano: int
    total_nano: int
    subagents: int
    turns: int
    """Of the root itself."""
    calls: int
    tokens: Tokens
    context_tokens: int
    """What the root's newest call read."""
    context_limit: int | None
    started_ms: int
    last_ms: int
    spark: tuple[int, ...]
    """Nano-dollars in each twelfth of the time from the start to the last call."""
    lower_bound: bool = False
    """Something of it or of one of its subagents could not be read."""

    @property
    def duration_ms(self) -> int:
        return self.last_ms - self.started_ms


class SessionList(Struct, frozen=True):
    request: SessionsRequest
    taken_ms: int
    rows: tuple[SessionRow, ...]
    """The one last active first."""
    lower_bound: bool = False
    """What the period's rows add up to is a lower bound."""
