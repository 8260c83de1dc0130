"""The text that replaces the panels while there is no data."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from opencode_tui.records.day import Snapshot
from opencode_tui.report.states import empty_screen


class Notice(Static):
    """Shown in the place of the panels while there is nothing for them."""

    DEFAULT_CSS = """
    Notice {
        height: 1fr;
        padding: 1 2;
    }
    """

    snapshot: var[Snapshot | None] = var(None)

    def __init__(self, places: tuple[str, ...]) -> None:
        super().__init__(markup=False)
        self._places = places

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        empty = empty_screen(snapshot, self._places)
        self.display = empty is not None
        if empty is not None:
            text = "\n".join(("", *empty.lines))
            self.update(Content.assemble((empty.title, "bold"), text))
