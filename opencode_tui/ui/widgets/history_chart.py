"""The base of the charts of the History screen: what they show, their keys, and what they send the screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from opencode_tui.records.history import HistoryView
from opencode_tui.report.history_words import Measure
from opencode_tui.report.words import fitting
from opencode_tui.ui.moving import MOVE_KEYS
from opencode_tui.ui.widgets.panel import Panel
from opencode_tui.ui.widgets.seven_days import Piece

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NAME_CELLS = 5
"""The cells of a weekday's name, with a gap."""


def facts_of(history: HistoryView | None) -> tuple[object, ...]:
    """What a history's charts show: not the running week and month, which change with every poll."""
    if history is None:
        return ()
    return history.days, history.today, history.warning_nano, history.cutoff_nano, history.target_nano


class HistoryChart(Panel[HistoryView], can_focus=True):
    """Draws the history with a cursor. Subclasses say what the four movements mean."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Open the day, or the days of the week or month", id="history.open"),
        Binding("h,left", "side(-1)", "Left", tooltip="to the left, in a chart", show=False),
        Binding("l,right", "side(1)", "Right", tooltip="to the right, in a chart", show=False),
        *MOVE_KEYS,
    ]

    class Moved(Message):
        """The cursor is on another day or hour."""

        def __init__(self, chart: HistoryChart) -> None:
            super().__init__()
            self.chart = chart

    class Opened(Message):
        """What the cursor is on was opened."""

        def __init__(self, chart: HistoryChart) -> None:
            super().__init__()
            self.chart = chart

    history: HistoryView | None = None
    measure: Measure = "spend"
    cursor: date = date.min
    _title = ""
    _version = 0
    _drawn: tuple[object, ...] | None = None
    _lines: Sequence[Strip] = ()

    def show_history(self, history: HistoryView | None, measure: Measure, cursor: date) -> None:
        """Draw the history with the cursor on a day, if that changes anything."""
        before, shown = self.history, (self.measure, self.cursor)
        self.history, self.measure, self.cursor = history, measure, cursor
        if shown != (measure, cursor) or facts_of(before) != facts_of(history):
            self.redraw()

    def redraw(self) -> None:
        """Draw all of the chart again."""
        self._version += 1
        self.show_title()
        self.refresh()

    def titles(self) -> tuple[str, ...]:
        """The title, from the longest variant to the shortest."""
        raise NotImplementedError

    def rows(self) -> list[list[Piece]]:
        """The lines of the chart at its size."""
        raise NotImplementedError

    def show_title(self) -> None:
        """Set the title to what fits; Textual draws all of the widget again when it is set."""
        title = fitting(self.titles(), self.inner.width) if self.history is not None else ""
        if title != self._title:
            self._title = self.border_title = title

    def on_resize(self) -> None:
        self.show_title()

    @property
    def inner(self) -> Size:
        """Its size without border and padding; before it is laid out, as wide as it will be."""
        return self.size if self.size.area else Size(self.app.size.width - 2, self.app.size.height)

    def render_line(self, y: int) -> Strip:
        """A line of the chart. All are kept until something changes, as showing a chart draws it several times."""
        key = (self._version, self.has_focus, self.size, self.app.theme)
        if self._drawn != key:
            self._drawn, self._lines = key, self._strips()
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width, self.rich_style)

    def _strips(self) -> list[Strip]:
        if self.history is None or self.size.height < 1:
            return []
        parse, own, width = self.app.stylesheet.parse_style, self.visual_style, self.size.width
        styles: dict[str, Style] = {}
        strips = []
        for row in self.rows()[: self.size.height]:
            segments = []
            for style, pieces in groupby(row, lambda piece: piece[1]):
                if style not in styles:
                    styles[style] = (own + parse(style)).rich_style
                segments.append(Segment("".join(text for text, _ in pieces), styles[style]))
            strips.append(Strip(segments).adjust_cell_length(width, self.rich_style))
        return strips

    def go_to(self, day: date) -> None:
        """Move the cursor to a day, or as near as the history has one."""
        if self.history is not None:
            day = min(max(day, self.history.first), self.history.last)
            if day != self.cursor:
                self.cursor = day
                self.post_message(self.Moved(self))
                self.redraw()

    def action_page(self, direction: int) -> None:
        """Show what was before (-1) or came after (1) what is shown."""
        raise NotImplementedError

    def action_open(self) -> None:
        self.post_message(self.Opened(self))
