"""The History screen: days, weeks and months as bars, years as heatmaps, the hours of the week."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal, get_args

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from opencode_tui.analysis.history import period_of, total
from opencode_tui.analysis.time_spans import HOURS, WEEKDAYS, keys_of_day
from opencode_tui.clock import Calendar, Clock, short_day
from opencode_tui.records.day import Snapshot
from opencode_tui.records.history import HistoryView, PeriodUnit, WeekHours
from opencode_tui.records.requests import Filter, HistoryRequest, HoursRequest
from opencode_tui.report.history_words import (
    Measure,
    hour_facts,
    hour_names,
    period_facts,
    period_names,
    since_line,
)
from opencode_tui.report.states import empty_screen
from opencode_tui.report.words import fitting
from opencode_tui.ui.screens.base import Ask, AskingScreen, OpenBreakdown
from opencode_tui.ui.widgets.banner import Banner
from opencode_tui.ui.widgets.blocks import width_of
from opencode_tui.ui.widgets.crumb_header import CrumbHeader
from opencode_tui.ui.widgets.day_header import LOWEST_ROWS
from opencode_tui.ui.widgets.history_bars import HistoryBars, last_day
from opencode_tui.ui.widgets.history_chart import HistoryChart
from opencode_tui.ui.widgets.hours_chart import HoursChart
from opencode_tui.ui.widgets.key_footer import KeyFooter
from opencode_tui.ui.widgets.notice import Notice
from opencode_tui.ui.widgets.period_tabs import PeriodTabs
from opencode_tui.ui.widgets.running_panel import RunningPanel
from opencode_tui.ui.widgets.year_chart import YearChart

View = Literal["days", "weeks", "months", "year", "hours"]
VIEWS: tuple[View, ...] = get_args(View)
UNIT_OF_VIEW: dict[View, PeriodUnit] = {"days": "day", "weeks": "week", "months": "month"}
VIEW_KEYS = Binding.Group("View", compact=True)
PAGE_KEYS = Binding.Group("Earlier, later", compact=True)
KEYS_OF_VIEWS: dict[View, str] = {"days": "d", "weeks": "w", "months": "m", "year": "y", "hours": "H"}
ABOUT: dict[View, str] = {
    "days": "Days as bars, with the warning and the cutoff",
    "weeks": "Weeks against the target",
    "months": "Months as bars",
    "year": "Years as calendars: the more a day cost, the darker it is",
    "hours": "The hours of the week over a year",
}
VIEW_BINDINGS = tuple(
    Binding(key, f"show_view('{view}')", view.capitalize(), tooltip=ABOUT[view], id=f"view.{view}", group=VIEW_KEYS)
    for view, key in KEYS_OF_VIEWS.items()
)
LOW, LOWEST = 22, 17
"""Below so many lines, the running week and month have a line each, and none."""
ROOM_FOR_YEAR = 36
"""From so many lines on, the year stands below the bars."""


class HistoryScreen(AskingScreen):
    AUTO_FOCUS = ""
    BINDING_GROUP_TITLE = "History"
    BINDINGS: ClassVar[list[BindingType]] = [
        *VIEW_BINDINGS,
        Binding("[", "page(-1)", "Earlier", tooltip="Show what was before", id="page.earlier", group=PAGE_KEYS),
        Binding("]", "page(1)", "Later", tooltip="Show what came after", id="page.later", group=PAGE_KEYS),
        Binding("t", "go_today", "Today", tooltip="Back to today", id="page.today", group=PAGE_KEYS),
        Binding("s", "measure", "Spend or tokens", tooltip="Show tokens, or spend again", id="history.measure"),
        Binding(
            "v",
            "breakdown",
            "Break down",
            tooltip="What the cursor's day, week, month or hour was spent on",
            id="history.breakdown",
        ),
        Binding("escape", "back", "Back", tooltip="Back to the weeks or months", id="history.back"),
    ]

    class DayOpened(Message):
        """Show a day as Today."""

        def __init__(self, day: date) -> None:
            super().__init__()
            self.day = day

    def __init__(self, calendar: Calendar, clock: Clock, places: tuple[str, ...]) -> None:
        """`places` are the directories that are searched for stores."""
        super().__init__()
        self._calendar, self._clock, self._places = calendar, clock, places
        self._view: View = "days"
        self._came_from: View | None = None
        """The view whose week or month was opened."""
        self._measure: Measure = "spend"
        self._history: HistoryView | None = None
        self._hours: dict[int, WeekHours] = {}
        """The hours of each year that was shown."""
        self._cursor: date | None = None
        """The day at the cursor; None before there is a history."""
        self._ask()

    @property
    def crumb(self) -> tuple[str, ...]:
        return ("History",)

    def compose(self) -> ComposeResult:
        yield CrumbHeader(self.crumb, self._calendar, self._clock, self.poll_ms).data_bind(
            HistoryScreen.snapshot, HistoryScreen.polled_ms, HistoryScreen.failure
        )
        yield Banner(self._calendar).data_bind(HistoryScreen.snapshot, HistoryScreen.failure)
        yield Notice(self._places).data_bind(HistoryScreen.snapshot)
        with Container(id="body"):
            yield PeriodTabs(VIEWS, self._view, {str(view): key for view, key in KEYS_OF_VIEWS.items()})
            yield HistoryBars()
            yield YearChart()
            yield HoursChart()
            yield Static(id="at-cursor", markup=False)
            yield RunningPanel(self._calendar)
            yield Static(id="since", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def _ask(self) -> None:
        """The history in every view, so that all of them are there at once; the hours of the cursor's year."""
        asks = [Ask(HistoryRequest(), self.show_history)]
        if self._view == "hours" and self._cursor is not None:
            asks.append(Ask(HoursRequest(self._cursor.year), self.show_hours))
        if [each.request for each in asks] != list(self.requests):
            self.ask(*asks)

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        for body in self.query("#body"):
            body.display = empty_screen(snapshot, self._places) is None
        self._say()

    def show_history(self, history: HistoryView) -> None:
        before, self._history = self._history, history
        if self._cursor is None or (before is not None and self._cursor == before.today):
            self._cursor = history.today  # goes on after midnight
        if before is None:
            now = self._calendar.local(history.taken_ms)
            self.query_one(HoursChart).hour = now.weekday() * 24 + now.hour
        self._cursor = min(max(self._cursor, history.first), history.last)
        if self.focused is None:
            self.set_focus(self.chart)
        self._show()

    def show_hours(self, hours: WeekHours) -> None:
        self._hours[hours.request.year] = hours
        self._show()

    @property
    def chart(self) -> HistoryChart:
        """The chart of the view."""
        kinds: dict[View, type[HistoryChart]] = {"year": YearChart, "hours": HoursChart}
        return self.query_one(kinds.get(self._view, HistoryBars))

    def _arrange(self) -> None:
        """Show the widgets that the view and the terminal's height call for."""
        if not self.is_there:
            return
        bars, year, hours = self.query_one(HistoryBars), self.query_one(YearChart), self.query_one(HoursChart)
        high = self.size.height > LOWEST_ROWS
        bars.display, hours.display = high and self._view in UNIT_OF_VIEW, high and self._view == "hours"
        below = self._view in UNIT_OF_VIEW and self.size.height >= ROOM_FOR_YEAR and not self.has_class("-narrow")
        year.display = (high and self._view == "year") or below
        year.set_class(below, "-below")
        running = self.query_one(RunningPanel)
        running.display = self.size.height >= LOWEST
        running.set_class(self.size.height < LOW, "-one-line")
        if self.focused is None or isinstance(self.focused, HistoryChart):
            self.set_focus(self.chart)
        self._show()

    def _show(self) -> None:
        history, cursor = self._history, self._cursor
        if history is None or cursor is None or not self.is_there:
            return
        bars = self.query_one(HistoryBars)
        if self._view in UNIT_OF_VIEW:
            bars.show_unit(UNIT_OF_VIEW[self._view])
        for chart in self.query(HistoryChart):
            if chart.display:
                chart.show_history(history, self._measure, cursor)
        if self._view == "hours":
            self.query_one(HoursChart).show_hours(self._hours.get(cursor.year))
        self.query_one(RunningPanel).follow(history)
        self._say()

    def _say(self) -> None:
        """Tell what is at the cursor, and since when the ledger has calls."""
        history = self._history
        if history is None or not self.is_there:
            return
        width = self.size.width - 2
        names, facts = self._at_cursor(history)
        pairs = [(name, text) for name in names for text in facts if width_of(name + text) + 2 <= width]
        name, text = max(pairs, key=lambda pair: width_of("".join(pair)), default=(names[-1], ""))
        self.query_one("#at-cursor", Static).update(Content.assemble((name, "bold"), "  ", text), layout=False)
        importing = self.snapshot is not None and any(s.state == "importing" for s in self.snapshot.stores)
        self.query_one("#since", Static).update(fitting(since_line(history, importing), width), layout=False)

    def _at_cursor(self, history: HistoryView) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """(names, facts) of what the cursor is on."""
        assert self._cursor is not None
        if self._view == "hours":
            chart = self.query_one(HoursChart)
            use, week = chart.use, chart.week
            if use is None or week is None:
                return hour_names(chart.hour), ("reading the hours…",)
            spent, tokens = sum(each.spend_nano for each in week.hours), sum(each.tokens for each in week.hours)
            return hour_names(chart.hour), hour_facts(use, spent, tokens, week.lower_bound, self._measure)
        unit = UNIT_OF_VIEW.get(self._view, "day")
        use_of_period = total(history.days, *period_of(unit, self._cursor))
        facts = period_facts(use_of_period, unit, history, self._measure)
        return period_names(unit, use_of_period.first, use_of_period.last), facts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._came_from is not None if action == "back" else True

    def action_show_view(self, view: View) -> None:
        self._came_from = None
        self._go_to_view(view)

    def _go_to_view(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self._ask()
            for tabs in self.query(PeriodTabs):
                tabs.show_period(view)
            self._arrange()
        self.refresh_bindings()

    @on(PeriodTabs.Selected)
    def select_view(self, message: PeriodTabs.Selected) -> None:
        self.action_show_view(next(view for view in VIEWS if view == message.period))

    def action_page(self, direction: int) -> None:
        self.chart.action_page(direction)

    def action_go_today(self) -> None:
        if self._history is not None:
            self.chart.go_to(self._history.today)

    def action_measure(self) -> None:
        self._measure = "tokens" if self._measure == "spend" else "spend"
        self._show()

    def action_breakdown(self) -> None:
        """Break down the day, week or month at the cursor, or an hour of the week over its year."""
        history, cursor = self._history, self._cursor
        if history is None or cursor is None:
            return
        if self._view != "hours":
            period = keys_of_day(cursor)[UNIT_OF_VIEW.get(self._view, "day")]
            self.post_message(OpenBreakdown("model", period, (), (*self.crumb, "Breakdown")))
            return
        day, hour = divmod(self.query_one(HoursChart).hour, 24)
        where = (Filter("weekday", (WEEKDAYS[day],)), Filter("hour", (HOURS[hour],)))
        year = cursor.year
        period = "year" if year == history.today.year else f"{year}-01-01..{year}-12-31"
        crumb = (*self.crumb, WEEKDAYS[day], f"{HOURS[hour]}:00")
        self.post_message(OpenBreakdown("model", period, where, crumb))

    def action_back(self) -> None:
        if self._came_from is not None:
            view, self._came_from = self._came_from, None
            self._go_to_view(view)

    @on(HistoryChart.Moved)
    def follow_cursor(self, message: HistoryChart.Moved) -> None:
        if message.chart.cursor != self._cursor:
            self._cursor = message.chart.cursor
            self._ask()
            self._show()
        else:
            self._say()

    @on(HistoryChart.Opened)
    def open(self, message: HistoryChart.Opened) -> None:
        history, cursor = self._history, self._cursor
        if history is None or cursor is None:
            return
        unit = UNIT_OF_VIEW.get(self._view)
        if isinstance(message.chart, HistoryBars) and unit in ("week", "month"):
            self._came_from = self._view
            self._cursor = last_day(unit, cursor, history.today)
            self.query_one(HistoryBars).show_unit("day")
            self.query_one(HistoryBars).end_at(self._cursor)
            self._go_to_view("days")
        elif cursor > history.today:
            self.notify(f"{short_day(cursor)} is still to come: its calls were dated by a wrong clock.", markup=False)
        else:
            self.post_message(self.DayOpened(cursor))
