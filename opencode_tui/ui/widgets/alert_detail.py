"""The details of one alert: its full text, its rule and line, and its deliveries."""

from __future__ import annotations

from textual.content import Content

from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.alerts import Alert
from opencode_tui.report.alert_words import cause_first, details, level_glyph
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import wrapped
from opencode_tui.ui.widgets.detail_pane import DetailPane, labelled


def nothing_fired(rules: tuple[str, ...], config: str) -> Content:
    """The text for a ledger without alerts: the enabled rules, and where to change them."""
    watching = "".join(f"\n· {rule}" for rule in rules)
    where = f"\n\nChange them under [budget] and [alerts] in {config}"
    return Content.assemble(("No alert has fired yet", "bold"), "\n\nWatching:", watching, where)


def alert_content(alert: Alert, title: str, now_ms: int, calendar: Calendar, width: int) -> Content:
    """The alert's cause, what was crossed, and its details in lines of at most `width` cells."""
    level = alert.crossing.level
    first, crossed = cause_first(alert) if alert.cause.found else (alert.text, "")
    lines = [Content.styled(line, STYLES[level]) for line in wrapped(f"{level_glyph(level)} {first}", width)]
    lines += [Content.styled(line, STYLES[level]) for line in wrapped(crossed, width) if crossed]
    return Content("\n").join([*lines, *labelled(details(alert, title, now_ms, calendar), width)])


class AlertDetail(DetailPane):
    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        super().__init__(id="alert")
        self._calendar, self._clock = calendar, clock

    def show_alert(self, alert: Alert | None, title: str) -> None:
        """Show an alert; a different one is shown from its top."""
        if alert is None:
            self.show_content(None, None)
        else:
            self.show_content(alert.id, lambda width: alert_content(alert, title, self._clock(), self._calendar, width))
