"""A dialog that says what an action will do, and asks for it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from opencode_tui.ui.leaving import LeavingScreen
from opencode_tui.ui.moving import DialogPane


class ConfirmScreen(LeavingScreen, ModalScreen[bool | None]):
    """Its result is True if the action was confirmed."""

    DEFAULT_CSS = """
    ConfirmScreen {
        align: center middle;
        #confirm {
            width: 64;
        }
        Static { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "confirm", "Do it", id="confirm.yes"),
        Binding("escape,q", "dismiss", "Close", id="confirm.no"),
    ]

    def __init__(self, title: str, verb: str, sentences: tuple[str, ...]) -> None:
        """`verb` says what enter does, such as `installs`."""
        super().__init__()
        self._title, self._verb, self._sentences = title, verb, sentences

    def compose(self) -> ComposeResult:
        with DialogPane(id="confirm", classes="dialog") as box:
            box.border_title = self._title
            box.border_subtitle = f"enter {self._verb} · esc leaves"
            yield Static("\n\n".join(self._sentences), markup=False)

    def on_resize(self) -> None:
        self.query_one("#confirm").refresh(layout=True)

    def action_confirm(self) -> None:
        self.dismiss(True)
