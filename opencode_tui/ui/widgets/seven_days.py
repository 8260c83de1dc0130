"""Seven days as bars, with the two lines of the chart; a bar opens its day."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from opencode_tui.clock import weekday
from opencode_tui.money import format_usd
from opencode_tui.records.day import Band, DaySpend, Snapshot
from opencode_tui.report.words import amount_text, fitting
from opencode_tui.ui.moving import MOVE_KEYS
from opencode_tui.ui.theme import CURSOR, STYLES
from opencode_tui.ui.widgets.blocks import upward
from opencode_tui.ui.widgets.panel import DayPanel

Piece = tuple[str, str]


def line_row(nano: int, top: int, height: int) -> int:
    """The row of an amount, counted from 0 at the bottom."""
    return min(nano * height // top, height - 1) if top > 0 else 0


def bar_rows(snapshot: Snapshot, column: int, height: int) -> list[list[Piece]]:
    """The chart's rows from the highest to the lowest, each of (text, style); `column` cells a day."""
    days = snapshot.week_days
    top = max(*(day.spend_nano for day in days), snapshot.chart_cutoff_nano * 21 // 20, 1)
    bars = [upward(day.spend_nano, top, height) for day in days]
    cutoff = line_row(snapshot.chart_cutoff_nano, top, height)
    warning = line_row(snapshot.chart_warning_nano, top, height)
    rows = []
    for row in range(height - 1, -1, -1):
        if row == cutoff:
            empty, style = "╌", STYLES["cutoff"]
        elif warning <= row < cutoff:
            empty, style = "·", STYLES["warning"]
        else:
            empty, style = " ", ""
        pieces: list[Piece] = []
        for day, bar in zip(days, bars, strict=True):
            solid = bar[row] != " "
            filled = STYLES[day.band] if day.band != "calm" else "$primary"
            pieces.append((bar[row] * (column - 1), filled) if solid else (empty * (column - 1), style))
            pieces.append((empty, style))
        rows.append(pieces)
    return rows


_MARKS: dict[Band, str] = {"calm": "", "warning": "!", "cutoff": "!!"}
"""The chart's lines are its own: other marks and words than those of the day's warning and cutoff."""


def day_label(day: DaySpend, column: int) -> str:
    """The weekday, with a mark for a day past a line, in `column` cells."""
    mark, name = _MARKS[day.band], weekday(day.day)
    fits = (name[:size] for size in (3, 2, 1) if size + len(mark) < column)
    return (next(fits, "" if mark else name[: column - 1]) + mark).ljust(column)


class SevenDays(DayPanel, can_focus=True):
    BORDER_TITLE = "Seven days"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Show this day", id="day.open"),
        Binding("left", "step(-1)", "Left", tooltip="the day before", show=False),
        Binding("right", "step(1)", "Right", tooltip="the day after", show=False),
        *MOVE_KEYS,
    ]

    class Opened(Message):
        """Show a day."""

        def __init__(self, day: date) -> None:
            super().__init__()
            self.day = day

    def __init__(self) -> None:
        super().__init__(id="seven-days")
        self._day: date | None = None

    @property
    def column(self) -> int:
        """The width of a day in cells."""
        days = len(self.snapshot.week_days) if self.snapshot else 0
        return max(min(self.size.width // max(days, 1), 12), 3)

    def facts(self, snapshot: Snapshot) -> object:
        return snapshot.week_days, snapshot.chart_warning_nano, snapshot.chart_cutoff_nano, snapshot.day

    def show(self, snapshot: Snapshot) -> None:
        self._entitle()
        self.refresh()

    def on_resize(self) -> None:
        self._entitle()

    def _entitle(self) -> None:
        if self.snapshot is None:
            return
        warning, cutoff = (
            format_usd(self.snapshot.chart_warning_nano),
            format_usd(self.snapshot.chart_cutoff_nano),
        )
        titles = (
            f"Seven days · ··· ! high from {warning}  ╌╌╌ !! very high from {cutoff}",
            f"Seven days · ! high {warning}  !! very high {cutoff}",
            f"Seven days · ! {warning} !! {cutoff}",
        )
        self.border_title = fitting((*titles, "Seven days"), self.size.width)

    def render(self) -> Content:
        snapshot, height, column = self.snapshot, self.size.height, self.column
        if snapshot is None or not snapshot.week_days or height < 2:
            return Content("")
        amounts = [
            amount_text(day.spend_nano, day.lower_bound) if day.spend_nano or day.lower_bound else "–"
            for day in snapshot.week_days
        ]
        with_amounts = height >= 4 and max(map(len, amounts)) < column
        rows = bar_rows(snapshot, column, height - 1 - with_amounts)
        if with_amounts:
            rows.append([(text.ljust(column), "") for text in amounts])
        labels: list[Piece] = []
        for day in snapshot.week_days:
            style = STYLES[day.band] if day.band != "calm" else STYLES["note"]
            style = f"{style} bold" if day.day == snapshot.day else style
            labels.append((day_label(day, column), CURSOR if self.has_focus and day.day == self._marked else style))
        rows.append(labels)
        return Content("\n").join([Content.assemble(*row) for row in rows])

    @property
    def _marked(self) -> date | None:
        """The day at the cursor, which starts on the shown day."""
        if self.snapshot is None:
            return None
        there = [day.day for day in self.snapshot.week_days]
        return self._day if self._day in there else self.snapshot.day

    def action_step(self, days: int) -> None:
        there = [day.day for day in self.snapshot.week_days] if self.snapshot is not None else []
        if self._marked in there:
            self._day = there[min(max(there.index(self._marked) + days, 0), len(there) - 1)]
            self.refresh()

    def action_half(self, direction: int) -> None:
        self.action_step(direction * 3)

    def action_page(self, direction: int) -> None:
        self.action_step(direction * 7)

    def action_end(self, direction: int) -> None:
        self.action_page(direction)

    def action_open(self) -> None:
        if self._marked is not None:
            self.post_message(self.Opened(self._marked))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self.snapshot is None:
            return
        index = offset.x // self.column
        if index < len(self.snapshot.week_days):
            self._day = self.snapshot.week_days[index].day
            self.action_open()
