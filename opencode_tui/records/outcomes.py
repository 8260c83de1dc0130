"""The outcomes of actions."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from opencode_tui.records.alerts import Alert
from opencode_tui.records.insights import InsightMark


class AlertsSeen(Struct, frozen=True):
    ids: tuple[int, ...]
    new: tuple[int, ...] = ()
    """Those that had not been seen before."""


class AlertsUnseen(Struct, frozen=True):
    ids: tuple[int, ...]


class AlertsSnoozed(Struct, frozen=True):
    ids: tuple[int, ...]
    snoozed: int
    """How many were snoozed; the others had been acknowledged before."""
    until_ms: int


class AlertsAcknowledged(Struct, frozen=True):
    ids: tuple[int, ...]
    new: tuple[Alert, ...] = ()
    """Those that had not been acknowledged before."""


class AlertsUnacknowledged(Struct, frozen=True):
    ids: tuple[int, ...]
    changed: tuple[Alert, ...] = ()
    """Those that had been acknowledged, as they are now."""


class InsightsMarked(Struct, frozen=True):
    marks: tuple[InsightMark, ...]


class InsightsUnmarked(Struct, frozen=True):
    marks: tuple[InsightMark, ...]
    """Those that were taken away."""


class GuardLifted(Struct, frozen=True):
    until_ms: int | None
    """None if the lift was ended."""
    cutoff_nano: int
    """The cutoff that is enforced now or after the lift."""
    what: str = ""
    """The kind of limit that was lifted; empty for everything."""


class CutoffRaised(Struct, frozen=True):
    cutoff_nano: int
    ended: bool = False
    """The raise was ended, and the settings' cutoff is enforced again."""


class GuardInstalled(Struct, frozen=True):
    plugin: Path
    """The path of the plugin's file in OpenCode."""
    cutoff_nano: int
    """The cutoff that it enforces now."""
    waits_for_npm: bool
    """OpenCode fetches a package from npm before the plugin runs for the first time."""


Outcome = (
    AlertsSeen
    | AlertsUnseen
    | AlertsSnoozed
    | AlertsAcknowledged
    | AlertsUnacknowledged
    | InsightsMarked
    | InsightsUnmarked
    | GuardLifted
    | CutoffRaised
    | GuardInstalled
)
