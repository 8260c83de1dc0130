"""The sentences above the panels, when there is something to say."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from opencode_tui.clock import Calendar
from opencode_tui.report.states import Failure, Said, banners
from opencode_tui.snapshot import Snapshot
from opencode_tui.ui.theme import STYLES

MAX_LINES = 4


class Banner(Static):
    DEFAULT_CSS = """
    Banner {
        height: auto;
        max-height: 6;
        padding: 0 1;
        display: none;
        &.-shown { display: block; }
    }
    """

    snapshot: var[Snapshot | None] = var(None)
    failure: var[Failure | None] = var(None)

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(markup=False)
        self._calendar = calendar
        self._said: tuple[Said, ...] = ()

    def watch_snapshot(self) -> None:
        self._say()

    def watch_failure(self) -> None:
        self._say()

    def on_resize(self) -> None:
        self._write()

    def _say(self) -> None:
        said = banners(self.snapshot, self.failure, self._calendar)[:MAX_LINES]
        if said != self._said:
            self._said = said
            self.set_class(bool(said), "-shown")
            self._write()

    def _write(self) -> None:
        width = self.size.width or self.app.size.width - 2
        lines = []
        for said in self._said:
            # what has only one variant is a sentence of its own, and may take more than one line
            text = said.text(width) if len(said.variants) > 1 else said.variants[0]
            lines.append(Content.styled(text, STYLES[said.level]))
        self.update(Content("\n").join(lines))
