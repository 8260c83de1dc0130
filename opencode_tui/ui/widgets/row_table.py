"""A table that stays fast with any number of rows: it makes and draws the visible ones only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from opencode_tui.ui.widgets.row_columns import PADDING, Column, cell_text, fit_columns, header_text
from opencode_tui.ui.widgets.row_cursor import RowCursor

Cells = tuple[Text | str, ...]
"""A row's cells, one for each column that the table was given; what they hold is never markup."""
HEADER = 1
BLANK = Style.from_meta({"blank": True})


class RowTable(ScrollView, can_focus=True):
    """Rows are known by a key: the cursor and the scroll stay on theirs while rows change, move, come and go."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    RowTable {
        height: 1fr;
        background: transparent;
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        & > .row-table--header { color: $text-muted; }
        & > .row-table--heading { text-style: bold; }
        & > .row-table--cursor {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
        }
        &:focus > .row-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-table--header", "row-table--heading", "row-table--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Open the row that the cursor is on", id="table.open"),
        Binding("up", "step(-1)", "Up", show=False),
        Binding("down", "step(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,ctrl+home", "end(-1)", "First row", show=False),
        Binding("end,ctrl+end", "end(1)", "Last row", show=False),
    ]

    class Opened(Message):
        """A row was opened, by enter or by a click on the row that has the cursor."""

        def __init__(self, table: RowTable, key: str) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> RowTable:
            return self.table

    class Highlighted(Message):
        """The cursor is on another row than before; None when there are no rows."""

        def __init__(self, table: RowTable, key: str | None) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> RowTable:
            return self.table

    class HeaderClicked(Message):
        """A column's header was clicked."""

        def __init__(self, table: RowTable, column: Column) -> None:
            super().__init__()
            self.table, self.column = table, column

        @property
        def control(self) -> RowTable:
            return self.table

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._cells: Callable[[str], Cells] = lambda key: ()
        self._marks: dict[str, str] = {}
        self._cursor = RowCursor()
        self._told: str | None = None

    @property
    def row_count(self) -> int:
        return len(self.keys)

    @property
    def cursor_key(self) -> str | None:
        """The key of the row that the cursor is on."""
        return self._cursor.key

    @property
    def keys(self) -> Sequence[str]:
        """The keys of all rows, in their order."""
        return self._cursor.keys

    def update_rows(self, rows: Sequence[tuple[str, Cells]]) -> None:
        """Show these (key, cells) in this order. Keys are unique."""
        made = dict(rows)
        self.update_keys(tuple(made), made.__getitem__)

    def update_keys(
        self, keys: Sequence[str], cells: Callable[[str], Cells], headings: Collection[str] = frozenset()
    ) -> None:
        """Show these rows in this order; `cells` is called for a row whenever it is drawn, and only then.

        Rows in `headings` are drawn as such; the cursor goes over them.
        """
        anchor, line = self._anchor()
        top = self.scroll_offset.y
        self._cells = cells
        self._cursor.replace(keys, headings)
        self.virtual_size = Size(self.size.width, len(keys) + HEADER)
        row = self._cursor.row_of(anchor)
        at_the_top = top == 0 and row is not None and row < self._lines
        self._scroll_rows(top if row is None or at_the_top else row - line)
        self.refresh()
        self._tell()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns, for the cells that `update_rows` or `update_keys` gives next."""
        self._columns = tuple(columns)
        self.refresh()

    def mark_column(self, name: str, mark: str) -> None:
        """Put a mark such as ▼ after one column's name, and after no other."""
        self._marks = {name: mark}
        self.refresh()

    def move_to(self, key: str) -> None:
        """Put the cursor on a row, and the row on the screen. A key that is not there changes nothing."""
        row = self._cursor.row_of(key)
        if row is not None:
            self._go(row, 1)

    def action_open(self) -> None:
        key = self.cursor_key
        if key is not None and not self._cursor.is_heading(key):
            self.post_message(self.Opened(self, key))

    def action_step(self, rows: int) -> None:
        self._go(self._cursor.row + rows, rows)

    def action_page(self, pages: int) -> None:
        self._go(self._cursor.row + pages * max(self._lines - 1, 1), pages)

    def action_end(self, direction: int) -> None:
        self._go(0 if direction < 0 else self.row_count - 1, direction)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        row = offset.y - HEADER + self.scroll_offset.y
        if offset.y < HEADER:
            self._click_header(offset.x)
        elif row < self.row_count and not self._cursor.is_heading(self.keys[row]):
            if row == self._cursor.row:
                self.action_open()
            else:
                self._go(row, 1)

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, self.row_count + HEADER)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        fitted = fit_columns(self._columns, width)
        columns = [(self._columns[i], size) for i, size in fitted]
        if y < HEADER:
            names = [header_text(column, size, self._marks.get(column.name, "")) for column, size in columns]
            return self._strip(names, columns, self.get_component_rich_style("row-table--header"), width)
        row = y - HEADER + self.scroll_offset.y
        if row >= self.row_count:
            return Strip.blank(width, self.rich_style)
        key = self.keys[row]
        made = self._cells(key)
        return self._strip([cell_text(made[i], size) for i, size in fitted], columns, self._row_style(key, row), width)

    def _row_style(self, key: str, row: int) -> Style:
        if row == self._cursor.row:
            return self.get_component_rich_style("row-table--cursor")
        return self.get_component_rich_style("row-table--heading") if self._cursor.is_heading(key) else self.rich_style

    def _strip(self, texts: Sequence[Text], columns: Sequence[tuple[Column, int]], style: Style, width: int) -> Strip:
        """A line of texts, each in its column. Blank space has a style of its own, which looks the same: an exported
        picture then places every text by itself, however wide its font draws the one before."""
        console, blank = self.app.console, style + BLANK
        segments: list[Segment] = []
        for text, (column, size) in zip(texts, columns, strict=True):
            missing = max(size - text.cell_len, 0)
            left, right = (missing, 0) if column.align == "right" else (0, missing)
            own = style + console.get_style(text.style)  # Text.render leaves it out of a text without spans
            segments.append(Segment(" " * (PADDING + left), blank))
            segments += Segment.apply_style(text.render(console), own)
            segments.append(Segment(" " * (PADDING + right), blank))
        return Strip(segments).adjust_cell_length(width, style)

    @property
    def _lines(self) -> int:
        """How many rows the screen has room for."""
        return max(self.size.height - HEADER, 0)

    def _anchor(self) -> tuple[str | None, int]:
        """The row that has to stay where it is, and its line: the cursor's if it is seen, else the topmost."""
        top, cursor = self.scroll_offset.y, self._cursor
        if 0 <= cursor.row - top < self._lines:
            return cursor.key, cursor.row - top
        return (self.keys[top] if top < self.row_count else None), 0

    def _go(self, row: int, direction: int) -> None:
        before, top = self._cursor.row, self.scroll_offset.y
        self._cursor.go(row, direction)
        now = self._cursor.row
        if self._cursor.top() < top:
            self._scroll_rows(self._cursor.top())
        elif now >= top + self._lines:
            self._scroll_rows(now - self._lines + 1)
        for changed in {before, now}:
            self.refresh_line(changed + HEADER)
        self._tell()

    def _scroll_rows(self, row: int) -> None:
        self.scroll_to(y=min(max(row, 0), max(self.row_count - self._lines, 0)), animate=False, force=True)

    def _tell(self) -> None:
        if self.cursor_key != self._told:
            self._told = self.cursor_key
            self.post_message(self.Highlighted(self, self._told))

    def _click_header(self, x: int) -> None:
        left = 0
        for i, size in fit_columns(self._columns, self.scrollable_content_region.width):
            left += size + 2 * PADDING
            if x < left:
                self.post_message(self.HeaderClicked(self, self._columns[i]))
                return
