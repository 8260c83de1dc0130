"""What every screen is given: the snapshot, when a poll last went well, and whether polls fail."""

from __future__ import annotations

from textual.reactive import var
from textual.screen import Screen

from opencode_tui.report.states import Failure
from opencode_tui.snapshot import Snapshot


class SnapshotScreen(Screen[None]):
    """The app binds these to its own; a screen's panels bind theirs to the screen's."""

    snapshot: var[Snapshot | None] = var(None)
    polled_ms: var[int | None] = var(None)
    failure: var[Failure | None] = var(None)
