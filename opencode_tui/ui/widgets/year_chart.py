"""Years as calendar heatmaps: a column for each week, or a row for each in a narrow or low pane."""

from __future__ import annotations

from datetime import date, timedelta

from textual import events

from opencode_tui.analysis.history import number_of, period_numbered, total
from opencode_tui.analysis.year_grid import month_starts, weeks_of
from opencode_tui.clock import month_day, month_name
from opencode_tui.money import plural, tokens_text
from opencode_tui.report.words import amount_text, fitting
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.heat import Heat, heat_of
from opencode_tui.ui.widgets.history_chart import DAY_NAMES, NAME_CELLS, HistoryChart
from opencode_tui.ui.widgets.seven_days import Piece

MOST_WEEKS = 54
YEAR_ROWS = 8
"""The months and seven weekdays."""
DATE = 7
"""The cells of a week's date, where weeks are rows."""


class YearChart(HistoryChart):
    """The cursor's year with as many of the years before it as fit."""

    def __init__(self) -> None:
        super().__init__(id="year-chart")
        self._top: int | None = None
        """The number of the first week that is shown, where weeks are rows."""

    @property
    def _cell(self) -> int:
        """The cells of a day where weeks are columns; 0 where they are rows."""
        if self.inner.height < len(DAY_NAMES):
            return 0
        return next((cell for cell in (3, 2, 1) if NAME_CELLS + MOST_WEEKS * cell <= self.inner.width), 0)

    @property
    def _head(self) -> int:
        """The rows for the names of the months, which a low pane has no room for."""
        return int(self.inner.height >= YEAR_ROWS)

    @property
    def years(self) -> list[int]:
        """The years that are shown, the cursor's as the last."""
        if self.history is None:
            return []
        fit = max((self.inner.height - 1) // (YEAR_ROWS + 1), 1)
        first = max(self.history.first.year, self.cursor.year - fit + 1)
        last = min(max(self.cursor.year, first + fit - 1), self.history.last.year)
        return list(range(max(last - fit + 1, first), last + 1))

    def titles(self) -> tuple[str, ...]:
        history = self.history
        if history is None:
            return ()
        year = self.cursor.year
        of_year = total(history.days, date(year, 1, 1), date(year, 12, 31))
        spent, tokens = amount_text(of_year.spend_nano, of_year.lower_bound), f"{tokens_text(of_year.tokens)} tokens"
        by = "spend" if self.measure == "spend" else "tokens"
        return (
            f"{year} by {by} · {spent} · {tokens} · {plural(of_year.calls, 'call')}",
            f"{year} by {by} · {spent} · {tokens}",
            f"{year} by {by} · {spent if self.measure == 'spend' else tokens}",
            f"{year} by {by}",
        )

    def _heat(self, first: date, last: date) -> Heat:
        assert self.history is not None
        return heat_of(self.history, self.measure, [day for day in self.history.days if first <= day.first <= last])

    def rows(self) -> list[list[Piece]]:
        return self._years() if self._cell else self._weeks()

    def _years(self) -> list[list[Piece]]:
        cell, years = self._cell, self.years
        rows: list[list[Piece]] = []
        heat = self._heat(date(years[0], 1, 1), date(years[-1], 12, 31))
        for year in years:
            if rows:
                rows.append([(" ", "")])
            weeks = weeks_of(year)
            months = [" "] * (len(weeks) * cell + 2)
            for week, month in month_starts(weeks):
                name = month_name(date(year, month, 1))
                months[week * cell : week * cell + len(name)] = name
            if self._head:
                rows.append([(f"{year:<{NAME_CELLS}}", "bold"), ("".join(months), STYLES["note"])])
            for weekday, name in enumerate(DAY_NAMES):
                row: list[Piece] = [(f"{name:<{NAME_CELLS}}", STYLES["note"])]
                row += [heat.cell(week[weekday], cell, self.cursor, self.has_focus) for week in weeks]
                rows.append(row)
        if len(rows) < self.inner.height:
            rows.append([(fitting(heat.legend(), self.inner.width), STYLES["note"])])
        return rows

    @property
    def shown_weeks(self) -> range:
        """The numbers of the weeks that are shown as rows, the cursor's among them."""
        assert self.history is not None
        low, high = number_of("week", self.history.first), number_of("week", self.history.last)
        at, most = number_of("week", self.cursor), max(self.inner.height - 1, 1)
        top = self._top if self._top is not None else high - most + 1
        top = max(min(max(top, at - most + 1), at, high - most + 1), low)
        self._top = top
        return range(top, min(top + most, high + 1))

    def _weeks(self) -> list[list[Piece]]:
        weeks = self.shown_weeks
        first, last = period_numbered("week", weeks[0])[0], period_numbered("week", weeks[-1])[1]
        heat = self._heat(date(first.year, 1, 1), date(last.year, 12, 31))
        rows: list[list[Piece]] = [[(" " * DATE + " ".join(name[:2] for name in DAY_NAMES), STYLES["note"])]]
        for number in weeks:
            monday, sunday = period_numbered("week", number)
            begins = monday.day == 1 or sunday.day < monday.day
            row: list[Piece] = [(f"{month_day(monday):<{DATE}}", "bold" if begins else STYLES["note"])]
            for weekday in range(7):
                row.append(heat.cell(monday + timedelta(days=weekday), 3, self.cursor, self.has_focus))
            rows.append(row)
        return rows

    def _go_days(self, days: int) -> None:
        history = self.history
        if history is not None:
            to = min(max(self.cursor.toordinal() + days, history.first.toordinal()), history.last.toordinal())
            self.go_to(date.fromordinal(to))

    def action_side(self, direction: int) -> None:
        self._go_days(direction * (7 if self._cell else 1))

    def action_step(self, direction: int) -> None:
        self._go_days(direction * (1 if self._cell else 7))

    def action_half(self, direction: int) -> None:
        self._go_days(direction * 7 * 13)

    def action_page(self, direction: int) -> None:
        """Go to the year before or after; within the shown one to its beginning or end."""
        history = self.history
        if history is not None:
            year = min(max(self.cursor.year + direction, history.first.year), history.last.year)
            leap = self.cursor.month == 2 and self.cursor.day == 29
            self.go_to(self.cursor.replace(year=year, day=28 if leap else self.cursor.day))

    def action_end(self, direction: int) -> None:
        if self.history is not None:
            self.go_to(self.history.first if direction < 0 else self.history.last)

    def day_at(self, x: int, y: int) -> date | None:
        """The day that is drawn at these cells."""
        if self.history is None:
            return None
        if not self._cell:
            weeks, column = self.shown_weeks, (x - DATE) // 3
            if 1 <= y <= len(weeks) and 0 <= column < 7:
                return period_numbered("week", weeks[y - 1])[0] + timedelta(days=column)
            return None
        block, row = divmod(y, YEAR_ROWS + 1)
        week, weekday = (x - NAME_CELLS) // self._cell, row - self._head
        if block >= len(self.years) or not 0 <= weekday < 7 or x < NAME_CELLS:
            return None
        weeks_of_year = weeks_of(self.years[block])
        return weeks_of_year[week][weekday] if week < len(weeks_of_year) else None

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        day = self.day_at(offset.x, offset.y) if offset is not None else None
        if day is None:
            return
        if day == self.cursor:
            self.action_open()
        else:
            self.go_to(day)
