"""The table of a day's sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType

from opencode_tui.analysis.session_list import ProjectGroup
from opencode_tui.records.day import SessionLine
from opencode_tui.ui.tables.columns import AnyColumn
from opencode_tui.ui.tables.drawing import padding
from opencode_tui.ui.tables.row_lines import HEADER
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.tables.sessions import TODAY, SessionContext


class DaySessionTable(RowTable[SessionLine, SessionContext, ProjectGroup]):
    DEFAULT_CSS = """
    DaySessionTable {
        scrollbar-gutter: auto;
        & > .session-table--hover { background: $block-hover-background; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"session-table--hover"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Open the session that the cursor is on", id="session.open"),
    ]

    def __init__(self) -> None:
        super().__init__(TODAY)
        self._hovered: int | None = None
        """The row below the mouse, until a key is pressed."""

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover(self.row_at(event.y) if event.y >= HEADER else None)

    def on_leave(self) -> None:
        self._hover(None)

    def on_key(self) -> None:
        self._hover(None)

    def _hover(self, row: int | None) -> None:
        for changed in (self._hovered, row):
            if changed is not None and row != self._hovered:
                self.refresh_line(changed + HEADER)
        self._hovered = row

    def row_style(self, row: int) -> Style:
        style = super().row_style(row)
        if row != self._hovered or self.keys[row] == self.cursor_key:
            return style
        return style + self.get_component_rich_style("session-table--hover")

    def cell_segments(
        self, column: AnyColumn, text: Text, size: int, style: Style, at_cursor: bool
    ) -> Sequence[Segment]:
        """A cell in one piece with its padding, as in the kept pictures of Today; the cursor's colours win over
        those of the cell."""
        before, after = padding(text, size, column.align)
        style += Style.from_meta({"column": column.key})
        inside = Segment.apply_style(text.render(self.app.console), style + self.style_of(text))
        over = Style.from_color(style.color, style.bgcolor) if at_cursor else None
        return tuple(Segment.apply_style([Segment(before, style), *inside, Segment(after, style)], post_style=over))
