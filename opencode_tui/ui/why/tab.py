"""The bases of the Why screen's tabs: a list with the details of the row at its cursor, or a text in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from opencode_tui.records.alerts import Alert
from opencode_tui.report.filling import filled
from opencode_tui.report.words import text_cells
from opencode_tui.ui.moving import DialogPane
from opencode_tui.ui.screens.base import Ask
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import SCROLLBAR
from opencode_tui.ui.widgets.detail_pane import DetailPane


class WhyTab(Container):
    """Its request is asked while it is shown; what it shows stays until the next answer."""

    NAME: ClassVar[str]
    DEFAULT_CSS = """
    WhyTab {
        height: 1fr;
        #nothing { height: 1fr; padding: 1 2; }
    }
    """

    class Asking(Message):
        """It asks for something else than before."""

    def __init__(self) -> None:
        super().__init__(id=f"{self.NAME}-tab")
        self._answered = False

    def asks(self) -> tuple[Ask, ...]:
        """What the screen asks for while this tab is shown."""
        raise NotImplementedError

    @property
    def has_answer(self) -> bool:
        """Whether an answer, or the reason why there is none, is shown."""
        return self._answered

    @property
    def alert_at_hand(self) -> Alert | None:
        """The alert that the keys act on."""
        return None

    @property
    def focus_target(self) -> Widget:
        """What has the focus while it is shown."""
        return self.query_one("#nothing")

    def compose(self) -> ComposeResult:
        with DialogPane(id="nothing"):
            yield Static(f"Reading the {self.NAME}…", markup=False)

    def show_text(self, text: Content) -> None:
        """Show a text."""
        self._answered = True
        self.query_one("#nothing Static", Static).update(text)
        self.take_focus(only_if_free=True)

    def show_reason(self, reason: str) -> None:
        """Show why there is no answer."""
        self.show_text(Content.styled(reason, STYLES["note"]))

    def take_focus(self, *, only_if_free: bool = False) -> None:
        """Focus what is shown; with `only_if_free` unless the focus is on something else than its list or text."""
        if not self.is_mounted or not self.display:
            return
        target, focused = self.focus_target, self.screen.focused
        is_free = focused is None or focused is self.query_one("#nothing") or isinstance(focused, RowTable)
        if not target.has_focus and (is_free or not only_if_free):
            self.screen.set_focus(target)

    def ask_again(self) -> None:
        self.post_message(self.Asking())


class ListTab(WhyTab):
    """A list with the details of the row at its cursor."""

    DEFAULT_CSS = """
    ListTab {
        #panes { height: 1fr; display: none; }
        RowTable { height: 1fr; min-height: 5; }
        DetailPane { max-height: 50%; }
        &.-there {
            #nothing { display: none; }
            #panes { display: block; }
        }
    }
    """

    def __init__(self, table: RowTable[Any, Any, Any], detail: DetailPane) -> None:
        super().__init__()
        self.table, self.detail = table, detail

    def compose(self) -> ComposeResult:
        yield from super().compose()
        with Container(id="panes"):
            yield self.table
            yield self.detail

    @property
    def focus_target(self) -> Widget:
        return self.table if self.has_class("-there") else super().focus_target

    def show_text(self, text: Content) -> None:
        """Show a text in the list's place."""
        self.remove_class("-there")
        super().show_text(text)

    def show_list(self) -> None:
        """Show the list and the details."""
        self._answered = True
        self.add_class("-there")
        self.take_focus(only_if_free=True)


class TextTab(WhyTab):
    """A text that scrolls, in lines of the tab's width."""

    DEFAULT_CSS = """
    TextTab #nothing { padding: 0 1; }
    """
    _lines: Callable[[int], Sequence[str]] | None = None

    def show_lines(self, lines: Callable[[int], Sequence[str]]) -> None:
        """Show lines, which `lines` gives for a width in cells; longer ones go on, set in, on the next."""
        self._lines = lines
        self._write()

    def on_resize(self) -> None:
        if self._lines is not None:
            self._write()

    def _write(self) -> None:
        assert self._lines is not None
        pane = self.query_one("#nothing")
        width = (pane.scrollable_content_region.width or self.app.size.width - 2) - SCROLLBAR
        self.show_text(
            Content("\n").join([Content(each) for line in self._lines(width) for each in _set_in(line, width)])
        )


def _set_in(line: str, width: int) -> list[str]:
    """A line in lines of some width, all but the first two cells further in than it begins."""
    if text_cells(line) <= width:
        return [line]
    indent = len(line) - len(line.lstrip(" "))
    first, *rest = filled(line.strip(), width - 2, indent)
    return [first, *(f"  {each}" for each in rest)]


Make = Callable[[], WhyTab]
"""Makes a tab when it is shown for the first time."""
