"""The base of the Why screen's tabs: a list with the details of the row at its cursor, or a text in their place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from opencode_tui.records.alerts import Alert
from opencode_tui.ui.moving import DialogPane
from opencode_tui.ui.screens.base import Ask
from opencode_tui.ui.tables.row_table import RowTable
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.detail_pane import DetailPane


class WhyTab(Container):
    """Its request is asked while it is shown; what it shows stays until the next answer."""

    NAME: ClassVar[str]
    DEFAULT_CSS = """
    WhyTab {
        height: 1fr;
        #nothing { height: 1fr; padding: 1 2; }
        #panes { height: 1fr; display: none; }
        RowTable { height: 1fr; min-height: 5; }
        DetailPane { max-height: 50%; }
        &.-there {
            #nothing { display: none; }
            #panes { display: block; }
        }
    }
    """

    class Asking(Message):
        """It asks for something else than before."""

    def __init__(self, table: RowTable[Any, Any, Any], detail: DetailPane) -> None:
        super().__init__(id=f"{self.NAME}-tab")
        self.table, self.detail = table, detail
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

    def compose(self) -> ComposeResult:
        with DialogPane(id="nothing"):
            yield Static(f"Reading the {self.NAME}…", markup=False)
        with Container(id="panes"):
            yield self.table
            yield self.detail

    def show_panes(self, nothing: Content | None) -> None:
        """Show the list, or a text in its place."""
        self._answered = True
        self.set_class(nothing is None, "-there")
        if nothing is not None:
            self.query_one("#nothing Static", Static).update(nothing)
        self.take_focus(only_if_free=True)

    def show_reason(self, reason: str) -> None:
        """Show why there is no answer."""
        self.show_panes(Content.styled(reason, STYLES["note"]))

    def take_focus(self, *, only_if_free: bool = False) -> None:
        """Focus what is shown; with `only_if_free` unless the focus is on something else."""
        shown: Widget = self.table if self.has_class("-there") else self.query_one("#nothing")
        focused = self.screen.focused
        is_free = focused is None or focused in (self.table, self.query_one("#nothing"))
        if self.display and not shown.has_focus and (is_free or not only_if_free):
            self.call_after_refresh(shown.focus)

    def ask_again(self) -> None:
        self.post_message(self.Asking())


Make = Callable[[], WhyTab]
"""Makes a tab when it is shown for the first time."""
