"""The Today screen: what the day costs, why, and when it crosses its lines."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.message import Message
from textual.reactive import var

from opencode_tui.analysis.session_list import quoted
from opencode_tui.clock import Calendar, Clock, short_day
from opencode_tui.records.answers import AlertList, InsightList
from opencode_tui.records.day import Snapshot
from opencode_tui.records.requests import AlertsRequest, InsightsRequest, ProjectsRequest
from opencode_tui.records.usage import Projects
from opencode_tui.report.states import empty_screen
from opencode_tui.ui.moving import ScrollPane
from opencode_tui.ui.screens.base import Ask, OpenInsights, OpenSession, OpenSessions
from opencode_tui.ui.screens.beside import BesideScreen
from opencode_tui.ui.tables.today import DaySessionTable
from opencode_tui.ui.widgets.banner import Banner
from opencode_tui.ui.widgets.day_curve import DayCurve
from opencode_tui.ui.widgets.day_header import DayHeader
from opencode_tui.ui.widgets.hours import HoursPanel
from opencode_tui.ui.widgets.insight_line import InsightLine
from opencode_tui.ui.widgets.key_footer import KeyFooter
from opencode_tui.ui.widgets.last_alerts import LastAlerts
from opencode_tui.ui.widgets.notice import Notice
from opencode_tui.ui.widgets.projects import ProjectsPanel
from opencode_tui.ui.widgets.session_aside import SessionAside
from opencode_tui.ui.widgets.sessions_panel import SessionsPanel
from opencode_tui.ui.widgets.seven_days import SevenDays
from opencode_tui.ui.widgets.slices import SlicesPanel
from opencode_tui.ui.widgets.today_panel import TodayPanel

LAST_ALERTS = 12
"""More than the panel has room for."""
DAY_KEYS = Binding.Group("Day", compact=True)


class TodayScreen(BesideScreen):
    AUTO_FOCUS = ""
    BINDING_GROUP_TITLE = "Today"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("[", "go_day(-1)", "Earlier day", tooltip="Show the day before", id="day.earlier", group=DAY_KEYS),
        Binding("]", "go_day(1)", "Later day", tooltip="Show the day after", id="day.later", group=DAY_KEYS),
        Binding(
            "w",
            "insights",
            "Why",
            tooltip="What would have cost less: the insights by money",
            id="day.insights",
            show=False,
        ),
        Binding("escape", "back", "Back", tooltip="Back to the screen that led to this day", id="day.back", show=False),
        Binding("t", "go_today", "Back to today", tooltip="Show today again", id="day.today", group=DAY_KEYS),
    ]

    projects: var[Projects | None] = var(None)
    """The day's spend by project, in a wide terminal."""
    fired: var[AlertList | None] = var(None)
    """The last alerts, in a wide terminal."""
    insights: var[InsightList | None] = var(None)

    class DaySelected(Message):
        """Show another day; None is today."""

        def __init__(self, day: date | None) -> None:
            super().__init__()
            self.day = day

    class Left(Message):
        """Go back to a tab."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, calendar: Calendar, clock: Clock, places: tuple[str, ...]) -> None:
        """`places` are the directories that are searched for stores."""
        super().__init__()
        self._calendar = calendar
        self._clock = clock
        self._places = places
        self._wanted: date | None = None
        self._came_from: str | None = None
        """The tab that led to the day that is shown."""

    @property
    def crumb(self) -> tuple[str, ...]:
        return ("Today" if self._wanted is None else short_day(self._wanted),)

    def compose(self) -> ComposeResult:
        yield DayHeader(self._calendar, self._clock, self.poll_ms).data_bind(
            TodayScreen.snapshot, TodayScreen.polled_ms, TodayScreen.failure
        )
        yield Banner(self._calendar).data_bind(TodayScreen.snapshot, TodayScreen.failure)
        yield Notice(self._places).data_bind(TodayScreen.snapshot)
        yield InsightLine().data_bind(TodayScreen.insights)
        with ScrollPane(id="body"):
            with Container(id="top"):
                yield TodayPanel(self._calendar).data_bind(TodayScreen.snapshot)
                yield DayCurve(self._calendar).data_bind(TodayScreen.snapshot)
                yield HoursPanel(self._calendar).data_bind(TodayScreen.snapshot)
            with Container(id="by"):
                yield SlicesPanel("Models", "models").data_bind(TodayScreen.snapshot)
                yield SlicesPanel("Providers", "providers").data_bind(TodayScreen.snapshot)
                yield ProjectsPanel().data_bind(TodayScreen.snapshot, TodayScreen.projects)
                yield SevenDays().data_bind(TodayScreen.snapshot)
            with Container(id="low"):
                yield SessionsPanel(self._calendar).data_bind(TodayScreen.snapshot)
                with Container(id="beside"):
                    yield SessionAside(self._calendar).data_bind(TodayScreen.session)
                    yield LastAlerts(self._calendar, self._clock).data_bind(TodayScreen.fired)
        yield KeyFooter()

    def on_mount(self) -> None:
        self._show_panels()
        self.set_focus(
            self.query_one(DaySessionTable), scroll_visible=False
        )  # a low pane stays scrolled to the day's figure

    def asks(self) -> tuple[Ask, ...]:
        day = self._wanted.isoformat() if self._wanted is not None else "today"
        insights = Ask(InsightsRequest(day), self._show_insights)
        if not self.is_broad:
            return (insights,)
        by_project = ProjectsRequest(self._wanted)
        return insights, Ask(by_project, self._show_projects), Ask(AlertsRequest(most=LAST_ALERTS), self._show_fired)

    def _show_insights(self, insights: InsightList) -> None:
        self.insights = insights

    def _show_projects(self, projects: Projects) -> None:
        self.projects = projects

    def _show_fired(self, fired: AlertList) -> None:
        self.fired = fired

    def watch_snapshot(self, snapshot: Snapshot | None) -> None:
        self._show_panels()
        self.refresh_bindings()
        if snapshot is not None and not self.requests:
            self.ask_again()  # not before, as what is asked for wakes the poller

    def _show_panels(self) -> None:
        """Show the panels unless the notice stands in their place. A class of the screen would restyle all of it."""
        for body in self.query("#body"):
            body.display = empty_screen(self.snapshot, self._places) is None

    def on_resize(self) -> None:
        for line in self.query(InsightLine):
            line.show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disables going beyond today."""
        if action == "back":
            return self._came_from is not None
        at_today = self._wanted is None
        later = action == "go_day" and parameters == (1,)
        return None if at_today and (later or action == "go_today") else True

    @on(InsightLine.Clicked)
    def action_insights(self) -> None:
        """Show the insights of the Why screen."""
        self.post_message(OpenInsights())

    def action_go_day(self, days: int) -> None:
        shown = self._wanted or self._calendar.day(self._clock())
        self._select(shown + timedelta(days=days))

    def action_go_today(self) -> None:
        self._select(None)

    @on(SevenDays.Opened)
    def open_day(self, message: SevenDays.Opened) -> None:
        self._select(message.day)

    @on(DaySessionTable.Opened)
    def open_session(self, message: DaySessionTable.Opened) -> None:
        self.post_message(OpenSession(message.key))

    @on(SlicesPanel.Opened)
    def open_sessions(self, message: SlicesPanel.Opened) -> None:
        if self.snapshot is not None:
            filter = quoted(message.field, message.key)
            self.post_message(OpenSessions(self.snapshot.day.isoformat(), filter, message.key))

    def go_to(self, day: date, came_from: str) -> None:
        """Show a day, to which a tab led; one that is not before today is today."""
        self._came_from = came_from
        self._select(day)
        self.refresh_bindings()

    def action_back(self) -> None:
        """Go back to the tab that led to this day; Today then shows today again."""
        if self._came_from is not None:
            self.post_message(self.Left(self._came_from))
            self._came_from = None
            self._select(None)

    def _select(self, day: date | None) -> None:
        if day is not None and day >= self._calendar.day(self._clock()):
            day = None
        if day != self._wanted:
            self._wanted, self.insights = day, None
            self.post_message(self.DaySelected(day))
            self.ask_again()
            self.refresh_bindings()
