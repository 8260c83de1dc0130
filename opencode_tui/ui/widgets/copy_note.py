"""Shows copied text so that it can be selected, since the terminal may have ignored the copy."""

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
        """Show the text for a while, with a hint in case it was not copied."""
        hint = "If nothing is pasted, your terminal refused (tmux: set -g set-clipboard on)."
        self.update(Content.assemble(("Copied: ", "$success"), text, (f"\n{hint}", "$text-muted")))
        self.add_class("-shown")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SHOWN_S, self.hide)

    def hide(self) -> bool:
        """Hide it. Returns whether it was shown."""
        shown = self.has_class("-shown")
        self.remove_class("-shown")
        return shown
