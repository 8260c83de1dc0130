"""The day's spend by one key, such as its models, as bars."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from opencode_tui.money import percentages
from opencode_tui.records.day import Snapshot
from opencode_tui.records.model_key import short_name
from opencode_tui.records.usage import Slice
from opencode_tui.report.words import amount_text
from opencode_tui.ui.moving import MOVE_KEYS
from opencode_tui.ui.theme import CURSOR, STYLES
from opencode_tui.ui.widgets.blocks import across, cut, width_of
from opencode_tui.ui.widgets.panel import DayPanel

MIN_BAR = 4


def short_names(keys: list[str]) -> list[str]:
    """Each key without its provider if that is unambiguous."""
    short = [short_name(key) for key in keys]
    return [name if short.count(name) == 1 else key for name, key in zip(short, keys, strict=True)]


def slice_rows(
    slices: tuple[Slice, ...], width: int, height: int, names: list[str] | None = None
) -> list[tuple[str, str, str]]:
    """(name, bar, amounts) for each row of `width` cells; what does not fit is summed in the last row.

    `names` replace the keys.
    """
    shown = slices if len(slices) <= height else slices[: max(height - 1, 0)]
    rest = slices[len(shown) :]
    shares = percentages(tuple(item.spend_nano for item in slices))
    spends = [amount_text(item.spend_nano, item.lower_bound) for item in shown]
    longest = max(map(len, spends), default=0)
    digits = max((len(str(share)) for share in shares), default=1)
    amounts = [f"{spend:>{longest}} {share:>{digits}}%" for spend, share in zip(spends, shares, strict=False)]
    right = longest + digits + 2
    if names is None:
        names = [item.key for item in shown]
        if max(map(width_of, names), default=0) > width - right - 2 - MIN_BAR:
            names = short_names(names)
    names = names[: len(shown)]
    longest = max(map(width_of, names), default=0)
    bar = width - right - 2 - longest
    name_width = longest if bar >= MIN_BAR else width - right - 1
    top = max((item.spend_nano for item in slices), default=0)
    rows = [
        (
            cut(name, name_width) + " ",
            across(item.spend_nano, top, bar) + " " if bar >= MIN_BAR else "",
            amount,
        )
        for name, item, amount in zip(names, shown, amounts, strict=True)
    ]
    if rest and height > 0:
        sum_nano = amount_text(sum(item.spend_nano for item in rest), any(item.lower_bound for item in rest))
        rows.append((cut(f"+{len(rest)} more {sum_nano}", width), "", ""))
    return rows


class SlicesPanel(DayPanel, can_focus=True):
    """Bars by amount with the amount and the share; the largest that fit. A bar opens its sessions."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", tooltip="Show the sessions of this bar", id="bar.open"),
        *MOVE_KEYS,
    ]

    class Opened(Message):
        """Show the sessions behind a bar."""

        def __init__(self, field: str, key: str) -> None:
            """`field` is the key of the bars, named as in a filter of sessions."""
            super().__init__()
            self.field, self.key = field, key

    def __init__(self, title: str, of: Literal["models", "providers", "projects"]) -> None:
        super().__init__(id=of)
        self.border_title = title
        self._of = of
        self._key: str | None = None

    @property
    def _keys(self) -> list[str]:
        """The keys of the visible bars."""
        slices = self.slices(self.snapshot) if self.snapshot else ()
        height = self.size.height
        return [item.key for item in (slices if len(slices) <= height else slices[: max(height - 1, 0)])]

    @property
    def _cursor(self) -> int:
        return self._keys.index(self._key) if self._key in self._keys else 0

    def action_step(self, rows: int) -> None:
        keys = self._keys
        if keys:
            self._key = keys[min(max(self._cursor + rows, 0), len(keys) - 1)]
            self.refresh()

    def action_half(self, direction: int) -> None:
        self.action_step(direction * max(len(self._keys) // 2, 1))

    def action_page(self, direction: int) -> None:
        self.action_step(direction * len(self._keys))

    def action_end(self, direction: int) -> None:
        self.action_page(direction)

    def action_open(self) -> None:
        if self._keys:
            self.post_message(self.Opened(self._of.removesuffix("s"), self._keys[self._cursor]))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and offset.y < len(self._keys):
            self._key = self._keys[offset.y]
            self.action_open()

    def slices(self, snapshot: Snapshot) -> tuple[Slice, ...]:
        """The bars, the most expensive first."""
        return snapshot.models if self._of == "models" else snapshot.providers

    def names(self, keys: list[str]) -> list[str] | None:
        """The bars' names where they are not their keys."""
        return None

    def facts(self, snapshot: Snapshot) -> object:
        return tuple((item.key, item.spend_nano, item.lower_bound) for item in self.slices(snapshot))

    def render(self) -> Content:
        if self.snapshot is None:
            return Content("")
        slices = self.slices(self.snapshot)
        if not slices:
            return Content.styled("no calls", STYLES["note"])
        names = self.names([item.key for item in slices])
        lines = [
            Content.assemble(name, (bar, "$primary"), amounts)
            for name, bar, amounts in slice_rows(slices, self.size.width, self.size.height, names)
        ]
        if self.has_focus:
            lines[self._cursor] = lines[self._cursor].stylize(CURSOR)
        return Content("\n").join(lines)
