"""The turns of a session as a table, newest last."""

from __future__ import annotations

from typing import Never

from textual.app import ComposeResult

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, plural
from opencode_tui.records.session import SessionView, Turn
from opencode_tui.report.session_facts import own_turns
from opencode_tui.report.words import fitting
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.tables.turns import TURN_COLUMNS, TurnContext, is_void
from opencode_tui.ui.widgets.blocks import SCROLLBAR
from opencode_tui.ui.widgets.panel import SessionPanel


class TurnsPanel(SessionPanel):
    """The table of turns, titled with their number and highest cost."""

    DEFAULT_CSS = """
    TurnsPanel { padding: 0; }
    """

    def __init__(self, calendar: Calendar, at_turn: str | None = None) -> None:
        """The cursor starts on `at_turn`, or on the last turn if the session does not have it."""
        super().__init__(id="turns")
        self._at_turn = at_turn
        self.table: RowTable[Turn, TurnContext, Never] = RowTable(TURN_COLUMNS, is_dim=is_void, id="turn-table")
        self._calendar = calendar
        self._turns: dict[str, Turn] = {}

    def compose(self) -> ComposeResult:
        yield self.table

    def facts(self, view: SessionView) -> object:
        return view.turns, self._calendar.day(view.last_ms), view.directory

    def show(self, view: SessionView) -> None:
        if not self.size.width:
            return
        self.border_title = fitting(self._titles(view), self.size.width)
        first = not self._turns
        self._turns = {turn.id: turn for turn in view.turns}
        context = TurnContext(view, self._calendar, self.size.width - SCROLLBAR)
        self.table.update_rows(tuple(self._turns), self._turns.__getitem__, context)
        if first and view.turns:
            at = self._at_turn if self._at_turn in self._turns else view.turns[-1].id
            self.call_after_refresh(self.table.move_to, at)

    def on_resize(self) -> None:
        if self.session is not None:
            self.show(self.session)
            self.call_after_refresh(self._see_cursor)

    def _see_cursor(self) -> None:
        if self.table.cursor_key is not None:
            self.table.move_to(self.table.cursor_key)

    def _titles(self, view: SessionView) -> tuple[str, ...]:
        own, inherited = plural(own_turns(view), "turn"), sum(turn.is_inherited for turn in view.turns)
        turns = f"{own}, {inherited:,} inherited" if inherited else own if view.turns else "No turns"
        highest = max((turn.cost_nano for turn in view.turns), default=0)
        known = (f"{turns} · highest {format_usd(highest)}", turns) if highest else (turns,)
        if any(turn.list_nano and not turn.cost_nano for turn in view.turns):
            return (f"{known[0]} · ($) at list price, not billed", f"{turns} · ($) not billed", turns)
        return known
