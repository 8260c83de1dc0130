"""The header of Today: the day, the machine, and the freshness. The only widget updated by a timer."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widget import Widget

from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.day import Snapshot
from opencode_tui.report.states import Failure, StateLine, freshness
from opencode_tui.report.words import day_title
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import cut, width_of


def header_parts(titles: tuple[str, ...], machine: str, fresh: StateLine, width: int) -> tuple[str, str, str]:
    """(title, machine, freshness) that fit together: the machine is dropped first, then parts of the others.

    `titles` are from the longest to the shortest; the last one is cut if none fits.
    """
    choices = [(titles[0], machine, fresh.variants[0])]
    choices += [(title, "", text) for text in fresh.variants for title in titles]
    for title, name, text in choices:
        if width_of(title) + width_of(name) + width_of(text) + 2 <= width:
            return title, name, text
    title, name, text = choices[-1]
    return cut(title, min(max(width - width_of(text) - 1, 1), width_of(title))), name, text


class DayHeader(Widget):
    DEFAULT_CSS = """
    DayHeader {
        height: 1;
        padding: 0 1;
        text-wrap: nowrap;
    }
    """

    snapshot: var[Snapshot | None] = var(None)
    polled_ms: var[int | None] = var(None)
    failure: var[Failure | None] = var(None)

    def __init__(self, calendar: Calendar, clock: Clock, stale_after_ms: int) -> None:
        super().__init__()
        self._stale_after_ms = stale_after_ms
        self._calendar = calendar
        self._clock = clock
        self._drawn: object = None

    def on_mount(self) -> None:
        self.set_interval(1.0, self.tick)

    def watch_snapshot(self) -> None:
        self.tick()

    def watch_polled_ms(self) -> None:
        self.tick()

    def watch_failure(self) -> None:
        self.tick()

    def tick(self) -> None:
        """Redraw if the text has changed."""
        if self._parts() != self._drawn:
            self.refresh()

    def _parts(self) -> tuple[tuple[str, str, str], str]:
        now = self._clock()
        fresh = freshness(self.snapshot, self.polled_ms, self.failure, now, self._calendar, self._stale_after_ms)
        machine = f"{self.snapshot.machine} · " if self.snapshot and self.snapshot.machine else ""
        return header_parts(self.titles(), machine, fresh, self.size.width), STYLES[fresh.level]

    def titles(self) -> tuple[str, ...]:
        """The text on the left, from the longest variant to the shortest."""
        if self.snapshot is None:
            return ("",)
        mark = "" if self.snapshot.is_today else "◂ "
        return tuple(mark + title for title in day_title(self.snapshot.day))

    def render(self) -> Content:
        self._drawn = self._parts()
        (day, machine, text), style = self._drawn
        gap = " " * max(self.size.width - width_of(day) - width_of(machine) - width_of(text), 1)
        return Content.assemble((day, "bold"), gap, (machine, STYLES["note"]), (text, style))
