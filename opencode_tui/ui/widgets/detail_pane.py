"""A pane with the details of what a table's cursor is on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from opencode_tui.ui.moving import ScrollPane
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import SCROLLBAR, wrapped

DETAIL_INDENT = 9


def labelled(rows: Iterable[tuple[str, str]], width: int) -> Iterator[Content]:
    """Each text behind its label, in lines of at most `width` cells."""
    for what, text in rows:
        first, *others = wrapped(text, max(width - DETAIL_INDENT, 8))
        yield Content.assemble((what.ljust(DETAIL_INDENT), STYLES["note"]), first)
        for other in others:
            yield Content.assemble((" " * DETAIL_INDENT, STYLES["note"]), other)


class DetailPane(ScrollPane, can_focus=True):
    DEFAULT_CSS = """
    DetailPane {
        height: auto;
        padding: 0 1;
        border-top: solid $foreground 20%;
        scrollbar-size-vertical: 1;
        &:ansi { border-top: solid ansi_bright_black; }
        &:focus {
            border-top: heavy $foreground 60%;
            &:ansi { border-top: heavy ansi_default; }
        }
        Static { height: auto; text-wrap: nowrap; text-overflow: clip; }
    }
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._key: object = None
        self._make: Callable[[int], Content] | None = None
        self._shown: Content | None = None

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show_content(self, key: object, make: Callable[[int], Content] | None) -> None:
        """Show what `make` gives for a width in cells; with another key than before, from its top."""
        other = key != self._key
        self._key, self._make = key, make
        self._write()
        if other:
            self.scroll_home(animate=False)

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        width = (self.scrollable_content_region.width or self.app.size.width - 2) - SCROLLBAR
        content = self._make(width) if self._make is not None else Content("")
        if content != self._shown:
            self._shown = content
            self.query_one(Static).update(content)
