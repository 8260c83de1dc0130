"""What stands around a screen's table: a note in the place of rows that are not there, and a line below."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from opencode_tui.report.words import fitting


class EmptyNote(Static):
    """Says why a table has no rows, and what to do."""

    DEFAULT_CSS = """
    EmptyNote { height: auto; padding: 1 2; display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="nothing", markup=False)

    def say(self, note: tuple[str, str] | None) -> None:
        """Show (what is the case, what to do); None where there are rows."""
        self.display = note is not None
        if note is not None:
            case, todo = note
            self.update(Content.assemble((case, "bold"), "\n", todo))


class StatusLine(Static):
    """Says in one line what a table shows, in as many words as fit."""

    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__(id="status", markup=False)
        self._variants: tuple[str, ...] = ("reading",)

    def say(self, variants: tuple[str, ...]) -> None:
        """Show the first of the variants that fits, from the longest to the shortest."""
        self._variants = variants
        self._fit()

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        self.update(fitting(self._variants, self.screen.size.width - 2), layout=False)
