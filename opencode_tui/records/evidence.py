"""What the ledger has on a crossed line: whose calls they were, and what the most expensive sessions did."""

from __future__ import annotations

from msgspec import Struct

from opencode_tui.records.facts import CallFacts, ToolFacts


class SessionEvidence(Struct, frozen=True):
    """One of the sessions that most of it went to: its own calls and what they used."""

    id: str
    title: str
    calls: tuple[CallFacts, ...]
    """In order of time."""
    tools: tuple[ToolFacts, ...]


class Share(Struct, frozen=True):
    """A root session's part of what was crossed, its subagents with it."""

    id: str
    title: str
    nano: int = 0
    hour_nano: int = 0
    """Of the hour before the line was crossed, and of what came after."""
    calls: int = 0
    subagents: int = 0
    subagents_nano: int = 0
    subagents_hour_nano: int = 0


class Evidence(Struct, frozen=True):
    """What the ledger has on a crossing."""

    since_ms: int
    """When the hour before the crossing began."""
    shares: tuple[Share, ...]
    """The dearest first."""
    leading: tuple[SessionEvidence, ...]
    """The dearest first."""

    @property
    def nano(self) -> int:
        return sum(share.nano for share in self.shares)

    @property
    def hour_nano(self) -> int:
        return sum(share.hour_nano for share in self.shares)


NO_EVIDENCE = Evidence(0, (), ())
"""Of what is about no calls."""
