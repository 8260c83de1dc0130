"""The dialog that asks for today's raised cutoff."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from opencode_tui.money import format_usd, nano_from_usd, typed_usd
from opencode_tui.ui.leaving import LeavingScreen


def amount_above(text: str, least_nano: int) -> int:
    """Parse an amount above `least_nano` as nano-dollars. Raises ValueError with a sentence."""
    try:
        nano = nano_from_usd(typed_usd(text))
    except ValueError as error:
        raise ValueError(f"{error}.") from None
    if nano <= least_nano:
        raise ValueError(f"That is not above {format_usd(least_nano)}; write a higher amount.")
    return nano


class CutoffScreen(LeavingScreen, ModalScreen[int | None]):
    """Its result is the new cutoff in nano-dollars, or None if cancelled."""

    DEFAULT_CSS = """
    CutoffScreen {
        align: center middle;
        #cutoff {
            width: 56;
        }
        Static { height: auto; }
        #wrong { color: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="cutoff.close"),
    ]

    def __init__(self, cutoff_nano: int, least_nano: int) -> None:
        """`cutoff_nano` is in force; the new cutoff must be above `least_nano`."""
        super().__init__()
        self._cutoff_nano, self._least_nano = cutoff_nano, least_nano

    def compose(self) -> ComposeResult:
        with Vertical(id="cutoff", classes="dialog") as box:
            box.border_title = "Raise today's cutoff"
            box.border_subtitle = "enter raises · esc leaves"
            yield Static(f"It is {format_usd(self._cutoff_nano)}. The new one, in dollars:", markup=False)
            yield Input(placeholder="2.50", compact=True)
            yield Static("", markup=False, id="wrong")

    @on(Input.Submitted)
    def take(self, message: Input.Submitted) -> None:
        try:
            self.dismiss(amount_above(message.value, self._least_nano))
        except ValueError as error:
            self.query_one("#wrong", Static).update(str(error))
