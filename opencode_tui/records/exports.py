"""The records that exports are made from."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.records.calls import Tokens


class ExportedCall(Struct, frozen=True, gc=False):
    """One call as the ledger has it. A copy has no cost, no parts and no list price."""

    id: str
    session_id: str
    parent_session_id: str | None
    """The session whose subagent made the call."""
    turn_id: str | None
    title: str
    """The session's; exported only where it is asked for."""
    project: str
    machine: str
    provider: str
    model: str
    variant: str | None
    agent: str
    created_ms: int
    streamed_ms: int | None
    """When the answer had arrived."""
    completed_ms: int | None
    """When its tools had ended as well; None if it has not completed."""
    tokens: Tokens
    cost_nano: int
    list_nano: int | None
    """The list price where OpenCode recorded $0."""
    recorded_nano: int
    input_nano: int | None
    output_nano: int | None
    """Reasoning included."""
    cache_nano: int | None
    basis: str
    finish: str | None
    error: str | None
    copied_from: str | None
    """The call that paid, if this one is a fork's copy."""
    missing: str | None

    @property
    def is_copy(self) -> bool:
        return self.copied_from is not None

    @property
    def ended_ms(self) -> int:
        """When the answer had arrived, as far as it is known; never before the call was created."""
        return max(self.created_ms, self.streamed_ms or self.completed_ms or self.created_ms)


class SpendGroup(Struct, frozen=True):
    """The sums of a span's paid calls with the same provider, model, agent and project."""

    provider: str
    model: str
    agent: str
    project: str
    calls: int
    cost_nano: int
    list_nano: int
    tokens: Tokens


class SpendCounters(Struct, frozen=True):
    """What OpenMetrics is made from."""

    groups: tuple[SpendGroup, ...]
    copied_calls: int
    today_nano: int
    warning_nano: int
    cutoff_nano: int
    lower_bound: bool
    """The sums may lack something: a row or a store could not be read."""
