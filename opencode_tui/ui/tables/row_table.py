"""A table with a cursor: its keys, its mouse and its scroll."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message

from opencode_tui.ui.moving import MOVE_KEYS
from opencode_tui.ui.tables.columns import AnyColumn, CellContext, Group, TableRow
from opencode_tui.ui.tables.layout import PADDING
from opencode_tui.ui.tables.row_lines import HEADER, RowLines


class RowTable(RowLines[TableRow, CellContext, Group], can_focus=True):
    """Rows have keys: the cursor and the scroll position stay on theirs while rows change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Open the row that the cursor is on", id="table.open"),
        *MOVE_KEYS,
    ]

    class Opened(Message):
        """A row was opened, by enter or by a click on the row that has the cursor."""

        def __init__(self, table: RowTable[Any, Any, Any], key: str) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> RowTable[Any, Any, Any]:
            return self.table

    class Highlighted(Message):
        """The cursor is on another row than before; None when there are no rows."""

        def __init__(self, table: RowTable[Any, Any, Any], key: str | None) -> None:
            super().__init__()
            self.table, self.key = table, key

        @property
        def control(self) -> RowTable[Any, Any, Any]:
            return self.table

    class HeaderClicked(Message):
        """A column's header was clicked."""

        def __init__(self, table: RowTable[Any, Any, Any], column: AnyColumn) -> None:
            super().__init__()
            self.table, self.column = table, column

        @property
        def control(self) -> RowTable[Any, Any, Any]:
            return self.table

    _highlighted: str | None = None

    def update_rows(
        self,
        keys: Sequence[str],
        row_of: Callable[[str], TableRow],
        context: CellContext,
        groups: Mapping[str, Group] | None = None,
    ) -> None:
        """Show these rows in this order. Keys must be unique; cells are made when they are drawn.

        A key of `groups` is drawn as the heading of that group; the cursor skips it.
        """
        anchor, line = self._anchor()
        top = self.scroll_offset.y
        self._take(keys, row_of, context, groups or {})
        self.virtual_size = Size(self.size.width, len(keys) + HEADER)
        row = self._cursor.row_of(anchor)
        at_the_top = top == 0 and row is not None and row < self._lines
        self._scroll_rows(top if row is None or at_the_top else row - line)
        self.refresh()
        self._announce_cursor()

    def move_to(self, key: str) -> None:
        """Move the cursor to a row and scroll to it. Unknown keys are ignored."""
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

    def action_half(self, direction: int) -> None:
        self._go(self._cursor.row + direction * max(self._lines // 2, 1), direction)

    def action_end(self, direction: int) -> None:
        self._go(0 if direction < 0 else self.row_count - 1, direction)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        row = self.row_at(offset.y)
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

    @property
    def _lines(self) -> int:
        """The number of visible rows."""
        return max(self.size.height - HEADER, 0)

    def _anchor(self) -> tuple[str | None, int]:
        """The key and line of the row that must not move: the cursor's if visible, else the topmost."""
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
        self._announce_cursor()

    def _scroll_rows(self, row: int) -> None:
        self.scroll_to(y=min(max(row, 0), max(self.row_count - self._lines, 0)), animate=False, force=True)

    def _announce_cursor(self) -> None:
        if self.cursor_key != self._highlighted:
            self._highlighted = self.cursor_key
            # The sender is by default who filled the table, beyond whom a message does not bubble.
            self.post_message(self.Highlighted(self, self._highlighted).set_sender(self))

    def _click_header(self, x: int) -> None:
        left = 0
        for column, size in self._fitted():
            left += size + 2 * PADDING
            if x < left:
                self.post_message(self.HeaderClicked(self, column))
                return
