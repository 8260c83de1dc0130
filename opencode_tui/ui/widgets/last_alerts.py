"""The last alerts that fired, each with its cause first."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import var

from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.alerts import Alert
from opencode_tui.records.answers import AlertList
from opencode_tui.report.alert_words import brief_moment, cause_first, level_glyph, state_text
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import cut, wrapped
from opencode_tui.ui.widgets.panel import Panel

ALERT_INDENT = 9
"""The cells of the glyph and the time."""
CAUSE_LINES = 2
"""The most lines of a cause."""


def alert_rows(alert: Alert, now_ms: int, calendar: Calendar, width: int) -> list[Content]:
    """The cause behind the glyph and the time, and below it the alert's state with what was crossed."""
    first, crossed = cause_first(alert)
    state = state_text(alert, now_ms, calendar)
    style = STYLES[alert.crossing.level] if state == "new" else ""
    room = max(width - ALERT_INDENT, 8)
    lines = wrapped(first, room)
    if len(lines) > CAUSE_LINES:
        lines = [*lines[: CAUSE_LINES - 1], cut(" ".join(lines[CAUSE_LINES - 1 :]), room)]
    head = f"{level_glyph(alert.crossing.level)} {brief_moment(alert.fired_ms, now_ms, calendar):>6} "
    below = cut(" · ".join(filter(None, (state, crossed))), room).rstrip()
    return [
        Content.assemble((head, style), (lines[0], style)),
        *(Content.styled(" " * ALERT_INDENT + line, style) for line in lines[1:]),
        Content.styled(" " * ALERT_INDENT + below, STYLES["note"]),
    ]


class LastAlerts(Panel[AlertList]):
    BORDER_TITLE = "Last alerts"

    fired: var[AlertList | None] = var(None)

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        super().__init__(id="last-alerts")
        self._calendar, self._clock = calendar, clock

    def facts(self, record: AlertList) -> object:
        return record.alerts

    def watch_fired(self, fired: AlertList | None) -> None:
        self.follow(fired)

    def render(self) -> Content:
        if self.fired is None:
            return Content("")
        if not self.fired.alerts:
            return Content.styled("no alert has fired yet", STYLES["note"])
        lines: list[Content] = []
        for alert in self.fired.alerts:
            rows = alert_rows(alert, self._clock(), self._calendar, self.size.width)
            if lines and len(lines) + len(rows) > self.size.height:
                break
            lines += rows
        return Content("\n").join(lines)
