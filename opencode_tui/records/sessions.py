"""The list of root sessions."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from opencode_tui.records.calls import Tokens
from opencode_tui.records.requests import SessionsRequest

State = Literal["active", "idle", "archived", "deleted"]
"""`deleted`: OpenCode no longer has the session; its cost still counts."""


class SessionRow(Struct, frozen=True, gc=False):
    """A root session; figures are those of its whole tree in the period unless named own."""

    id: str
    title: str
    """Free of control characters; may hold markup, which must not be interpreted."""
    project: str
    """The project's path."""
    model: str
    """The model with the most spend, as `provider/model`."""
    models: tuple[str, ...]
    """Every model used in the tree."""
    agent: str
    """The agent with the most spend in the root session, else in its tree."""
    state: State
    is_fork: bool
    own_nano: int
    total_nano: int
    subagents: int
    turns: int | None
    """The root's own turns; None if they were not asked for."""
    calls: int
    tokens: Tokens
    context_tokens: int
    """The context of the root's newest call."""
    context_limit: int | None
    started_ms: int
    last_ms: int
    costs: str | None
    """The Unix ms and the nano-dollars of each call that cost something, all with commas between them; None if they
    were not asked for. See `spark_of`."""
    lower_bound: bool = False
    """Part of it or of one of its subagents could not be read."""

    @property
    def duration_ms(self) -> int:
        return self.last_ms - self.started_ms


class SessionList(Struct, frozen=True):
    request: SessionsRequest
    taken_ms: int
    rows: tuple[SessionRow, ...]
    """The most recently active first."""
    lower_bound: bool = False
    """The period's total is a lower bound."""
