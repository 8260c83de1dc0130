"""A titled part of a screen that follows the snapshot and redraws only when what it shows has changed."""

from __future__ import annotations

from textual.reactive import var
from textual.widget import Widget

from opencode_tui.snapshot import Snapshot


class Panel(Widget):
    """Subclasses say which facts of a snapshot they show, and show them."""

    DEFAULT_CSS = """
    Panel {
        height: 1fr;
        padding: 0 1;
        border-top: solid $foreground 20%;
        border-title-color: $text-muted;
        border-title-style: none;
        border-subtitle-color: $text-muted;
        text-wrap: nowrap;
        text-overflow: clip;
        &:ansi {
            border-top: solid ansi_bright_black;
        }
    }
    """

    snapshot: var[Snapshot | None] = var(None)
    _shown: object = None

    def facts(self, snapshot: Snapshot) -> object:
        """What of the snapshot this panel shows; when it is equal to the last, nothing is redrawn."""
        raise NotImplementedError

    def show(self, snapshot: Snapshot) -> None:
        """Show it; a panel that draws itself in `render` only needs a refresh."""
        self.refresh()

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        if snapshot is None:
            return
        facts = self.facts(snapshot)
        if facts != self._shown:
            self._shown = facts
            self.show(snapshot)
