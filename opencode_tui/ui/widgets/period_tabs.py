"""The periods as tabs in one line, each with its key; the current one is in brackets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from opencode_tui.analysis.periods import parse_day
from opencode_tui.clock import short_day
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import width_of


class PeriodTab(Struct, frozen=True):
    """A tab as it is drawn, and the period that a click on it selects."""

    text: str
    period: str
    is_current: bool


def tab_name(period: str) -> str:
    """A day such as `Wed 13 May`; another period as it is."""
    try:
        return short_day(parse_day(period))
    except ValueError:
        return period


def fitting_tabs(periods: Sequence[str], current: str, keys: Mapping[str, str], width: int) -> tuple[PeriodTab, ...]:
    """The tabs with their keys, else their names alone, else only the current one, whose click selects the next."""
    names = {period: tab_name(period) for period in periods}
    with_keys = {period: f"{keys[period]} {name}" if period in keys else name for period, name in names.items()}
    for texts in (with_keys, names):
        tabs = tuple(
            PeriodTab(f"[{text}]" if period == current else f" {text} ", period, period == current)
            for period, text in texts.items()
        )
        if sum(width_of(tab.text) for tab in tabs) <= width:
            return tabs
    following = periods[(periods.index(current) + 1) % len(periods)]
    return (PeriodTab(f"{names[current]} ▾", following, True),)


class PeriodTabs(Widget):
    ALLOW_SELECT = False
    DEFAULT_CSS = """
    PeriodTabs { height: 1; padding: 0 1; text-wrap: nowrap; }
    """

    class Selected(Message):
        """A period was clicked."""

        def __init__(self, period: str) -> None:
            super().__init__()
            self.period = period

    def __init__(self, periods: Sequence[str], current: str, keys: Mapping[str, str]) -> None:
        """`keys` are the displayed keys by period."""
        super().__init__()
        self._periods, self._current, self._keys = tuple(periods), current, keys

    def show_period(self, period: str) -> None:
        self._current = period
        self.refresh()

    @property
    def tabs(self) -> tuple[PeriodTab, ...]:
        """The tabs that are drawn."""
        return fitting_tabs(self._periods, self._current, self._keys, self.size.width)

    def render(self) -> Content:
        pieces: list[tuple[str, str]] = []
        for tab in self.tabs:
            name = tab.text.strip(" ")
            blank = " " * tab.text.startswith(" ")  # of its own style, so that a picture puts the name in its place
            pieces += [(blank, ""), (name, "bold" if tab.is_current else STYLES["note"]), (blank, "")]
        return Content.assemble(*pieces)

    def on_click(self, event: events.Click) -> None:
        offset, left = event.get_content_offset(self), 0
        for tab in self.tabs:
            right = left + width_of(tab.text)
            if offset is not None and left <= offset.x < right:
                self.post_message(self.Selected(tab.period))
            left = right
