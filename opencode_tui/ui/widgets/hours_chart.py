"""The hours of the week over a year: a small chart for each weekday, with the sums of weekdays and hours."""

from __future__ import annotations

from textual import events

from opencode_tui.analysis.week_hours import HOURS_OF_WEEK
from opencode_tui.records.history import HourUse, WeekHours
from opencode_tui.report.history_words import amount_of, measure_text
from opencode_tui.ui.theme import CURSOR, STYLES
from opencode_tui.ui.widgets.blocks import upward
from opencode_tui.ui.widgets.history_chart import DAY_NAMES, HistoryChart
from opencode_tui.ui.widgets.seven_days import Piece

DAY_CELLS = 4
"""The cells of a weekday's name, with a gap."""
WIDEST_HOUR, TALLEST_DAY = 6, 5


class HoursChart(HistoryChart):
    week: WeekHours | None = None
    hour: int = 9
    """The cursor: one of the 168 hours of the week."""

    def __init__(self) -> None:
        super().__init__(id="hours-chart")

    def show_hours(self, week: WeekHours | None) -> None:
        """Draw a year's hours; None while they are being read."""
        if week != self.week:
            self.week = week
            self.redraw()

    def titles(self) -> tuple[str, ...]:
        by = "spend" if self.measure == "spend" else "tokens"
        year = self.week.request.year if self.week is not None else self.cursor.year
        return f"Hours of the week · {year} by {by}", f"Hours · {year} by {by}", f"Hours by {by}"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to open: an hour of the week is of no one day."""
        return action != "open"

    @property
    def use(self) -> HourUse | None:
        """What is at the cursor."""
        return self.week.hours[self.hour] if self.week is not None else None

    @property
    def _column(self) -> int:
        """The cells of an hour, with its gap from two on."""
        return min(max((self.inner.width - DAY_CELLS) // 24, 1), WIDEST_HOUR)

    @property
    def _tall(self) -> int:
        """The rows of a weekday."""
        return min(max((self.inner.height - 1) // 7, 1), TALLEST_DAY)

    @property
    def _first_day(self) -> int:
        """The first weekday that is shown; in a pane that is too low for a week, those about the cursor are."""
        hidden = max(7 - self.inner.height, 0)
        return min(max(self.hour // 24 - self.inner.height // 2, 0), hidden)

    def rows(self) -> list[list[Piece]]:
        week, column, tall = self.week, self._column, self._tall
        if week is None:
            return [[("reading the hours…", STYLES["note"])]]
        amounts = [amount_of(hour, self.measure) for hour in week.hours]
        top, bar = max(*amounts, 1), max(column - 1, 1)
        room = self.inner.width - DAY_CELLS - 24 * column
        rows: list[list[Piece]] = []
        for day, name in enumerate(DAY_NAMES):
            of_day = amounts[day * 24 : day * 24 + 24]
            bars = [upward(amount, top, max(tall - 1, 1)).ljust(tall) for amount in of_day]
            for row in range(tall - 1, -1, -1):
                pieces: list[Piece] = [(f"{name if not row else '':<{DAY_CELLS}}", STYLES["note"])]
                for hour, drawn in enumerate(bars):
                    text, style = drawn[row] * bar, "$primary"
                    if drawn[row] == " ":
                        text, style = f"{'' if row else '·':<{bar}}", STYLES["note"]
                    if day * 24 + hour == self.hour:
                        style = CURSOR if self.has_focus else "bold"
                    pieces += [(text, style), (" " * (column - bar), "")]
                total = measure_text(sum(of_day), self.measure, week.lower_bound) if not row else ""
                pieces.append((f" {total}" if len(total) < room else "", ""))
                rows.append(pieces)
        if len(rows) >= self.inner.height:
            return rows[self._first_day :]
        rows.append([(" " * DAY_CELLS, ""), *self._names(column)])
        if len(rows) < self.inner.height and column > len(max(self._sums(amounts), key=len)):
            rows.append([(" " * DAY_CELLS, ""), *((f"{text:<{column}}", "") for text in self._sums(amounts))])
        return rows

    def _sums(self, amounts: list[int]) -> list[str]:
        """The sums of the hours over all weekdays."""
        return [measure_text(sum(amounts[hour::24]), self.measure) for hour in range(24)]

    def _names(self, column: int) -> list[Piece]:
        """The hours, as many as fit; that of the cursor stands out."""
        step = 1 if column > 2 else 3 if column == 2 else 6
        pieces: list[Piece] = []
        for hour in range(0, 24, step):
            style = "bold" if hour <= self.hour % 24 < hour + step else STYLES["note"]
            pieces.append((f"{hour:02}".ljust(column * step), style))
        return pieces

    def _go(self, hour: int) -> None:
        hour = min(max(hour, 0), HOURS_OF_WEEK - 1)
        if hour != self.hour:
            self.hour = hour
            self.post_message(self.Moved(self))
            self.redraw()

    def action_side(self, hours: int) -> None:
        self._go(self.hour + hours)

    def action_step(self, days: int) -> None:
        if 0 <= self.hour + days * 24 < HOURS_OF_WEEK:
            self._go(self.hour + days * 24)

    def action_half(self, direction: int) -> None:
        self._go(self.hour + direction * 12)

    def action_page(self, direction: int) -> None:
        """Go to the year before or after."""
        history = self.history
        if history is not None:
            year = min(max(self.cursor.year + direction, history.first.year), history.last.year)
            if year != self.cursor.year:
                self.go_to(self.cursor.replace(year=year, day=min(self.cursor.day, 28)))

    def action_end(self, direction: int) -> None:
        self._go(0 if direction < 0 else HOURS_OF_WEEK - 1)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        day, hour = self._first_day + offset.y // self._tall, (offset.x - DAY_CELLS) // self._column
        if 0 <= day < 7 and 0 <= hour < 24:
            self._go(day * 24 + hour)
