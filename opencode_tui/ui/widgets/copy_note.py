"""What was copied, as a line that can be selected: whether the terminal took it cannot be known."""

from __future__ import annotations

from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

SHOWN_S = 20.0


class CopyNote(Static):
    DEFAULT_CSS = """
    CopyNote {
        display: none;
        height: auto;
        padding: 0 1;
        background: $panel;
        &.-shown { display: block; }
    }
    """

    def __init__(self) -> None:
        super().__init__(markup=False, id="copied")
        self._timer: Timer | None = None

    def say(self, text: str) -> None:
        """Show the text for a while, and what to do if it did not arrive."""
        hint = "If nothing is pasted, your terminal refused (tmux: set -g set-clipboard on)."
        self.update(Content.assemble(("Copied: ", "$success"), text, (f"\n{hint}", "dim")))
        self.add_class("-shown")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SHOWN_S, self.hide)

    def hide(self) -> bool:
        """Take it away; whether it was there."""
        shown = self.has_class("-shown")
        self.remove_class("-shown")
        return shown
