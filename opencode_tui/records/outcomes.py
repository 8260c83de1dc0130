"""What became of what a person did."""

from __future__ import annotations

from msgspec import Struct


class AlertsSeen(Struct, frozen=True):
    ids: tuple[int, ...]


class AlertsSnoozed(Struct, frozen=True):
    ids: tuple[int, ...]
    snoozed: int
    """How many of them; the others were acknowledged already."""
    until_ms: int


class AlertsAcknowledged(Struct, frozen=True):
    ids: tuple[int, ...]


class GuardLifted(Struct, frozen=True):
    until_ms: int | None
    """None where the lift was ended."""
    cutoff_nano: int
    """The cutoff that holds, or will again."""


class CutoffRaised(Struct, frozen=True):
    cutoff_nano: int
    ended: bool = False
    """The raise was ended: the settings' cutoff holds again."""


Outcome = AlertsSeen | AlertsSnoozed | AlertsAcknowledged | GuardLifted | CutoffRaised
