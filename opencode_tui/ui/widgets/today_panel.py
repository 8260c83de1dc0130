"""The day's figures: spend, limits, pace and split."""

from __future__ import annotations

from textual.app import ComposeResult

from opencode_tui.clock import Calendar, short_day
from opencode_tui.records.day import Snapshot
from opencode_tui.report.guard_words import guard_line, is_installable
from opencode_tui.ui.widgets.budget_bar import BudgetBar
from opencode_tui.ui.widgets.day_facts import DayFacts
from opencode_tui.ui.widgets.figure import Figure
from opencode_tui.ui.widgets.panel import DayPanel

ROOM_FOR_KEY = 37
"""The least width in cells at which the title names the key that installs the guard."""


class TodayPanel(DayPanel):
    BORDER_TITLE = "Today"

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar

    def compose(self) -> ComposeResult:
        yield Figure(self._calendar).data_bind(DayPanel.snapshot)
        yield BudgetBar().data_bind(DayPanel.snapshot)
        yield DayFacts(self._calendar).data_bind(DayPanel.snapshot)

    def facts(self, snapshot: Snapshot) -> object:
        return snapshot.is_today, snapshot.day, snapshot.guard

    def on_resize(self) -> None:
        if self.snapshot is not None:
            self.show(self.snapshot)

    def show(self, snapshot: Snapshot) -> None:
        words = guard_line(snapshot.guard, self._calendar, snapshot.taken_ms)
        key = ", i installs it" if is_installable(snapshot.guard) and self.size.width >= ROOM_FOR_KEY else ""
        guard = f" · {words}{key}" if words else ""
        self.border_title = f"Today{guard}" if snapshot.is_today else short_day(snapshot.day)
