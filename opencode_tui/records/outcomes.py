"""What became of what a person did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlertsSeen:
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AlertsSnoozed:
    ids: tuple[int, ...]
    snoozed: int
    """How many of them; the others were acknowledged already."""
    until_ms: int


@dataclass(frozen=True, slots=True)
class AlertsAcknowledged:
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GuardLifted:
    until_ms: int | None
    """None where the lift was ended."""
    cutoff_nano: int
    """The cutoff that holds, or will again."""


@dataclass(frozen=True, slots=True)
class CutoffRaised:
    cutoff_nano: int
    ended: bool = False
    """The raise was ended: the settings' cutoff holds again."""


Outcome = AlertsSeen | AlertsSnoozed | AlertsAcknowledged | GuardLifted | CutoffRaised
