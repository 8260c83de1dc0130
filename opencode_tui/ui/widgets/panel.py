"""A titled part of a screen that redraws only when what it shows has changed."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.reactive import var
from textual.widget import Widget

from opencode_tui.records.day import Snapshot
from opencode_tui.records.session import SessionView

Record = TypeVar("Record", contravariant=True)


class Panel(Widget, Generic[Record]):
    """Subclasses define which facts of a record they show, and how."""

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
        &:focus, &:focus-within {
            border-top: heavy $foreground 60%;
            border-title-color: $foreground;
            border-title-style: bold;
            &:ansi { border-top: heavy ansi_default; }
        }
    }
    """

    _shown: object = None

    def facts(self, record: Record, /) -> object:
        """The part of the record that this panel shows; while it stays equal, nothing is redrawn."""
        raise NotImplementedError

    def show(self, record: Record, /) -> None:
        """Update the panel; one that draws in `render` only needs a refresh."""
        self.refresh()

    def follow(self, record: Record | None) -> None:
        """Show the record if its facts have changed."""
        if record is None:
            return
        facts = self.facts(record)
        if facts != self._shown:
            self._shown = facts
            self.show(record)


class DayPanel(Panel[Snapshot]):
    """A part of the day, bound to its screen's snapshot."""

    snapshot: var[Snapshot | None] = var(None)

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        self.follow(snapshot)


class SessionPanel(Panel[SessionView]):
    """A part of one session, bound to its screen's session."""

    session: var[SessionView | None] = var(None)

    def watch_session(self, session: SessionView | None) -> None:
        self.follow(session)
