"""The screen of the team's seats: what each cost, on which days, and on what."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, Never

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from opencode_tui.analysis.report_periods import ReportPeriod, month_of, week_of
from opencode_tui.analysis.session_list import Sort
from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.answers import TeamView
from opencode_tui.records.requests import TeamRequest
from opencode_tui.records.team import Seat, TeamReport
from opencode_tui.report.team_words import no_seats, seat_rows, team_lines, team_status
from opencode_tui.report.words import fitting
from opencode_tui.ui.screens.base import Ask, AskingScreen
from opencode_tui.ui.tables.columns import next_sort
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.tables.team import BY_SEAT_SPEND, team_columns
from opencode_tui.ui.widgets.banner import Banner
from opencode_tui.ui.widgets.crumb_header import CrumbHeader
from opencode_tui.ui.widgets.detail_pane import DetailPane, labelled
from opencode_tui.ui.widgets.key_footer import KeyFooter
from opencode_tui.ui.widgets.list_notes import EmptyNote, StatusLine

TEAM = "Team"
"""The tab that is there where the settings have seats."""


class TeamSums(Static):
    """The team's spend against its budget, against the period before, and the month's forecast."""

    DEFAULT_CSS = """
    TeamSums { height: auto; padding: 0 1; text-wrap: nowrap; }
    """

    def __init__(self) -> None:
        super().__init__(id="team-sums", markup=False)
        self._lines: tuple[tuple[str, ...], ...] = ()

    def show_lines(self, lines: tuple[tuple[str, ...], ...]) -> None:
        """Each line in variants, from the longest to the shortest."""
        self._lines = lines
        self.on_resize()

    def on_resize(self) -> None:
        width = self.screen.size.width - 2
        fitted = (fitting(variants, width) for variants in self._lines)
        self.update(Content("\n").join(Content(line) for line in fitted if line))


class TeamScreen(AskingScreen):
    DEFAULT_CSS = """
    TeamScreen {
        #seats { min-height: 5; }
        #seat { max-height: 40%; }
        #seat:focus { max-height: 75%; }
    }
    """
    AUTO_FOCUS = "#seats"
    BINDING_GROUP_TITLE = "Team"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("[", "page(-1)", "Earlier", tooltip="The week or the month before", id="team.earlier"),
        Binding("]", "page(1)", "Later", tooltip="The week or the month after", id="team.later"),
        Binding("m", "unit", "Week or month", tooltip="Show a month, or a week again", id="team.unit"),
        Binding("s", "sort(1)", "Sort", tooltip="Sort by the next column", id="team.sort"),
        Binding("o", "order", "Order", tooltip="Turn the order around", id="team.order", show=False),
        Binding("escape", "leave", "Back", tooltip="Back from a seat's details", id="team.leave", show=False),
        Binding("r", "read", "Refresh", tooltip="Read the seats' files now", id="team.read", show=False),
    ]

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        super().__init__()
        self._calendar, self._clock = calendar, clock
        self.period: ReportPeriod = week_of(calendar.day(clock()))
        self._number = 0
        self.report: TeamReport | None = None
        self._sort: Sort[Seat] = BY_SEAT_SPEND
        self._descending = True
        self._table: RowTable[Seat, TeamReport, Never] = RowTable((), id="seats")
        self._ask_again()

    def _ask_again(self) -> None:
        self.ask(Ask(TeamRequest(self.period.label, self._number), self.show_team, self.show_reason))

    def compose(self) -> ComposeResult:
        yield CrumbHeader(("Team",), self._calendar, self._clock, self.poll_ms).data_bind(
            TeamScreen.snapshot, TeamScreen.polled_ms, TeamScreen.failure
        )
        yield Banner(self._calendar).data_bind(TeamScreen.snapshot, TeamScreen.failure)
        yield TeamSums()
        yield EmptyNote()
        yield self._table
        yield DetailPane(id="seat")
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        self._say(("reading the seats' files…", "reading…"))

    def show_team(self, view: TeamView) -> None:
        self.report = view.report
        self.show()

    def show_reason(self, reason: str) -> None:
        self.report = None
        self._table.display = False
        self.query_one(EmptyNote).say((reason, "config.toml names the seats below [team.seats]."))

    def show(self) -> None:
        """Sort and show the seats."""
        report = self.report
        if report is None or not self._table.is_mounted or not self.is_there:
            return
        seats = {seat.name: seat for seat in sorted(report.seats, key=self._sort.value, reverse=self._descending)}
        self._table.take_columns(team_columns(report))
        self._table.show_sort(self._sort.name, self._descending)
        self._table.update_rows(list(seats), seats.__getitem__, report)
        self._table.display = bool(seats)
        self.query_one(EmptyNote).say(None if seats else no_seats())
        self.query_one(TeamSums).show_lines(team_lines(report, self._calendar))
        is_late = report.period != self.period.label
        self._say(("reading the seats' files…",) if is_late else team_status(report))
        self._show_seat()

    def _say(self, variants: tuple[str, ...]) -> None:
        self.query_one(StatusLine).say(variants)

    @on(RowTable.Highlighted)
    def _show_seat(self) -> None:
        key, report = self._table.cursor_key, self.report
        seat = next((each for each in report.seats if each.name == key), None) if report is not None else None
        make: Callable[[int], Content] | None = None
        if seat is not None and report is not None:
            rows = seat_rows(seat, report, self._calendar)
            make = lambda width: Content("\n").join(labelled(rows, width))  # noqa: E731
        self.query_one("#seat", DetailPane).show_content(key, make)

    @on(RowTable.Opened)
    def read_seat(self) -> None:
        """Give the details of the seat more room, and the keys that scroll."""
        self.set_focus(self.query_one("#seat", DetailPane))

    def action_leave(self) -> None:
        """Go back from the details to the seats."""
        self.set_focus(self._table)

    def action_page(self, steps: int) -> None:
        self._go_to(self.period.before() if steps < 0 else self._after())

    def _after(self) -> ReportPeriod:
        """The period after, if it has begun."""
        day = self.period.last + timedelta(days=1)
        if day > self._calendar.day(self._clock()):
            return self.period
        return week_of(day) if self.period.is_week else month_of(day)

    def action_unit(self) -> None:
        """A month of the week's last day, or the week of the month's, at most this one."""
        day = min(self.period.last, self._calendar.day(self._clock()))
        self._go_to(month_of(day) if self.period.is_week else week_of(day))

    def _go_to(self, period: ReportPeriod) -> None:
        if period != self.period:
            self.period = period
            self._ask_again()
            self.show()

    def action_read(self) -> None:
        self._number += 1
        self._ask_again()
        self._say(("reading the seats' files…", "reading…"))

    def action_sort(self, columns: int) -> None:
        self._sort = next_sort(self._table.shown_columns, self._sort, columns)
        self._descending = self._sort.descending
        self.show()

    def action_order(self) -> None:
        self._descending = not self._descending
        self.show()

    @on(RowTable.HeaderClicked)
    def sort_by(self, message: RowTable.HeaderClicked) -> None:
        sort: Any = message.column.sort
        if sort is not None:
            self._descending = not self._descending if sort.name == self._sort.name else sort.descending
            self._sort = sort
            self.show()
