"""The hours of the day: what was spent in each, as bars with figures."""

from __future__ import annotations

from textual.content import Content

from opencode_tui.analysis.hours import Stretch, spend_by_stretch
from opencode_tui.clock import HOUR_MS, Calendar
from opencode_tui.money import percentages
from opencode_tui.records.day import Snapshot
from opencode_tui.report.words import amount_text
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import across
from opencode_tui.ui.widgets.panel import DayPanel

LEAST_BAR = 3


def stretch_name(stretch: Stretch, calendar: Calendar) -> str:
    """The local hour, such as `09`, or `08–12` for several."""
    start = f"{calendar.local(stretch.start_ms):%H}"
    if stretch.end_ms - stretch.start_ms <= HOUR_MS:
        return start
    return f"{start}–{calendar.local(stretch.end_ms):%H}"


def hour_rows(
    stretches: tuple[Stretch, ...], calendar: Calendar, width: int, lower_bound: bool
) -> list[tuple[str, str, str]]:
    """(name, bar, amount with its share of the day) for each row of `width` cells; the bar gives way first."""
    shares = percentages(tuple(each.spend_nano for each in stretches))
    amounts = [amount_text(each.spend_nano, lower_bound) if each.spend_nano else "–" for each in stretches]
    longest = max(map(len, amounts), default=0)
    figures = [
        f"{amount:>{longest}} {share:>3}%" if each.spend_nano else f"{amount:>{longest}}     "
        for amount, share, each in zip(amounts, shares, stretches, strict=True)
    ]
    names = [stretch_name(each, calendar) for each in stretches]
    bar = width - max(map(len, names), default=0) - 2 - longest - len(" 100%")
    top = max((each.spend_nano for each in stretches), default=0)
    return [
        (f"{name} ", f"{across(each.spend_nano, top, bar)} " if bar >= LEAST_BAR else "", figure)
        for name, each, figure in zip(names, stretches, figures, strict=True)
    ]


class HoursPanel(DayPanel):
    BORDER_TITLE = "Hours of the day"

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(id="hours")
        self._calendar = calendar

    def facts(self, snapshot: Snapshot) -> object:
        return snapshot.day, snapshot.curve, snapshot.lower_bound

    def render(self) -> Content:
        snapshot = self.snapshot
        if snapshot is None:
            return Content("")
        stretches = spend_by_stretch(snapshot.curve, snapshot.day_start_ms, self.size.height)
        if not stretches:
            return Content.styled("nothing spent", STYLES["note"])
        rows = hour_rows(stretches, self._calendar, self.size.width, snapshot.lower_bound)
        return Content("\n").join(
            [Content.assemble((name, STYLES["note"]), (bar, "$primary"), figure) for name, bar, figure in rows]
        )
