"""Draws a table with any number of rows; only visible ones are rendered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Generic

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.scroll_view import ScrollView
from textual.strip import Strip

from opencode_tui.ui.tables.columns import AnyColumn, CellContext, Column, Group, TableRow
from opencode_tui.ui.tables.drawing import BLANK, cell_text, header_text, padding
from opencode_tui.ui.tables.layout import column_widths, fit_columns
from opencode_tui.ui.tables.row_cursor import RowCursor

HEADER = 1
"""Lines above the rows."""


class RowLines(ScrollView, Generic[TableRow, CellContext, Group]):
    """Draws a header and the rows below it; `RowTable` adds the keys, the mouse and the scroll."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    RowLines {
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
        &:focus > .row-table--header { text-style: bold; }
        &:focus > .row-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-table--header", "row-table--heading", "row-table--cursor"}

    def __init__(
        self,
        columns: Sequence[Column[TableRow, CellContext, Group]],
        context: CellContext | None = None,
        *,
        is_dim: Callable[[TableRow, CellContext], bool] = lambda row, context: False,
        id: str | None = None,
    ) -> None:
        """Without a context, nothing is drawn before the first rows.

        Rows that `is_dim` holds for are drawn dim, except for cells that have a style of their own.
        """
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._is_dim = is_dim
        self._sorted_by, self._arrow = "", ""
        self._cursor = RowCursor()
        self._row_of: Callable[[str], TableRow] = dict[str, TableRow]().__getitem__
        self._groups: Mapping[str, Group] = {}
        self._cell_context = context
        self._widths = () if context is None else column_widths(self._columns, (), context)

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

    def _take(
        self, keys: Sequence[str], row_of: Callable[[str], TableRow], context: CellContext, groups: Mapping[str, Group]
    ) -> None:
        """Replace the rows; the cursor stays on its key."""
        self._row_of, self._groups, self._cell_context = row_of, groups, context
        self._cursor.replace(keys, groups)
        self._widths = column_widths(self._columns, (row_of(key) for key in keys if key not in groups), context)

    def take_columns(self, columns: Sequence[Column[TableRow, CellContext, Group]]) -> None:
        """Replace the columns; call `update_rows` right after."""
        self._columns = tuple(columns)

    def show_sort(self, name: str, descending: bool) -> None:
        """Put ▼ or ▲ after the header of the column that the rows are sorted by."""
        self._sorted_by, self._arrow = name, "▼" if descending else "▲"
        self.refresh()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.refresh())

    def render_line(self, y: int) -> Strip:
        row = self.row_at(y)
        if y < HEADER:
            style = self.get_component_rich_style("row-table--header")
            marked = self._marked()
            return self._strip(
                lambda column, size: header_text(column, size, self._arrow if column is marked else ""), style
            )
        if row >= self.row_count:
            return Strip.blank(self.scrollable_content_region.width, self.rich_style)
        return self._strip(self._maker(self.keys[row]), self.row_style(row), row == self._cursor.row)

    def row_at(self, y: int) -> int:
        """The row index at a line of the widget, which can be out of range."""
        return y - HEADER + self.scroll_offset.y

    def row_style(self, row: int) -> Style:
        """The style of a row's line, for a row by its place from 0."""
        if row == self._cursor.row:
            return self.get_component_rich_style("row-table--cursor")
        is_heading = self._cursor.is_heading(self.keys[row])
        return self.get_component_rich_style("row-table--heading") if is_heading else self.rich_style

    @property
    def shown_columns(self) -> tuple[AnyColumn, ...]:
        """The columns that there is room for."""
        return tuple(column for column, _ in self._fitted())

    def _marked(self) -> AnyColumn | None:
        """The shown column that the rows are sorted by; of several, one that has a name."""
        sorted_by = [column for column in self.shown_columns if column.sort and column.sort.name == self._sorted_by]
        return max(sorted_by, key=lambda column: bool(column.header), default=None)

    def _maker(self, key: str) -> Callable[[AnyColumn, int], Text]:
        """The function that makes a cell of this row, for a column and its width."""
        if key in self._groups:
            group = self._groups[key]
            return lambda column, size: cell_text(column.total(group) if column.total else "", size)
        row, context = self._row_of(key), self._cell_context
        assert context is not None
        dim = "$text-muted" if self._is_dim(row, context) else ""

        def make(column: AnyColumn, size: int) -> Text:
            cell = column.cell(row, context) if column.fitted is None else column.fitted(row, context, size)
            text = cell_text(cell, size)
            text.style = text.style or dim
            return text

        return make

    def _strip(self, make: Callable[[AnyColumn, int], Text], style: Style, at_cursor: bool = False) -> Strip:
        segments: list[Segment] = []
        for column, size in self._fitted():
            segments += self.cell_segments(column, make(column, size), size, style, at_cursor)
        return Strip(segments).adjust_cell_length(self.scrollable_content_region.width, style)

    def cell_segments(
        self, column: AnyColumn, text: Text, size: int, style: Style, at_cursor: bool
    ) -> Sequence[Segment]:
        """A cell with its padding, in a line of this style.

        Blank space has its own style, which looks the same, so that an exported picture positions each text separately.
        """
        before, after = padding(text, size, column.align)
        # The terminal's own colours may not differ enough from its cursor's.
        own = Style() if at_cursor and self.app.native_ansi_color else self.style_of(text)
        inside = Segment.apply_style(text.render(self.app.console), style + own)
        return [Segment(before, style + BLANK), *inside, Segment(after, style + BLANK)]

    def style_of(self, text: Text) -> Style:
        """The style of a whole text, which `Text.render` leaves out where there are no spans."""
        if isinstance(text.style, str) and text.style.startswith("$"):
            color = self.app.theme_variables[text.style[1:]]
            # A theme of the terminal's own colours has a share of one that only the terminal knows.
            return Style(dim=True) if "%" in color else Style(color=Color.parse(color).rich_color)
        return self.app.console.get_style(text.style)

    def _fitted(self) -> list[tuple[AnyColumn, int]]:
        """The columns that fit beside the scrollbar, each with its width."""
        if self._cell_context is None:
            return []
        width = self.size.width - self.styles.scrollbar_size_vertical
        return [(self._columns[i], size) for i, size in fit_columns(self._columns, self._widths, width)]
