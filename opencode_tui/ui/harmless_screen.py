"""Filters all text that the app writes to the terminal and the clipboard."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from opencode_tui.records.privacy import harmless


class HarmlessText(LineFilter):
    """Removes control characters, bidirectional overrides and the like from every line before it is written.

    Textual itself would write an escape sequence in a title to the terminal.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        if all(segment.control or segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment if segment.control else Segment(harmless.plain_cells(segment.text), segment.style)
            for segment in segments
        ]


class HarmlessApp(App[None]):
    _harmless = HarmlessText()

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [self._harmless, *super().get_line_filters()]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy filtered text; selections on the screen are copied by this too."""
        super().copy_to_clipboard(harmless.lines(text))
