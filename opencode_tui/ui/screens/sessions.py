"""The screen of a period's sessions: sorted, filtered and grouped."""

from __future__ import annotations

from typing import ClassVar

from msgspec.structs import replace
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from opencode_tui.analysis.periods import PERIODS
from opencode_tui.analysis.session_list import ProjectGroup, filtered, grouped, ordered, session_totals
from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.requests import SessionsRequest
from opencode_tui.records.sessions import SessionList, SessionRow
from opencode_tui.report.session_words import nothing_found, status
from opencode_tui.ui.poller import same
from opencode_tui.ui.screens.base import Ask, OpenSession
from opencode_tui.ui.screens.beside import BesideScreen
from opencode_tui.ui.tables.columns import next_sort
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.tables.sessions import SESSIONS, SORTS, SessionContext, session_context
from opencode_tui.ui.widgets.banner import Banner
from opencode_tui.ui.widgets.crumb_header import CrumbHeader
from opencode_tui.ui.widgets.day_header import LOW_ROWS
from opencode_tui.ui.widgets.filter_bar import FilterBar
from opencode_tui.ui.widgets.key_footer import KeyFooter
from opencode_tui.ui.widgets.list_notes import EmptyNote, StatusLine
from opencode_tui.ui.widgets.period_tabs import PeriodTabs
from opencode_tui.ui.widgets.session_aside import SessionAside

SORTING = Binding.Group("Sort", compact=True)
SORT_KEYS = (
    Binding(
        "c", "sort_by('total')", "Sort by cost", tooltip="Sort by cost, the costliest first", id="sort.c", group=SORTING
    ),
    Binding(
        "d",
        "sort_by('last active')",
        "Sort by date",
        tooltip="Sort by date, the last active first",
        id="sort.d",
        group=SORTING,
    ),
    Binding("n", "sort_by('title')", "Sort by title", tooltip="Sort by title, from A", id="sort.n", group=SORTING),
)
"""The keys of the most wanted orders."""
PERIOD_KEYS = tuple(
    Binding(key, f"show_period('{period}')", f"{name}: sessions", tooltip=about, show=False, id=f"period.{period}")
    for key, period, name, about in (
        ("t", "today", "Today", "The sessions of today"),
        ("y", "yesterday", "Yesterday", "The sessions of yesterday"),
        ("w", "week", "Week", "The sessions of this week"),
        ("m", "month", "Month", "The sessions of this month"),
        ("Y", "year", "Year", "The sessions of this year"),
        ("*", "all", "All", "All sessions there ever were"),
    )
)
KEYS_OF_PERIODS = {period: binding.key for period, binding in zip(PERIODS, PERIOD_KEYS, strict=True)}
_LONG = ("year", "all")
"""Of these, a list is first read without sparklines, contexts and turns."""
PLACEHOLDER = "title, project, model, provider, agent"


class SessionsScreen(BesideScreen):
    AUTO_FOCUS = "#session-list"
    BINDING_GROUP_TITLE = "Sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Take the filter away, or go back", id="sessions.back"),
        # With priority, so that letters typed right after the slash go into the filter.
        Binding(
            "slash", "filter", "Filter", tooltip="Show only what has these words", id="sessions.filter", priority=True
        ),
        *SORT_KEYS,
        Binding("o", "order", "Order", tooltip="Turn the order around", id="sessions.order", group=SORTING),
        Binding("p", "period", "Period", tooltip="The next period, from today to all", id="sessions.period"),
        Binding("b", "group", "Group", tooltip="Group by project, the costliest first", id="sessions.group"),
        Binding("s", "sort(1)", "Sort", tooltip="Sort by the next column", id="sessions.sort", show=False),
        Binding("S", "sort(-1)", "Sort back", tooltip="Sort by the column before", id="sessions.unsort", show=False),
        *PERIOD_KEYS,
    ]

    def __init__(
        self, calendar: Calendar, clock: Clock, period: str = "week", filter: str = "", crumb: tuple[str, ...] = ()
    ) -> None:
        """`period` is as in SessionsRequest; `crumb` is that of the screen below, empty for the tab."""
        super().__init__()
        self._calendar, self._clock = calendar, clock
        self._came_by = crumb
        self._periods = PERIODS if period in PERIODS else (period, *PERIODS)
        self._period, self._filter = period, filter
        self._sort, self._descending, self._by_project = SORTS["last active"], True, False
        self._list: SessionList | None = None
        self._last: dict[str, SessionList] = {}
        """The last list of each period: shown at once when it is asked for again, until the new one is there."""
        context = session_context(session_totals(()), clock(), calendar)
        self._table: RowTable[SessionRow, SessionContext, ProjectGroup] = RowTable(SESSIONS, context, id="session-list")
        self.ask_again()

    def asks(self) -> tuple[Ask, ...]:
        full = Ask(SessionsRequest(self._period), self.show_list)
        if self._period not in _LONG or self._period in self._last:
            return (full,)
        return Ask(SessionsRequest.first(self._period), self.show_first), full

    @property
    def crumb(self) -> tuple[str, ...]:
        return (*self._came_by, "Sessions")

    def compose(self) -> ComposeResult:
        yield CrumbHeader(self.crumb, self._calendar, self._clock, self.poll_ms).data_bind(
            SessionsScreen.snapshot, SessionsScreen.polled_ms, SessionsScreen.failure
        )
        yield Banner(self._calendar).data_bind(SessionsScreen.snapshot, SessionsScreen.failure)
        yield PeriodTabs(self._periods, self._period, KEYS_OF_PERIODS)
        yield FilterBar(self._filter, PLACEHOLDER)
        yield EmptyNote()
        with Container(id="panes"):
            yield self._table
            yield SessionAside(self._calendar).data_bind(SessionsScreen.session)
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.show()

    def on_resize(self) -> None:
        self.query_one(PeriodTabs).display = self.size.height > LOW_ROWS

    def show_first(self, sessions: SessionList) -> None:
        """Show a long list without what takes longer to read, unless the whole of it is there already."""
        if sessions.request.period not in self._last:
            self._list = sessions
            self.show()

    def show_list(self, sessions: SessionList) -> None:
        shown, self._list = self._list, sessions
        is_first = sessions.request.period not in self._last
        self._last[sessions.request.period] = sessions
        if is_first:
            self.ask_again()
        if not same(shown, sessions):
            self.show()

    def show(self) -> None:
        """Filter, sort, group and show the rows."""
        if self._list is None or not self._table.is_mounted or not self.is_there:
            return
        rows = ordered(filtered(self._list.rows, self._filter), self._sort, self._descending)
        groups = {f"project {group.project}": group for group in grouped(rows)} if self._by_project else {}
        keys = [row.id for row in rows]
        if groups:
            keys = [key for head, group in groups.items() for key in (head, *(row.id for row in group.rows))]
        sums = session_totals(rows)
        if self._list.lower_bound:
            sums = replace(sums, lower_bound=True)
        by_id = {row.id: row for row in rows}
        context = session_context(sums, self._clock(), self._calendar, rows)
        self._table.show_sort(self._sort.name, self._descending)
        self._table.update_rows(keys, by_id.__getitem__, context, groups)
        shown, wanted, of = self._list.request.period, self._period, len(self._list.rows)
        period = shown if shown == wanted else f"{shown}, reading {wanted}"
        said = status(sums, of, self._sort, self._descending, period, self._filter.strip(), self._by_project)
        self.query_one(StatusLine).say(said)
        self.query_one(EmptyNote).say(None if rows else nothing_found(shown, self._filter.strip(), of))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enables `back` on top of another screen or with a filter, and lets a slash be typed into the filter."""
        if action == "filter":
            return not self._typing
        return bool(self._came_by or self._filter or self._typing) if action == "back" else True

    @property
    def _typing(self) -> bool:
        return any(bar.typing for bar in self.query(FilterBar))

    def action_back(self) -> None:
        if self._came_by and not self._typing:
            self.app.pop_screen()
        else:
            self.query_one(FilterBar).clear()
            self.set_focus(self._table)

    def action_filter(self) -> None:
        self.query_one(FilterBar).open()

    def action_period(self) -> None:
        index = self._periods.index(self._period)
        self.action_show_period(self._periods[(index + 1) % len(self._periods)])

    def action_show_period(self, period: str) -> None:
        if period == self._period:
            return
        self._period = period
        self._list = self._last.get(period, self._list)
        self.ask_again()
        for tabs in self.query(PeriodTabs):
            tabs.show_period(period)
        self.show()

    @on(PeriodTabs.Selected)
    def select_period(self, message: PeriodTabs.Selected) -> None:
        self.action_show_period(message.period)

    def action_group(self) -> None:
        self._by_project = not self._by_project
        self.show()

    def action_sort(self, columns: int) -> None:
        """Go on by so many of the columns that are shown."""
        self.action_sort_by(next_sort(self._table.shown_columns, self._sort, columns).name)

    def action_sort_by(self, name: str) -> None:
        self._sort = SORTS[name]
        self._descending = self._sort.descending
        self.show()

    def action_order(self) -> None:
        self._descending = not self._descending
        self.show()

    @on(RowTable.HeaderClicked)
    def sort_by(self, message: RowTable.HeaderClicked) -> None:
        sort = message.column.sort
        if sort == self._sort:
            self.action_order()
        elif sort is not None:
            self._sort, self._descending = sort, sort.descending
            self.show()

    @on(RowTable.Opened)
    def open(self, message: RowTable.Opened) -> None:
        self.post_message(OpenSession(message.key))

    @on(FilterBar.Changed)
    def filter_by(self, message: FilterBar.Changed) -> None:
        self._filter = message.text
        self.show()

    @on(FilterBar.Entered)
    def go_to_rows(self) -> None:
        self.set_focus(self._table)
