"""The one place that all text passes on its way to the terminal and the clipboard: nothing in it can act on either."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from opencode_tui.privacy import harmless


class HarmlessText(LineFilter):
    """Takes control characters, bidirectional overrides and the like out of every line before it is written.

    Textual itself lets an escape sequence in a title through to the terminal.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.control or segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment if segment.control else Segment(harmless.cells(segment.text), segment.style) for segment in segments
        ]


class HarmlessApp(App[None]):
    _harmless = HarmlessText()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [self._harmless, *super().get_line_filters()]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy; also what a person has selected on the screen comes here."""
        super().copy_to_clipboard(harmless.lines(text))
