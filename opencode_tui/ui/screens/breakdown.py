"""The screen of a period's cost by one dimension, and within its rows by others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from opencode_tui.analysis.periods import PERIODS
from opencode_tui.analysis.session_list import Sort
from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.breakdown import Breakdown, BreakdownRow
from opencode_tui.records.dimensions import TIMES
from opencode_tui.records.requests import BreakdownRequest, ComparisonRequest, Filter
from opencode_tui.report.breakdown_words import breakdown_status, compared, nothing_spent, row_name
from opencode_tui.ui.poller import same
from opencode_tui.ui.screens.base import Ask, AskingScreen, OpenBreakdown, OpenSession
from opencode_tui.ui.screens.compare import CompareScreen
from opencode_tui.ui.screens.sessions import KEYS_OF_PERIODS
from opencode_tui.ui.tables.breakdown import BREAKDOWN, BY_NAME, BY_SPEND, COLUMN_SETS, TOOL_SETS, BreakdownContext
from opencode_tui.ui.tables.columns import next_sort
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.widgets.banner import Banner
from opencode_tui.ui.widgets.crumb_header import CrumbHeader
from opencode_tui.ui.widgets.day_header import LOW_ROWS
from opencode_tui.ui.widgets.key_footer import KeyFooter
from opencode_tui.ui.widgets.list_notes import EmptyNote, StatusLine
from opencode_tui.ui.widgets.period_tabs import PeriodTabs

DIMENSION_KEYS = {
    "model": "M",
    "provider": "P",
    "agent": "N",
    "project": "R",
    "task": "A",
    "tool": "T",
    "session": "E",
    "kind": "K",
    "hour": "H",
    "weekday": "W",
    "day": "D",
}
"""The key of each dimension that the screen shows."""
_WITHIN = ("project", "agent", "model", "session", *DIMENSION_KEYS)
"""What a row is broken down by first, whichever is not filtered yet."""


class DimensionTabs(PeriodTabs):
    """The dimensions as tabs in one line."""

    class Selected(PeriodTabs.Selected):
        """A dimension was clicked."""


class BreakdownScreen(AskingScreen):
    AUTO_FOCUS = "#breakdown-table"
    BINDING_GROUP_TITLE = "Breakdown"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Take the last filter away", id="breakdown.back"),
        Binding("d", "dimension", "Dimension", tooltip="The next dimension, from model to day", id="breakdown.by"),
        Binding("p", "period", "Period", tooltip="The next period, from today to all", id="breakdown.period"),
        Binding("v", "sessions", "Sessions", tooltip="The sessions of this row", id="breakdown.sessions"),
        Binding("x", "mark", "Compare", tooltip="Mark a row; with a second one, compare them", id="breakdown.mark"),
        Binding("c", "columns", "Columns", tooltip="Cost, tokens, speed or edits first", id="breakdown.columns"),
        Binding("s", "sort(1)", "Sort", tooltip="Sort by the next column", id="breakdown.sort"),
        Binding("S", "sort(-1)", "Sort back", tooltip="Sort by the column before", id="breakdown.unsort", show=False),
        Binding("o", "order", "Order", tooltip="Turn the order around", id="breakdown.order", show=False),
        *(
            Binding(key, f"show_by('{by}')", f"By {by}", tooltip=f"By {by}", id=f"breakdown.{by}", show=False)
            for by, key in DIMENSION_KEYS.items()
        ),
        *(
            Binding(
                key,
                f"show_period('{period}')",
                period.capitalize(),
                tooltip=f"What {period} cost",
                id=f"breakdown.{period}",
                show=False,
            )
            for period, key in KEYS_OF_PERIODS.items()
        ),
    ]

    def __init__(
        self,
        calendar: Calendar,
        clock: Clock,
        by: str = "model",
        period: str = "week",
        where: tuple[Filter, ...] = (),
        crumb: tuple[str, ...] = (),
    ) -> None:
        """`where` are the filters of the screens below, `crumb` is theirs, empty for the tab."""
        super().__init__()
        self._calendar, self._clock = calendar, clock
        self._came_by, self._where = crumb, where
        self._periods = PERIODS if period in PERIODS else (period, *PERIODS)
        self._period, self._by = period, by
        self._sort: Sort[BreakdownRow] = BY_SPEND
        self._descending = True
        if by in TIMES:
            self._sort, self._descending = BY_NAME, False
        self._columns = next(iter(COLUMN_SETS))
        self._shown: Breakdown | None = None
        self._marked: tuple[str, ...] = ()
        self._table: RowTable[BreakdownRow, BreakdownContext, None] = RowTable(BREAKDOWN, id="breakdown-table")
        self._dimension_tabs = DimensionTabs(self._dimensions, self._by, DIMENSION_KEYS)
        self._period_tabs = PeriodTabs(self._periods, self._period, KEYS_OF_PERIODS)
        self._ask_again()

    @property
    def crumb(self) -> tuple[str, ...]:
        return self._came_by or ("Breakdown",)

    @property
    def _dimensions(self) -> tuple[str, ...]:
        """Those that are not filtered yet; times can be, as an hour has days."""
        taken = {each.dimension for each in self._where}
        return tuple(each for each in DIMENSION_KEYS if each not in taken)

    def _request(self, *, details: bool) -> BreakdownRequest:
        return BreakdownRequest((self._by,), self._period, where=self._where, details=details)

    def _ask_again(self) -> None:
        self.ask(*(Ask(self._request(details=details), self.show_breakdown) for details in (False, True)))

    def compose(self) -> ComposeResult:
        yield CrumbHeader(self.crumb, self._calendar, self._clock, self.poll_ms).data_bind(
            BreakdownScreen.snapshot, BreakdownScreen.polled_ms, BreakdownScreen.failure
        )
        yield Banner(self._calendar).data_bind(BreakdownScreen.snapshot, BreakdownScreen.failure)
        yield self._dimension_tabs
        yield self._period_tabs
        yield EmptyNote()
        yield self._table
        yield StatusLine()
        yield KeyFooter()

    def on_mount(self) -> None:
        self.show()

    def on_resize(self) -> None:
        for tabs in (self._dimension_tabs, self._period_tabs):
            tabs.display = self.size.height > LOW_ROWS

    def show_breakdown(self, breakdown: Breakdown) -> None:
        """Show an answer; the figures that come first do not replace those that have the turns and speeds as well."""
        before = self._shown
        if before is not None and not breakdown.request.details and before.request == self._request(details=True):
            return
        self._shown = breakdown
        if not same(before, breakdown):
            self.show()

    def show(self) -> None:
        """Sort and show the rows."""
        shown = self._shown
        if shown is None or not self._table.is_mounted or not self.is_there:
            return
        rows = sorted(shown.rows, key=self._sorted_by(shown), reverse=self._descending)
        by_key = {row.keys[0]: row for row in rows}
        sets = TOOL_SETS if shown.request.by == ("tool",) else COLUMN_SETS
        self._table.take_columns(sets[self._columns])
        self._table.show_sort(self._sort.name, self._descending)
        self._table.update_rows(list(by_key), by_key.__getitem__, BreakdownContext(shown, self._marked))
        is_late = shown.request.period != self._period or shown.request.by != (self._by,)
        period = f"{shown.request.period}, reading {self._by} of {self._period}" if is_late else self._period
        self.query_one(StatusLine).say(breakdown_status(shown, self._sort.name, self._descending, period))
        self.query_one(EmptyNote).say(None if rows else nothing_spent(shown))
        self.refresh_bindings()

    def _sorted_by(self, shown: Breakdown) -> Callable[[BreakdownRow], Any]:
        """What the rows are sorted by; of names, that of a time is its place."""
        by = shown.request.by[0]
        if self._sort is not BY_NAME:
            return self._sort.value
        if by in TIMES:
            places = {row.keys[0]: place for place, row in enumerate(shown.rows)}
            return lambda row: places[row.keys[0]]
        return lambda row: row_name(shown, row.keys[0], by).casefold()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enables `back` on top of another screen, and only dimensions that are not filtered."""
        if action == "show_by":
            return parameters[0] in self._dimensions
        return bool(self._came_by) if action == "back" else True

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_dimension(self) -> None:
        at = self._dimensions.index(self._by)
        self.action_show_by(self._dimensions[(at + 1) % len(self._dimensions)])

    def action_show_by(self, by: str) -> None:
        if by != self._by:
            self._by, self._marked = by, ()
            self._sort, self._descending = (BY_NAME, False) if by in TIMES else (BY_SPEND, True)
            self._changed()

    def action_period(self) -> None:
        at = self._periods.index(self._period)
        self.action_show_period(self._periods[(at + 1) % len(self._periods)])

    def action_show_period(self, period: str) -> None:
        if period != self._period:
            self._period = period
            self._changed()

    def _changed(self) -> None:
        self._ask_again()
        self._dimension_tabs.show_period(self._by)
        self._period_tabs.show_period(self._period)
        self.query_one(CrumbHeader).show_crumb(self.crumb)
        self.show()

    @on(PeriodTabs.Selected)
    def select_period(self, message: PeriodTabs.Selected) -> None:
        if isinstance(message, DimensionTabs.Selected):
            self.action_show_by(message.period)
        else:
            self.action_show_period(message.period)

    def action_columns(self) -> None:
        """Put the next kind of measure first: cost, tokens, speed, edits."""
        names = list(COLUMN_SETS)
        self._columns = names[(names.index(self._columns) + 1) % len(names)]
        self.show()

    def action_sort(self, columns: int) -> None:
        """Go on by so many of the columns that are shown."""
        self._sort = next_sort(self._table.shown_columns, self._sort, columns)
        self._descending = self._sort.descending
        self.show()

    def action_order(self) -> None:
        self._descending = not self._descending
        self.show()

    @on(RowTable.HeaderClicked)
    def sort_by(self, message: RowTable.HeaderClicked) -> None:
        sort = message.column.sort
        if sort is not None:
            self._descending = not self._descending if sort == self._sort else sort.descending
            self._sort = sort
            self.show()

    @on(RowTable.Opened)
    def open(self, message: RowTable.Opened) -> None:
        """Go into a row: a session opens; of another, the first dimension that is not filtered yet."""
        if self._shown is None:
            return
        by = self._shown.request.by[0]
        if by == "session":
            self.post_message(OpenSession(message.key))
        else:
            self._go_into(by, message.key, next(each for each in _WITHIN if each in self._dimensions and each != by))

    def action_sessions(self) -> None:
        key = self._table.cursor_key
        if key is None or self._shown is None:
            return
        by = self._shown.request.by[0]
        if by == "session":
            self.post_message(OpenSession(key))
        elif "session" in self._dimensions:
            self._go_into(by, key, "session")

    def _go_into(self, by: str, key: str, then: str) -> None:
        assert self._shown is not None
        crumb = (*self.crumb, row_name(self._shown, key, by))
        self.post_message(OpenBreakdown(then, self._period, (*self._where, Filter(by, (key,))), crumb))

    def action_mark(self) -> None:
        """Mark the row, or take its mark away; the second one is compared with the first."""
        key = self._table.cursor_key
        if key is None or self._shown is None:
            return
        if key in self._marked:
            self._marked = tuple(each for each in self._marked if each != key)
        else:
            self._marked = (*self._marked[-1:], key)
        self.show()
        rows = {row.keys[0]: row for row in self._shown.rows}
        if len(self._marked) == 2 and key == self._marked[1] and all(each in rows for each in self._marked):
            one, other = self._marked
            by = self._shown.request.by[0]
            names = (row_name(self._shown, one, by), row_name(self._shown, other, by))
            self.app.push_screen(CompareScreen(names, compared(rows[one], rows[other]), self._comparison(one, other)))

    def _comparison(self, one: str, other: str) -> ComparisonRequest | None:
        """What to ask about two models beside their measures; None for other rows."""
        if self._by != "model":
            return None
        works = (
            BreakdownRequest((), self._period, where=(*self._where, Filter("model", (key,)))) for key in (one, other)
        )
        return ComparisonRequest((one, other), (next(works), next(works)))
