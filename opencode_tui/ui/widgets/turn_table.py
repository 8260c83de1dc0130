"""The turns of a session as a table, the newest last; only the rows that are seen are made."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult

from opencode_tui.clock import Calendar
from opencode_tui.counts import plural
from opencode_tui.money import format_usd
from opencode_tui.report import turn_words as words
from opencode_tui.report.words import amount, fit, tokens_text
from opencode_tui.ui.widgets.row_columns import Column
from opencode_tui.ui.widgets.row_table import Cells, RowTable
from opencode_tui.ui.widgets.session_panel import SessionPanel
from opencode_tui.views import SessionView, Turn

NARROW = 64
"""Below so many cells there are the few columns."""
WITH_BAR = 100
"""From so many cells on, the context's fill is drawn beside its percentage."""
WITH_PATHS = 150
"""From so many cells on, files are shown with their folders."""


def few_columns(number: int, time: int, cost: int) -> tuple[Column, ...]:
    """What a narrow pane shows, with the widths of what stands in the first columns."""
    return (
        Column("#", number, "right"),
        Column("Time", time),
        Column("Cost", cost, "right"),
        Column("Ctx", 4, "right", drop_at=2),
        Column("What", 5, grow=True),
    )


def all_columns(number: int, time: int, cost: int, bar: bool, marked: bool) -> tuple[Column, ...]:
    """`bar` draws the context's fill; `marked` leaves room for what made the session expensive."""
    return (
        Column("#", number, "right"),
        Column("Time", time),
        Column("Calls", 5, "right", drop_at=2),
        Column("Cost", cost, "right"),
        Column("In", 4, "right", drop_at=4),
        Column("Out", 4, "right", drop_at=4),
        Column("Cache", 5, "right", drop_at=3),
        Column("Context", 9, drop_at=1) if bar else Column("Ctx", 4, "right", drop_at=1),
        Column("Took", 6, "right", drop_at=6),
        Column("Tok/s", 5, "right", drop_at=7),
        Column("Tools", 14 if bar else 10, grow=True, drop_at=5),
        Column("Files", 10, grow=True, drop_at=8),
        Column("Notes", len("▲ same file") if marked else 10 if bar else 6, grow=True),
    )


def few_cells(turn: Turn, view: SessionView, calendar: Calendar) -> tuple[str, ...]:
    what = "  ".join(filter(None, (words.marks_text(turn), words.tools_text(turn), words.file_names(turn))))
    return (
        f"{turn.number or ''}",
        words.turn_time(turn, view, calendar, brief=True),
        words.turn_cost(turn),
        words.context_percent(turn),
        what or (turn.prompt or ""),
    )


def all_cells(turn: Turn, view: SessionView, calendar: Calendar, width: int) -> tuple[str, ...]:
    return (
        f"{turn.number or ''}",
        words.turn_time(turn, view, calendar),
        f"{turn.calls:,}",
        words.turn_cost(turn),
        tokens_text(turn.tokens.input),
        words.output_tokens(turn),
        words.cache_tokens(turn),
        words.context_fill(turn) if width >= WITH_BAR else words.context_percent(turn),
        words.took(turn),
        words.speed(turn),
        words.tools_text(turn),
        words.file_paths(turn, view.directory) if width >= WITH_PATHS else words.file_names(turn),
        words.remarks(turn),
    )


class TurnsPanel(SessionPanel):
    """The table, and in its title what the turns have cost."""

    DEFAULT_CSS = """
    TurnsPanel { padding: 0; }
    """

    def __init__(self, calendar: Calendar, at_turn: str | None = None) -> None:
        """The cursor begins on `at_turn`, and where the session does not have it on the last turn."""
        super().__init__(id="turns")
        self._at_turn = at_turn
        self.table = RowTable((), id="turn-table")
        self._calendar = calendar
        self._turns: dict[str, Turn] = {}
        self._columns: tuple[Column, ...] = ()

    def compose(self) -> ComposeResult:
        yield self.table

    def facts(self, view: SessionView) -> object:
        return view.turns, self._calendar.day(view.last_ms), view.directory

    def show(self, view: SessionView) -> None:
        if not self.size.width:
            return
        self.border_title = fit(self._titles(view), self.size.width)
        columns = self._columns_for(view)
        if columns != self._columns:
            self._columns = columns
            self.table.set_columns(columns)
        first = not self._turns
        self._turns = {turn.id: turn for turn in view.turns}
        self.table.update_keys(tuple(self._turns), self.cells)
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

    def cells(self, key: str) -> Cells:
        """The cells of one turn; the ones that are undone or copied are dim."""
        assert self.session is not None
        turn, session = self._turns[key], self.session
        if len(self._columns) == len(few_columns(2, 5, 7)):
            made = few_cells(turn, session, self._calendar)
        else:
            made = all_cells(turn, session, self._calendar, self.size.width)
        if turn.undone >= turn.calls > 0 or (turn.inherited_nano and not turn.cost_nano):
            return tuple(Text(text, style="dim") for text in made)
        return made

    def _columns_for(self, view: SessionView) -> tuple[Column, ...]:
        first = view.turns[0] if view.turns else None
        one_day = first is None or self._calendar.day(first.started_ms) == self._calendar.day(view.last_ms)
        number = max(len(str(len(view.turns))), 2)
        cost = max((turn.cost_nano for turn in view.turns), default=0)
        least = any(turn.lower_bound for turn in view.turns)
        money = max(len(amount(cost, least)), len("(≥$0.42)" if least else "($0.42)"))
        if self.size.width < NARROW:
            return few_columns(number, 5 if one_day else 6, money)
        marked = any(turn.causes for turn in view.turns)
        return all_columns(number, 5 if one_day else 12, money, self.size.width >= WITH_BAR, marked)

    def _titles(self, view: SessionView) -> tuple[str, ...]:
        turns = plural(len(view.turns), "turn") if view.turns else "No turns"
        highest = max((turn.cost_nano for turn in view.turns), default=0)
        known = (f"{turns} · highest {format_usd(highest)}", turns) if highest else (turns,)
        if any(turn.list_nano and not turn.cost_nano for turn in view.turns):
            return (f"{known[0]} · ($) at list price, not billed", f"{turns} · ($) not billed", turns)
        return known
