"""The ledger's evidence on a crossed line: whose calls they were, and what the most expensive sessions did."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from opencode_tui.records.facts import CallFacts, ToolFacts


class SessionEvidence(Struct, frozen=True):
    """One of the most expensive sessions of a crossing, with its own calls and tool uses."""

    id: str
    title: str
    calls: tuple[CallFacts, ...]
    """In order of time."""
    tools: tuple[ToolFacts, ...]


class Share(Struct, frozen=True):
    """A root session's share of the crossed amount, including its subagents."""

    id: str
    title: str
    nano: int = 0
    hour_nano: int = 0
    """Its spend from an hour before the crossing on."""
    calls: int = 0
    subagents: int = 0
    subagents_nano: int = 0
    subagents_hour_nano: int = 0


class Evidence(Struct, frozen=True):
    """The ledger's evidence on a crossing."""

    since_ms: int
    """An hour before the crossing, in Unix milliseconds."""
    shares: tuple[Share, ...]
    """Most expensive first."""
    leading: tuple[SessionEvidence, ...]
    """The most expensive sessions, most expensive first."""
    thresholds: Mapping[str, int] = field(default_factory=dict)
    """The thresholds of the insight rules in the settings; those left out have their defaults."""

    @property
    def nano(self) -> int:
        return sum(share.nano for share in self.shares)

    @property
    def hour_nano(self) -> int:
        return sum(share.hour_nano for share in self.shares)


NO_EVIDENCE = Evidence(0, (), ())
"""The evidence on a crossing that is not about calls."""
