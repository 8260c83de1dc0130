"""A titled part of the Session screen that redraws only when what it shows of the session has changed."""

from __future__ import annotations

from textual.reactive import var
from textual.widget import Widget

from opencode_tui.views import SessionView


class SessionPanel(Widget):
    """Subclasses say which facts of a session they show, and show them."""

    DEFAULT_CSS = """
    SessionPanel {
        height: 1fr;
        padding: 0 1;
        border-top: solid $foreground 20%;
        border-title-color: $text-muted;
        border-title-style: none;
        text-wrap: nowrap;
        text-overflow: clip;
        &:ansi { border-top: solid ansi_bright_black; }
    }
    """

    session: var[SessionView | None] = var(None)
    _shown: object = None

    def facts(self, view: SessionView) -> object:
        """What of the session this panel shows; when it is equal to the last, nothing is redrawn."""
        raise NotImplementedError

    def show(self, view: SessionView) -> None:
        """Show it; a panel that draws itself in `render` only needs a refresh."""
        self.refresh()

    def watch_session(self, view: SessionView | None) -> None:
        if view is None:
            return
        facts = self.facts(view)
        if facts != self._shown:
            self._shown = facts
            self.show(view)
