"""Seven days as bars, with the chart's warning and cutoff; a bar opens its day."""

from __future__ import annotations

from datetime import date

from textual import events
from textual.content import Content
from textual.message import Message

from opencode_tui.money import format_usd
from opencode_tui.report.words import band_glyph, fit, weekday
from opencode_tui.snapshot import DaySpend, Snapshot
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import upward
from opencode_tui.ui.widgets.panel import Panel

Piece = tuple[str, str]


def line_row(nano: int, top: int, height: int) -> int:
    """The row, 0 the lowest, that an amount lies in."""
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


def day_label(day: DaySpend, column: int) -> str:
    """The weekday, with a glyph for a day past a line, in `column` cells."""
    glyph = band_glyph(day.band) if day.band != "calm" else ""
    name = weekday(day.day)
    name = name[:2] if len(name) + len(glyph) >= column else name
    return (name + glyph).ljust(column) if len(name) + len(glyph) <= column else (glyph or name[:1]).ljust(column)


class SevenDays(Panel):
    BORDER_TITLE = "Seven days"

    class Opened(Message):
        """A day's bar was clicked."""

        def __init__(self, day: date) -> None:
            super().__init__()
            self.day = day

    def __init__(self) -> None:
        super().__init__(id="seven-days")

    @property
    def column(self) -> int:
        """How many cells a day has."""
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
            f"Seven days · ··· {warning} warn  ╌╌╌ {cutoff} cut",
            f"Seven days · {warning} warn {cutoff} cut",
        )
        self.border_title = fit((*titles, "Seven days"), self.size.width)

    def render(self) -> Content:
        snapshot, height, column = self.snapshot, self.size.height, self.column
        if snapshot is None or not snapshot.week_days or height < 2:
            return Content("")
        amounts = [format_usd(day.spend_nano) if day.spend_nano else "–" for day in snapshot.week_days]
        with_amounts = height >= 4 and max(map(len, amounts)) < column
        rows = bar_rows(snapshot, column, height - 1 - with_amounts)
        if with_amounts:
            rows.append([(amount.ljust(column), "") for amount in amounts])
        labels: list[Piece] = []
        for day in snapshot.week_days:
            style = STYLES[day.band] if day.band != "calm" else STYLES["note"]
            labels.append((day_label(day, column), f"{style} bold" if day.day == snapshot.day else style))
        rows.append(labels)
        return Content("\n").join([Content.assemble(*row) for row in rows])

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self.snapshot is None:
            return
        index = offset.x // self.column
        if index < len(self.snapshot.week_days):
            self.post_message(self.Opened(self.snapshot.week_days[index].day))
