"""The details of one alert: its full text, its rule and line, and its deliveries."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from opencode_tui.clock import Calendar, Clock
from opencode_tui.records.alerts import Alert
from opencode_tui.report.alert_words import cause_first, details, level_glyph
from opencode_tui.ui.moving import ScrollPane
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import SCROLLBAR, wrapped

DETAIL_INDENT = 9


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
    for what, text in details(alert, title, now_ms, calendar):
        first, *others = wrapped(text, max(width - DETAIL_INDENT, 8))
        lines.append(Content.assemble((what.ljust(DETAIL_INDENT), STYLES["note"]), first))
        lines += [Content.assemble((" " * DETAIL_INDENT, STYLES["note"]), other) for other in others]
    return Content("\n").join(lines)


class AlertDetail(ScrollPane, can_focus=True):
    DEFAULT_CSS = """
    AlertDetail {
        height: auto;
        padding: 0 1;
        border-top: solid $foreground 20%;
        scrollbar-size-vertical: 1;
        &:ansi { border-top: solid ansi_bright_black; }
        &:focus {
            border-top: heavy $foreground 60%;
            &:ansi { border-top: heavy ansi_default; }
        }
        Static { height: auto; text-wrap: nowrap; text-overflow: clip; }
    }
    """

    def __init__(self, calendar: Calendar, clock: Clock) -> None:
        super().__init__(id="alert")
        self._calendar, self._clock = calendar, clock
        self._alert: Alert | None = None
        self._title = ""
        self._shown: Content | None = None

    def compose(self) -> ComposeResult:
        yield Static(markup=False)

    def show_alert(self, alert: Alert | None, title: str) -> None:
        """Show an alert; a different one is shown from its top."""
        other = alert is None or self._alert is None or alert.id != self._alert.id
        self._alert, self._title = alert, title
        self._write()
        if other:
            self.scroll_home(animate=False)

    def on_resize(self) -> None:
        self._write()

    def _write(self) -> None:
        width = (self.scrollable_content_region.width or self.app.size.width - 2) - SCROLLBAR
        content = Content("")
        if self._alert is not None:
            content = alert_content(self._alert, self._title, self._clock(), self._calendar, width)
        if content != self._shown:
            self._shown = content
            self.query_one(Static).update(content)
