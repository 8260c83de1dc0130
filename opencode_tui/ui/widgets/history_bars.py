"""Days, weeks or months as bars that stand, or lie in a narrow pane, with the lines that they are held against."""

from __future__ import annotations

from datetime import date, timedelta

from textual import events

from opencode_tui.analysis.history import moved, number_of, period_numbered, periods_numbered
from opencode_tui.clock import month_day
from opencode_tui.money import format_usd
from opencode_tui.records.history import PeriodUnit, PeriodUse
from opencode_tui.report.history_words import day_lines_legend
from opencode_tui.ui.widgets.history_chart import HistoryChart
from opencode_tui.ui.widgets.lying_bars import lying_rows
from opencode_tui.ui.widgets.scale import scale_of
from opencode_tui.ui.widgets.seven_days import Piece
from opencode_tui.ui.widgets.standing_bars import LEAST_HEIGHT, axis_width, column_width, standing_rows

LEAST_BARS_WIDTH = 48
"""The least width in cells of bars that stand; below, they lie."""
UNIT_TITLES: dict[PeriodUnit, str] = {"day": "Days", "week": "Weeks", "month": "Months"}


class HistoryBars(HistoryChart):
    """Shows as many periods as fit, with the cursor's among them."""

    unit: PeriodUnit = "day"
    _end: int | None = None
    """The number of the last period that is shown; None before there is a history."""
    _axis_of: tuple[object, ...] = (None, "", "")
    _axis = 0
    """The width of the axis for the history, measure and unit of `_axis_of`: all days are looked at for it."""

    def __init__(self) -> None:
        super().__init__(id="history-bars")

    def show_unit(self, unit: PeriodUnit) -> None:
        """Show days, weeks or months, up to the running one or the cursor's."""
        if unit != self.unit:
            self.unit, self._end = unit, None
            self.redraw()

    def end_at(self, day: date) -> None:
        """Let the bars end with a day."""
        self._end = number_of(self.unit, day)
        self.redraw()

    @property
    def _lies(self) -> bool:
        return self.inner.width < LEAST_BARS_WIDTH or self.inner.height < LEAST_HEIGHT

    @property
    def numbers(self) -> range:
        """The numbers of the periods that are shown."""
        history = self.history
        if history is None:
            return range(0)
        low, high = number_of(self.unit, history.first), number_of(self.unit, history.last)
        at, most = number_of(self.unit, self.cursor), max(self._capacity(high - low + 1), 1)
        end = self._end if self._end is not None else number_of(self.unit, history.today)
        end = min(max(end, at, min(low + most - 1, high)), at + most - 1, high)
        self._end = end
        return range(max(end - most + 1, low), end + 1)

    def _capacity(self, there: int) -> int:
        if self._lies:
            return self.inner.height
        return self._room // column_width(self.unit, self._room, there)

    @property
    def _room(self) -> int:
        """The cells that the columns have, beside the widest axis."""
        shown = (self.history, self.measure, self.unit)
        if any(new is not old for new, old in zip(shown, self._axis_of, strict=True)):
            self._axis_of, self._axis = shown, axis_width(self.unit, self.history, self.measure)
        return max(self.inner.width - self._axis, 1)

    def uses(self) -> tuple[PeriodUse, ...]:
        """The periods that are shown."""
        return periods_numbered(self.history.days, self.unit, self.numbers) if self.history is not None else ()

    def titles(self) -> tuple[str, ...]:
        numbers = self.numbers
        if self.history is None or not numbers:
            return ()
        first, last = period_numbered(self.unit, numbers[0])[0], period_numbered(self.unit, numbers[-1])[1]
        year = f"{first.year} " if first.year != last.year else ""
        name = UNIT_TITLES[self.unit]
        span = f"{month_day(first)} {year}– " if first != last else ""
        span += f"{month_day(last)} {last.year}"
        legend: tuple[str, ...] = ()
        if self.measure == "tokens":
            legend = ("tokens",)
        elif self.unit == "day":
            legend = day_lines_legend(self.history)
        elif self.unit == "week":
            target = format_usd(self.history.target_nano)
            legend = (f"╌╌╌ ! over the target {target}", f"! over {target}")
        if not legend:
            return f"{name} · {span}", span, name
        beside = (f"{name} · {span} · {each}" for each in legend if each in legend[:3])
        return (*beside, *(title for each in legend for title in (f"{name} · {each}", each)))

    def rows(self) -> list[list[Piece]]:
        history, width, height = self.history, self.inner.width, self.inner.height
        if history is None:
            return []
        uses, cursor = self.uses(), number_of(self.unit, self.cursor)
        at = self.numbers.index(cursor) if cursor in self.numbers else -1
        scale = scale_of(uses, self.unit, history, self.measure)
        if self._lies:
            return lying_rows(uses, self.unit, history, scale, at, width, self.has_focus)
        there = number_of(self.unit, history.last) - number_of(self.unit, history.first) + 1
        column = column_width(self.unit, self._room, there)
        axis = width - self._room
        return standing_rows(uses, self.unit, history, scale, at, column, axis, (width, height), self.has_focus)

    def action_side(self, periods: int) -> None:
        self.go_to(self._moved(periods))

    def action_step(self, periods: int) -> None:
        self.go_to(self._moved(periods))

    def action_half(self, direction: int) -> None:
        self.go_to(self._moved(direction * max(len(self.numbers) // 2, 1)))

    def action_page(self, direction: int) -> None:
        """Show the periods before or after those that are shown, with the cursor at its place."""
        if self.history is None:
            return
        periods = direction * max(len(self.numbers), 1)
        self._end = (self._end or 0) + periods
        self.go_to(self._moved(periods))

    def action_end(self, direction: int) -> None:
        if self.history is not None:
            self.go_to(self.history.first if direction < 0 else self.history.last)

    def _moved(self, periods: int) -> date:
        """The cursor so many periods on, within the history."""
        history = self.history
        if history is None:
            return self.cursor
        low, high = number_of(self.unit, history.first), number_of(self.unit, history.last)
        to = min(max(number_of(self.unit, self.cursor) + periods, low), high)
        return moved(self.unit, self.cursor, to - number_of(self.unit, self.cursor))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self.history is None:
            return
        numbers = self.numbers
        there = number_of(self.unit, self.history.last) - number_of(self.unit, self.history.first) + 1
        left = self.inner.width - self._room
        index = offset.y if self._lies else (offset.x - left) // column_width(self.unit, self._room, there)
        if not 0 <= index < len(numbers) or (not self._lies and offset.x < left):
            return
        if numbers[index] == number_of(self.unit, self.cursor):
            self.action_open()
        else:
            self.go_to(moved(self.unit, self.cursor, numbers[index] - number_of(self.unit, self.cursor)))


def last_day(unit: PeriodUnit, day: date, latest: date) -> date:
    """The last day of the week or month of a day, which `latest` may cut short."""
    return min(period_numbered(unit, number_of(unit, day) + 1)[0] - timedelta(days=1), latest)
