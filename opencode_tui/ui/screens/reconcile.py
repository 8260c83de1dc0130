"""The dialog with OpenCode's own figures beside the ledger's."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from opencode_tui.records.reconciliation import Reconciliation
from opencode_tui.records.requests import ReconcileRequest
from opencode_tui.report.reconciliation import reconciliation_lines
from opencode_tui.ui.moving import DialogPane
from opencode_tui.ui.screens.base import Ask, AskingScreen
from opencode_tui.ui.widgets.blocks import SCROLLBAR

LEAST_WIDTH = 24


class ReconcileScreen(AskingScreen, ModalScreen[None]):
    DEFAULT_CSS = """
    ReconcileScreen {
        align: center middle;
        #reconcile {
            width: 76;
        }
        Static { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close", id="reconcile.close"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found: Reconciliation | None = None
        self._reason = ""

    def compose(self) -> ComposeResult:
        with DialogPane(id="reconcile", classes="dialog") as box:
            box.border_title = "Reconcile"
            box.border_subtitle = "j k move · esc closes"
            yield Static("", markup=False)

    def on_mount(self) -> None:
        self.ask(Ask(ReconcileRequest(), self._take, self._take_reason))

    def on_resize(self) -> None:
        super().on_resize()
        self.query_one("#reconcile").refresh(layout=True)
        self.call_after_refresh(self._show)  # the box has its new width only then

    def _take(self, found: Any) -> None:
        self._found, self._reason = found, ""
        self._show()

    def _take_reason(self, reason: str) -> None:
        self._reason = reason
        self._show()

    def _show(self) -> None:
        if not self.is_there:
            return
        box = self.query_one("#reconcile", DialogPane)
        width = (box.scrollable_content_region.width or self.size.width - 4) - SCROLLBAR
        if self._found is not None:
            text = "\n".join(reconciliation_lines(self._found, max(width, LEAST_WIDTH)))
        else:
            text = self._reason or "Reading all calls of OpenCode's stores and of the ledger…"
        self.query_one(Static).update(text)
