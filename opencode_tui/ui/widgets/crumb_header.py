"""The header of screens that are not about one day: the breadcrumb and the freshness."""

from __future__ import annotations

from opencode_tui.clock import Calendar, Clock
from opencode_tui.ui.widgets.blocks import cut
from opencode_tui.ui.widgets.day_header import DayHeader

LONGEST = 40
"""The most cells of one part of the breadcrumb."""


def crumb_titles(crumb: tuple[str, ...]) -> tuple[str, ...]:
    """Such as `Today › opencode/kimi-k2.6 › Sessions`, then without its start, then the last part alone."""
    parts = tuple(cut(part, LONGEST).rstrip() for part in crumb if part)
    ways = [" › ".join(parts)]
    ways += ["… › " + " › ".join(parts[i:]) for i in range(1, len(parts))]
    return (*ways, parts[-1] if parts else "")


class CrumbHeader(DayHeader):
    """`crumb` is the path from the tab to its screen."""

    def __init__(self, crumb: tuple[str, ...], calendar: Calendar, clock: Clock, poll_ms: int) -> None:
        super().__init__(calendar, clock, poll_ms)
        self._titles = crumb_titles(crumb)

    @property
    def shows_money(self) -> bool:
        return True

    def titles(self) -> tuple[str, ...]:
        return self._titles

    def show_crumb(self, crumb: tuple[str, ...]) -> None:
        """Change the breadcrumb, such as when a title has become known."""
        self._titles = crumb_titles(crumb)
        self.tick()
