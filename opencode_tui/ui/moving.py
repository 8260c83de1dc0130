"""The keys that move in every table, tree, list and scrolling pane, and the panes that they scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

MOVE_KEYS: list[BindingType] = [
    Binding("j,down", "step(1)", "Down", tooltip="down", show=False),
    Binding("k,up", "step(-1)", "Up", tooltip="up", show=False),
    Binding("ctrl+d", "half(1)", "Half a page down", tooltip="half a page down", show=False),
    Binding("ctrl+u", "half(-1)", "Half a page up", tooltip="half a page up", show=False),
    Binding("pagedown", "page(1)", "Page down", tooltip="a page down", show=False),
    Binding("pageup", "page(-1)", "Page up", tooltip="a page up", show=False),
    Binding("g,home", "end(-1)", "First", tooltip="to the first", show=False),
    Binding("G,end", "end(1)", "Last", tooltip="to the last", show=False),
    Binding("ctrl+home", "end(-1)", show=False, system=True),
    Binding("ctrl+end", "end(1)", show=False, system=True),
]
"""A widget with these keys has the four actions `step`, `half`, `page` and `end`; each takes 1 (down) or -1."""

if TYPE_CHECKING:
    _Scrolled = Widget
else:
    _Scrolled = object  # a second widget among the bases would hide the styles of the first


class ScrollMoves(_Scrolled):
    """The four actions of MOVE_KEYS for a widget that scrolls and has no cursor."""

    def action_step(self, lines: int) -> None:
        self._scroll_lines(lines)

    def action_half(self, direction: int) -> None:
        self._scroll_lines(direction * max(self.scrollable_content_region.height // 2, 1))

    def action_page(self, direction: int) -> None:
        self._scroll_lines(direction * max(self.scrollable_content_region.height - 1, 1))

    def action_end(self, direction: int) -> None:
        self.scroll_to(y=0 if direction < 0 else self.max_scroll_y, animate=False)

    def _scroll_lines(self, lines: int) -> None:
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)


class ScrollPane(ScrollMoves, VerticalScroll):
    """Scrolls what it contains. It can have the focus only while there is something to scroll."""

    DEFAULT_CSS = """
    ScrollPane { scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = MOVE_KEYS

    def allow_focus(self) -> bool:
        return super().allow_focus() and self.max_scroll_y > 0


class DialogPane(ScrollPane):
    """The text of a dialog, which has the focus even while all of it fits."""

    def allow_focus(self) -> bool:
        return self.can_focus
