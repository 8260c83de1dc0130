"""The banner above the panels: the most severe unseen alert, and state lines."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Static

from opencode_tui.clock import Calendar
from opencode_tui.records.alerts import Alert
from opencode_tui.records.day import Snapshot
from opencode_tui.report.alert_words import banner_hints, banner_text, cause_first, level_glyph
from opencode_tui.report.states import Failure, StateLine, banners, others_line, week_state
from opencode_tui.report.words import remedy_text
from opencode_tui.ui.moving import MOVE_KEYS
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import in_lines, remedy_lines, width_of
from opencode_tui.ui.widgets.day_header import LOW_ROWS, LOWEST_ROWS

BANNER_LINES = 4
"""The most state lines besides the alert."""
MAX_ALERT_LINES = 4
GAP = "   "


def alert_lines(
    text: str, remedy: tuple[str, ...], hints: tuple[str, ...], width: int
) -> tuple[list[str], list[str], str]:
    """(the lines of an alert, those of its remedy, the hint that follows on the last line).

    An alert has at most four lines, a remedy two, or three where its shortest variant needs them. They take precedence;
    the longest hint that fits is used.
    """
    lines, todo = in_lines((text,), width, MAX_ALERT_LINES), remedy_lines(remedy, width)
    last = todo or lines
    room = width - width_of(last[-1]) - len(GAP)
    for hint in hints:
        if width_of(hint) <= room:
            return lines, todo, hint
    last.append("")
    return lines, todo, next((hint for hint in hints if width_of(hint) <= width), "")


class Banner(Static):
    DEFAULT_CSS = """
    Banner {
        height: auto;
        max-height: 11;
        padding: 0 1;
        display: none;
        &.-shown { display: block; }
        &:focus { background: $block-cursor-background; }
        &:focus:ansi { background: ansi_default; text-style: reverse; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "app.open_cause", "Open", tooltip="Open what caused the alert", id="banner.open"),
        *MOVE_KEYS,
    ]

    snapshot: var[Snapshot | None] = var(None)
    failure: var[Failure | None] = var(None)
    about: var[frozenset[str] | None] = var(None)
    """The ids of the sessions whose alerts it shows, with a count of the others; None: it shows those of all."""

    class Clicked(Message):
        """The alert was clicked."""

    def __init__(self, calendar: Calendar, *, alerts: bool = True, states: bool = True) -> None:
        """`alerts` and `states` select what it shows."""
        super().__init__(markup=False)
        self._calendar, self._with_alerts, self._with_states = calendar, alerts, states
        self._alert: Alert | None = None
        self._more = 0
        self._states: tuple[StateLine, ...] = ()
        self._before: Widget | None = None

    def watch_snapshot(self) -> None:
        self._say()

    def watch_failure(self) -> None:
        self._say()

    def watch_about(self) -> None:
        self._say()

    def on_resize(self) -> None:
        self._say()
        self._write()

    def on_click(self, event: events.Click) -> None:
        if self._alert is not None:
            event.stop()
            self.post_message(self.Clicked())

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self._write()

    def action_leave(self) -> None:
        """Return the focus to the widget that had it before."""
        before, self._before = self._before, None
        if before is not None and before in self.screen.focus_chain:
            self.screen.set_focus(before, scroll_visible=False)
        else:
            self.screen.focus_next()

    def action_step(self, lines: int) -> None:
        self.action_leave()

    async def action_half(self, direction: int) -> None:
        await self._pass_on(f"half({direction})")

    async def action_page(self, direction: int) -> None:
        await self._pass_on(f"page({direction})")

    async def action_end(self, direction: int) -> None:
        await self._pass_on(f"end({direction})")

    async def _pass_on(self, action: str) -> None:
        """Leave, and move where the focus is then."""
        self.action_leave()
        focused = self.screen.focused
        if focused is not None and focused is not self:
            await self.app.run_action(action, focused)

    def offer(self) -> None:
        """Take the focus, so that enter opens the cause; it returns when the alert is seen."""
        if self._alert is not None and self.display and not self.has_focus:
            self._before = self.screen.focused
            self.screen.set_focus(self, scroll_visible=False)

    def _say(self) -> None:
        alerts = self.snapshot.alerts if self.snapshot is not None and self._with_alerts else ()
        own = alerts if self.about is None else tuple(each for each in alerts if each.leads_to in self.about)
        alert, more = (own[0], len(own) - 1) if own else (None, 0)
        shown: tuple[StateLine, ...] = (others_line(alerts),) if alerts and not own else ()
        if self._with_states:
            shown += banners(self.snapshot, self.failure, self._calendar, alert)[:BANNER_LINES]
            if self.app.size.height <= LOWEST_ROWS and alert is None and not shown and self.snapshot is not None:
                shown = (week_state(self.snapshot),)
        if (shown, alert, more) != (self._states, self._alert, self._more):
            self._states, self._alert, self._more = shown, alert, more
            if alert is None and self.has_focus:
                self.action_leave()
            self.can_focus = alert is not None
            self.set_class(bool(shown) or alert is not None, "-shown")
            self._write()

    def _write(self) -> None:
        width = self.size.width or self.app.size.width - 2
        alert = self._alert if self.app.size.height <= LOW_ROWS else None
        self.screen.set_class(alert is not None and bool(alert.cause.remedy), "-todo")
        lines = self._low_lines(alert, width) if alert is not None else self._alert_lines(width)
        for state in self._states:
            # a line with only one variant is a full sentence, and may wrap
            text = state.text(width) if len(state.variants) > 1 else state.variants[0]
            lines.append(Content.styled(text, STYLES[state.level]))
        self.update(Content("\n").join(lines))

    def _low_lines(self, alert: Alert, width: int) -> list[Content]:
        """One line for the cause, and one for what to do, which takes the footer's place in a pane of three rows."""
        why = f"{level_glyph(alert.crossing.level)} {cause_first(alert)[0]}"
        style = STYLES[alert.crossing.level]
        lines = [Content.styled(line, style) for line in in_lines((why,), width, 1)]
        return lines + [Content(line) for line in in_lines(remedy_text(alert.cause.remedy), width, 1)]

    def _alert_lines(self, width: int) -> list[Content]:
        if self._alert is None or self.snapshot is None:
            return []
        text = banner_text(self._alert, self.snapshot.taken_ms, self._calendar)
        remedy = remedy_text(self._alert.cause.remedy)
        hints = banner_hints(self._alert, self._more, focused=self.has_focus)
        lines, todo, hint = alert_lines(text, remedy, hints, width)
        style = STYLES[self._alert.crossing.level]
        made = [Content.styled(line, style) for line in lines] + [Content(line) for line in todo]
        if hint:
            gap = GAP if made[-1].plain else ""
            made[-1] = Content.assemble(made[-1], gap, (hint, STYLES["note"]))
        return made
