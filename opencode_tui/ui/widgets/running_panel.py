"""How the running week and month stand, and where the ones before stood at the same point."""

from __future__ import annotations

from textual.content import Content

from opencode_tui.clock import Calendar
from opencode_tui.records.history import HistoryView, RunningPeriod
from opencode_tui.report.history_words import band_ahead, before_lines, running_lines, unit_label
from opencode_tui.report.words import fitting
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import width_of
from opencode_tui.ui.widgets.panel import Panel

LABEL_CELLS = 5
"""The cells of a name such as `W19` or `May`, with a gap."""
TEXT_GAP = 3
"""The cells between the two texts where they share a line."""


class RunningPanel(Panel[HistoryView]):
    """Two lines for the week and two for the month; in a wide terminal, or where it is low, one for each."""

    DEFAULT_CSS = """
    RunningPanel { height: auto; }
    """
    BORDER_TITLE = "Running week and month"

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(id="running")
        self._calendar = calendar
        self._history: HistoryView | None = None

    def facts(self, history: HistoryView) -> object:
        return history.running

    def show(self, history: HistoryView) -> None:
        self._history = history
        self.refresh(layout=True)

    def render(self) -> Content:
        if self._history is None:
            return Content("")
        width = self.size.width
        lines = [line for running in self._history.running for line in self._lines(running, width)]
        return Content("\n").join(lines)

    def _lines(self, running: RunningPeriod, width: int) -> list[Content]:
        name = f"{unit_label(running.unit, running.first):<{LABEL_CELLS}}"
        style = STYLES[band_ahead(running)] if band_ahead(running) != "calm" else ""
        now, before = running_lines(running), before_lines(running, self._calendar)
        room = width - LABEL_CELLS
        if self.has_class("-one-line"):
            return [Content.assemble((name, "bold"), (fitting(now, room), style))]
        beside = next(
            ((left, right) for left in now[:2] for right in before[:3] if width_of(left + right) + TEXT_GAP <= room),
            None,
        )
        if beside is not None:
            left, right = beside
            return [Content.assemble((name, "bold"), (left, style), " " * TEXT_GAP, (right, STYLES["note"]))]
        return [
            Content.assemble((name, "bold"), (fitting(now, room), style)),
            Content.assemble(" " * LABEL_CELLS, (fitting(before, room), STYLES["note"])),
        ]
