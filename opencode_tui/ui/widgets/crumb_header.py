"""The first line of a screen that is not about one day: the way that led here, and how fresh it is."""

from __future__ import annotations

from opencode_tui.clock import Calendar, Clock
from opencode_tui.ui.widgets.blocks import cut
from opencode_tui.ui.widgets.day_header import DayHeader

LONGEST = 40
"""Cells of one part of the way, such as a title."""


def crumb_titles(crumb: tuple[str, ...]) -> tuple[str, ...]:
    """Such as `Today › opencode/kimi-k2.6 › Sessions`, then without its beginning, then its end alone."""
    parts = tuple(cut(part, LONGEST).rstrip() for part in crumb if part)
    ways = [" › ".join(parts)]
    ways += ["… › " + " › ".join(parts[i:]) for i in range(1, len(parts))]
    return (*ways, parts[-1] if parts else "")


class CrumbHeader(DayHeader):
    """`crumb` goes from the tab to the screen that this is the header of."""

    def __init__(self, crumb: tuple[str, ...], calendar: Calendar, clock: Clock, stale_after_ms: int) -> None:
        super().__init__(calendar, clock, stale_after_ms)
        self._titles = crumb_titles(crumb)

    def titles(self) -> tuple[str, ...]:
        return self._titles

    def show_crumb(self, crumb: tuple[str, ...]) -> None:
        """Another way than before, such as one whose last title has become known."""
        self._titles = crumb_titles(crumb)
        self.tick()
