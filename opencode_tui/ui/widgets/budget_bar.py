"""The day's spend as one bar in which the warning and the cutoff are marked."""

from __future__ import annotations

from textual.content import Content

from opencode_tui.records.day import Snapshot
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import across
from opencode_tui.ui.widgets.panel import DayPanel


def scale_nano(snapshot: Snapshot) -> int:
    """The amount of the bar's full width: somewhat above the cutoff, or all that was spent."""
    return max(snapshot.cutoff_nano * 21 // 20, snapshot.warning_nano * 21 // 20, snapshot.spent_nano, 1)


def mark_cell(limit_nano: int, scale: int, width: int) -> int:
    """The cell of a limit's mark."""
    return min(limit_nano * width // scale, width - 1)


class BudgetBar(DayPanel):
    DEFAULT_CSS = """
    BudgetBar {
        height: 1;
        padding: 0;
        border: none;
        &:ansi { border: none; }
    }
    """

    def facts(self, snapshot: Snapshot) -> object:
        return snapshot.spent_nano, snapshot.warning_nano, snapshot.cutoff_nano, snapshot.band

    def render(self) -> Content:
        snapshot, width = self.snapshot, self.size.width
        if snapshot is None or width < 4:
            return Content("")
        scale, style = scale_nano(snapshot), STYLES[snapshot.band]
        filled = across(snapshot.spent_nano, scale, width).rstrip()
        marks = {
            mark_cell(snapshot.warning_nano, scale, width): STYLES["warning"],
            mark_cell(snapshot.cutoff_nano, scale, width): STYLES["cutoff"],
        }
        parts: list[tuple[str, str]] = []
        for cell, glyph in enumerate(filled.ljust(width)):
            if cell in marks and glyph == "█":
                parts.append(("┃", f"$background on {style}"))
            elif cell in marks:
                parts.append(("┃", marks[cell]))
            else:
                parts.append((glyph, style) if glyph != " " else ("─", "$foreground 25%"))
        return Content.assemble(*parts)
