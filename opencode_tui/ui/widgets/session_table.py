"""The day's sessions as a table that changes row by row, so that the cursor and the scroll stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.color import Color as RichColor
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.widgets import DataTable

from opencode_tui.report.words import fit
from opencode_tui.snapshot import SessionLine, Snapshot
from opencode_tui.ui.widgets.panel import Panel
from opencode_tui.ui.widgets.session_columns import PADDING, Column, cell_text, columns_for, glyph

MAX_ROWS = 1000
SCROLLBAR = 1


@dataclass(frozen=True, slots=True)
class StateCell:
    """The first cell: it draws the state, and knows the session for sorting."""

    session_id: str
    glyph: str
    style: Style

    def __rich__(self) -> Text:
        return Text(self.glyph, style=self.style)


class SessionTable(DataTable[object]):
    """Rows are known by the session's id."""

    DEFAULT_CSS = """
    SessionTable {
        height: 1fr;
        background: transparent;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .datatable--header, &:ansi > .datatable--header {
            background: transparent;
            color: $text-muted;
            text-style: none;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select_cursor", "Open", tooltip="Open the session that the cursor is on", id="session.open"),
    ]

    def __init__(self) -> None:
        super().__init__(cursor_type="row", cell_padding=PADDING, zebra_stripes=False)
        self._columns_shown: tuple[tuple[Column, int], ...] = ()
        self._lines: dict[str, SessionLine] = {}

    @property
    def _active_color(self) -> RichColor:
        return Color.parse(self.app.theme_variables["success"]).rich_color

    def redraw(self) -> None:
        """Make all cells again, in the colours of the theme now."""
        lines, columns = tuple(self._lines.values()), self._columns_shown
        cursor, scroll = self.session_id, self.scroll_y
        self._set_columns(columns)
        self._set_rows({line.id: line for line in lines})
        self._go_back(cursor, scroll)

    @property
    def session_id(self) -> str | None:
        """The session that the cursor is on."""
        if not self.is_valid_row_index(self.cursor_row):
            return None
        return str(self.ordered_rows[self.cursor_row].key.value)

    def show_lines(self, lines: tuple[SessionLine, ...], width: int) -> None:
        """Show the sessions in this order in so many cells."""
        columns = columns_for(width, lines)
        cursor, scroll = self.session_id, self.scroll_y
        if columns != self._columns_shown:
            self._set_columns(columns)
        self._set_rows({line.id: line for line in lines})
        self._go_back(cursor, scroll)

    def _go_back(self, cursor: str | None, scroll: float) -> None:
        if cursor in self._lines:
            self.move_cursor(row=self.get_row_index(cursor), animate=False, scroll=False)
        if scroll:
            self.scroll_to(y=scroll, animate=False, force=True)

    def _set_columns(self, columns: tuple[tuple[Column, int], ...]) -> None:
        self.clear(columns=True)
        self._lines, self._columns_shown = {}, columns
        for column, width in columns:
            self.add_column(Text(column.label, justify=column.align), key=column.key, width=width)

    def _set_rows(self, wanted: dict[str, SessionLine]) -> None:
        before = list(self._lines)
        for gone in self._lines.keys() - wanted.keys():
            self.remove_row(gone)
        for id, line in wanted.items():
            old = self._lines.get(id)
            if old is None:
                self.add_row(*self._cells(line), key=id)
            elif old != line:
                for (column, _), new in zip(self._columns_shown, self._cells(line), strict=True):
                    if self.get_cell(id, column.key) != new:
                        self.update_cell(id, column.key, new)
        self._lines = wanted
        order = {id: index for index, id in enumerate(wanted)}
        if before != list(wanted):
            self.sort("state", key=lambda cell: order[cell.session_id])

    def _cells(self, line: SessionLine) -> list[object]:
        style = Style(color=self._active_color) if line.active and not line.deleted else Style(dim=True)
        state = StateCell(line.id, glyph(line), style)
        return [state, *(cell_text(column, line, width) for column, width in self._columns_shown[1:])]


class SessionsPanel(Panel):
    """The table, how many sessions there are, and what its glyphs mean."""

    BORDER_TITLE = "Sessions"
    DEFAULT_CSS = """
    SessionsPanel { padding: 0; }
    """

    def __init__(self) -> None:
        super().__init__(id="sessions")
        self._table = SessionTable()

    def compose(self) -> ComposeResult:
        yield self._table

    def facts(self, snapshot: Snapshot) -> object:
        return snapshot.session_lines

    def show(self, snapshot: Snapshot) -> None:
        lines = snapshot.session_lines
        more = len(lines) - MAX_ROWS
        title = f"Sessions · +{more:,} more" if more > 0 else "Sessions" if lines else "Sessions · none"
        meaning = legend(lines)
        self.border_title = fit((f"{title} · {meaning}" if meaning else title, title), self.size.width - 4)
        if self.is_mounted and self.size.width:
            self._table.show_lines(lines[:MAX_ROWS], self.content_size.width - SCROLLBAR)

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self._table.redraw())

    def on_resize(self) -> None:
        if self.snapshot is not None:
            self.show(self.snapshot)


def legend(lines: tuple[SessionLine, ...]) -> str:
    """What the glyphs on the screen mean, for those that are there."""
    there = {
        "● active": any(line.active and not line.deleted for line in lines),
        "○ idle": any(not line.active and not line.deleted for line in lines),
        "↱ fork": any(line.is_fork for line in lines),
        "✕ deleted": any(line.deleted for line in lines),
    }
    return "  ".join(text for text, shown in there.items() if shown)
