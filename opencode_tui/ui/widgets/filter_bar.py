"""The input line of a filter, shown while there is a filter."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class FilterInput(Input):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("down", "submit", "To the rows", show=False)]


class FilterBar(Horizontal):
    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        padding: 0 1;
        Static { width: 2; color: $primary; }
        Input { width: 1fr; background: transparent; &:focus { background-tint: transparent; } }
    }
    """

    class Changed(Message):
        """The filter's text has changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Entered(Message):
        """The filter was submitted, and the focus goes back to the rows."""

    def __init__(self, text: str, placeholder: str) -> None:
        super().__init__(id="filter")
        self._input = FilterInput(text, placeholder=placeholder, compact=True, select_on_focus=False)
        self.display = bool(text)

    def compose(self) -> ComposeResult:
        yield Static("/", markup=False)
        yield self._input

    @property
    def typing(self) -> bool:
        """Whether the input has the focus."""
        return self._input.has_focus

    def open(self) -> None:
        # at once and not at the next refresh, so that keys typed after the slash go into the filter
        self.display = True
        self.screen.set_focus(self._input)

    def clear(self) -> None:
        """Clear and hide the filter."""
        self._input.value = ""
        self.display = False

    @on(Input.Changed)
    def post_change(self, message: Input.Changed) -> None:
        message.stop()
        self.post_message(self.Changed(message.value))

    @on(Input.Submitted)
    def leave(self, message: Input.Submitted) -> None:
        message.stop()
        self.display = bool(self._input.value.strip())
        self.post_message(self.Entered())
