"""The header of Today: the day, the machine, and the freshness. The only widget updated by a timer."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var
from textual.widget import Widget

from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.day import Snapshot
from opencode_tui.report.states import Failure, StateLine, freshness
from opencode_tui.report.words import day_title, money_line, shown_band
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import cut, width_of

SEPARATOR = " · "
LEAST_TITLE = 5
"""A title that would be cut to fewer cells is left out."""
LOWEST_ROWS = 3
"""A pane as low as this has no room for panels: Today says how much, why and what to do in a line each."""
LOW_ROWS = 6
"""In a pane that is as low, the figure of Today may be out of sight, so its header has it."""


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


def money_parts(
    titles: tuple[str, ...], money: tuple[str, ...], texts: tuple[str, ...], width: int
) -> tuple[str, str, str]:
    """(title, today's figure, freshness) that fit together; the title gives way first, the figure never.

    All have variants from the longest to the shortest. Where nothing fits the title is cut.
    """
    for amount in money:
        for text in texts:
            for title in titles:
                note = amount + SEPARATOR if text else amount
                if width_of(title) + width_of(note) + width_of(text) + bool(title) <= width:
                    return title, note, text
    for text in (texts[-1], texts[-1][:1]):
        room = width - width_of(money[-1]) - 1 - width_of(text) - 1
        if room > LEAST_TITLE and titles[-1]:
            return cut(titles[-1], room), f"{money[-1]} ", text
    for amount, text in ((amount, text) for amount in money for text in (texts[-1], texts[-1][:1])):
        if width_of(amount) + 1 + width_of(text) + 1 <= width:
            return "", f"{amount} ", text
    return "", cut(money[-1], width), ""


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

    def __init__(self, calendar: Calendar, clock: Clock, poll_ms: int) -> None:
        super().__init__()
        self._poll_ms = poll_ms
        self._calendar = calendar
        self._clock = clock
        self._drawn: tuple[tuple[str, str, str], str, str] | None = None

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

    def _parts(self) -> tuple[tuple[str, str, str], str, str]:
        now = self._clock()
        fresh = freshness(self.snapshot, self.polled_ms, self.failure, now, self._calendar, self._poll_ms)
        snapshot = self.snapshot
        money = money_line(snapshot, self._calendar) if self.shows_money else ()
        if snapshot is not None and money:
            titles, texts = self.titles(), fresh.variants
            if self.app.size.height <= LOW_ROWS:
                titles, texts = (*titles, ""), (*texts, texts[-1][:1], *([""] if fresh.level == "calm" else []))
            return money_parts(titles, money, texts, self.size.width), STYLES[shown_band(snapshot)], STYLES[fresh.level]
        machine = f"{snapshot.machine}{SEPARATOR}" if snapshot and snapshot.machine else ""
        parts = header_parts(self.titles(), machine, fresh, self.size.width)
        return parts, STYLES["note"], STYLES[fresh.level]

    @property
    def shows_money(self) -> bool:
        """Whether the header has today's figure in place of the machine."""
        return self.app.size.height <= LOW_ROWS

    def titles(self) -> tuple[str, ...]:
        """The text on the left, from the longest variant to the shortest."""
        if self.snapshot is None:
            return ("",)
        mark = "" if self.snapshot.is_today else "◂ "
        return tuple(mark + title for title in day_title(self.snapshot.day))

    def render(self) -> Content:
        self._drawn = self._parts()
        (title, note, text), note_style, style = self._drawn
        rest = self.size.width - width_of(title) - width_of(note) - width_of(text)
        return Content.assemble((title, "bold"), " " * max(rest, 1 if title else 0), (note, note_style), (text, style))
