"""The four levers in the order in which to try them, each with this week's evidence and the next thing to do."""

from __future__ import annotations

from typing import Never

from textual import on
from textual.content import Content

from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.answers import LeverList
from opencode_tui.records.levers import LeverEvidence
from opencode_tui.records.requests import LeversRequest
from opencode_tui.report.insight_words import lever_details
from opencode_tui.report.levers import LEVER_NAMES
from opencode_tui.ui.screens.base import Ask, OpenSession
from opencode_tui.ui.tables.levers import LEVER_COLUMNS, has_no_insight
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.why.tab import ListTab
from opencode_tui.ui.widgets.detail_pane import DetailPane, labelled


class LeversTab(ListTab):
    NAME = "levers"

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        self._list: RowTable[LeverEvidence, LeverList, Never] = RowTable(
            LEVER_COLUMNS, is_dim=has_no_insight, id="levers"
        )
        super().__init__(self._list, DetailPane(id="lever"))
        self._calendar, self._clock = calendar, clock
        self._found: LeverList | None = None
        self._groups: dict[str, LeverEvidence] = {}

    def asks(self) -> tuple[Ask, ...]:
        return (Ask(LeversRequest(), self.show_levers, self.show_reason),)

    def show_levers(self, found: LeverList) -> None:
        self._found = found
        self._groups = {group.lever: group for group in found.levers}
        self.show_list()
        self._list.update_rows(tuple(self._groups), self._groups.__getitem__, found)
        self._show_detail()

    def _show_detail(self) -> None:
        key, found = self._list.cursor_key, self._found
        group = self._groups.get(key or "")
        if group is None or found is None:
            self.detail.show_content(None, None)
            return

        def content(width: int) -> Content:
            head = Content.styled(LEVER_NAMES[group.lever], "bold")
            return Content("\n").join([head, *labelled(lever_details(group, found.insights), width)])

        self.detail.show_content(key, content)

    @on(RowTable.Highlighted)
    def follow_cursor(self) -> None:
        self._show_detail()

    @on(RowTable.Opened)
    def open(self) -> None:
        """Open the session of the lever's first insight that is about one."""
        group = self._groups.get(self._list.cursor_key or "")
        sessions = [each for insight in group.insights for each in insight.sessions if each.id] if group else []
        if sessions:
            self.post_message(OpenSession(sessions[0].id, sessions[0].turn_id or None))
        else:
            self.notify("No session shows anything that this lever would change.", markup=False)
