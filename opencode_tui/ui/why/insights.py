"""The insights of a period by money, with what became of those that were acted on."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar, Never

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content

from opencode_tui.analysis.insight_marks import mark_of
from opencode_tui.analysis.periods import PERIODS
from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.answers import InsightList
from opencode_tui.records.insights import FollowedInsight, Insight
from opencode_tui.records.requests import InsightsRequest, MarkInsights, UnmarkInsights
from opencode_tui.report.insight_words import insight_details, insight_status, no_insight
from opencode_tui.ui.screens.base import Act, Ask, OpenSession
from opencode_tui.ui.tables.insights import INSIGHT_COLUMNS, InsightRow, is_decided
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.why.tab import ListTab
from opencode_tui.ui.widgets.blocks import wrapped
from opencode_tui.ui.widgets.detail_pane import DetailPane, labelled

INSIGHT_KEYS = Binding.Group("Insights", compact=True)


def insight_rows_of(found: InsightList, opened: Collection[str], *, hidden: bool) -> dict[str, InsightRow]:
    """The rows by key: the insights, those that were done last, and with `hidden` those that were dismissed."""
    followed = {each.mark.id: each for each in found.followed}
    ordered = [each for each in found.insights if each.state == "new"]
    ordered += [each for each in found.insights if each.state == "done"]
    ordered += found.dismissed if hidden else ()
    rows: dict[str, InsightRow] = {}
    for insight in ordered:
        rows |= _rows_of(insight, opened, followed.pop(insight.id, None))
    return rows | {id: InsightRow("one", None, None, each) for id, each in followed.items()}


def _rows_of(insight: Insight, opened: Collection[str], followed: FollowedInsight | None) -> dict[str, InsightRow]:
    sessions = [each for each in insight.sessions if each.id]
    first = sessions[0] if sessions else None
    if len(sessions) < 2:
        return {insight.id: InsightRow("one", insight, first, followed)}
    is_open = insight.id in opened
    rows = {insight.id: InsightRow("opened" if is_open else "closed", insight, first, followed)}
    if is_open:
        rows |= {f"{insight.id} {each.id}": InsightRow("member", insight, each) for each in sessions}
    return rows


class InsightsTab(ListTab):
    NAME = "insights"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "show_sessions", "Sessions", tooltip="Show or hide an insight's sessions", id="insight.open"),
        Binding(
            "d",
            "done",
            "Done",
            tooltip="You have acted on this insight: it is followed from now on",
            id="insight.done",
            group=INSIGHT_KEYS,
        ),
        Binding(
            "x",
            "dismiss(False)",
            "Dismiss",
            tooltip="Hide this insight for a week, or show it again",
            id="insight.dismiss",
            group=INSIGHT_KEYS,
        ),
        Binding(
            "X",
            "dismiss(True)",
            "For ever",
            tooltip="Hide this insight for ever",
            id="insight.ever",
            group=INSIGHT_KEYS,
        ),
        Binding(
            "u",
            "app.take_back",
            "Undo",
            tooltip="Take back the last that you have dismissed or done",
            id="insight.undo",
            group=INSIGHT_KEYS,
        ),
        Binding("h", "hidden", "Dismissed", tooltip="Show or hide what was dismissed", id="insight.hidden"),
        Binding("p", "period", "Period", tooltip="The next period, from today to all", id="insight.period"),
    ]

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        self._list: RowTable[InsightRow, InsightList, Never] = RowTable(
            INSIGHT_COLUMNS, is_dim=is_decided, id="insights"
        )
        super().__init__(self._list, DetailPane(id="insight"))
        self._calendar, self._clock = calendar, clock
        self._period = "week"
        self._found: InsightList | None = None
        self.rows: dict[str, InsightRow] = {}
        self._opened: set[str] = set()
        self._hidden = False

    def asks(self) -> tuple[Ask, ...]:
        return (Ask(InsightsRequest(self._period), self.show_insights, self.show_reason),)

    @property
    def _row(self) -> InsightRow | None:
        return self.rows.get(self._list.cursor_key or "")

    def show_insights(self, found: InsightList) -> None:
        self._found = found
        self._show()

    def _show(self) -> None:
        found = self._found
        if found is None:
            return
        self.rows = insight_rows_of(found, self._opened, hidden=self._hidden)
        if self.rows:
            self.show_list()
        else:
            self.show_text(Content.assemble((no_insight(found), "bold"), "\n\n", "\n".join(insight_status(found))))
        self._list.update_rows(tuple(self.rows), self.rows.__getitem__, found)
        self._show_detail()

    def _show_detail(self) -> None:
        row, key = self._row, self._list.cursor_key
        self.detail.show_content(key, None if row is None else lambda width: self._content(row, width))
        self.screen.refresh_bindings()

    def _content(self, row: InsightRow, width: int) -> Content:
        """The details of a row in lines of at most `width` cells, and below them what the list is of."""
        lines = [Content.styled(line, "bold") for line in wrapped(row.name, width)]
        details = insight_details(row.insight, row.followed, self._calendar, self._clock())
        return Content("\n").join([*lines, *labelled([*details, *self._list_details()], width)])

    def _list_details(self) -> Iterator[tuple[str, str]]:
        if self._found is not None:
            first, *others = insight_status(self._found)
            yield "period", first
            yield from (("", other) for other in others)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enables the keys of an insight where the cursor is on one."""
        row = self._row
        if action in ("done", "dismiss"):
            return row is not None and (row.insight is not None or action == "done")
        if action == "show_sessions":
            return row is not None and row.place != "one"
        if action == "hidden":
            return self._found is not None and bool(self._found.dismissed or self._hidden)
        return True

    def action_show_sessions(self) -> None:
        """Show or hide the sessions of the insight at the cursor."""
        row = self._row
        if row is None or row.insight is None or row.place == "one":
            return
        self._opened ^= {row.insight.id}
        self._show()
        self._list.move_to(row.insight.id)

    def action_done(self) -> None:
        """Mark the insight as done, or take that back."""
        row = self._row
        if row is not None and row.insight is not None and row.insight.state != "done":
            self._mark(row.insight, is_done=True)
        elif row is not None and row.followed is not None:
            self._act(UnmarkInsights(((row.followed.mark.rule, row.followed.mark.key),)))

    def action_dismiss(self, for_ever: bool) -> None:
        """Dismiss the insight, or take that back."""
        row = self._row
        if row is None or row.insight is None:
            return
        if row.insight.state == "dismissed" and not for_ever:
            self._act(UnmarkInsights(((row.insight.rule, row.insight.key),)))
        else:
            self._mark(row.insight, for_ever=for_ever)

    def _mark(self, insight: Insight, *, is_done: bool = False, for_ever: bool = False) -> None:
        self._act(MarkInsights((mark_of(insight, self._clock(), is_done=is_done, for_ever=for_ever),)))

    def _act(self, action: MarkInsights | UnmarkInsights) -> None:
        self.post_message(Act(action))

    def action_hidden(self) -> None:
        self._hidden = not self._hidden
        self._show()

    def action_period(self) -> None:
        self._period = PERIODS[(PERIODS.index(self._period) + 1) % len(PERIODS)]
        self.ask_again()

    @on(RowTable.Highlighted)
    def follow_cursor(self) -> None:
        self._show_detail()

    @on(RowTable.Opened)
    def open(self) -> None:
        session = self._row.session if self._row is not None else None
        if session is None:
            self.notify("This insight is about the whole period, not about one session.", markup=False)
        else:
            self.post_message(OpenSession(session.id, session.turn_id or None))
