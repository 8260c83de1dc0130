"""The columns and the cells of the table of alerts."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from rich.text import Text
from textual.color import Color

from opencode_tui.alert_records import Alert
from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd
from opencode_tui.report.alert_words import brief_moment, level_glyph, state_text
from opencode_tui.settings import Level
from opencode_tui.ui.widgets.row_columns import Column
from opencode_tui.ui.widgets.row_table import Cells

COLUMNS = (
    Column("", 1),
    Column("When", 6),
    Column("Level", 7, drop_at=2),
    Column("What", 12, grow=True),
    Column("Session", 20, drop_at=4),
    Column("Cost", 7, "right", drop_at=3),
    Column("State", 16, drop_at=1),
)
VARIABLES: dict[Level, str] = {"notice": "primary", "warning": "warning", "cutoff": "error"}


def alert_cells(alert: Alert, title: str, now_ms: int, calendar: Calendar, colors: Mapping[str, str]) -> Cells:
    """The cells of one alert; one that nobody has seen has its level's colour, the others are dim.

    `Cost` is what the cause itself cost, where one was found.
    """
    level = alert.crossing.level
    state = state_text(alert, now_ms, calendar)
    rest = Style() if state == "new" else Style(dim=True)
    mark = Style(color=Color.parse(colors[VARIABLES[level]]).rich_color) if state == "new" else rest
    return (
        Text(level_glyph(level), style=mark),
        Text(brief_moment(alert.fired_ms, now_ms, calendar), style=rest),
        Text(level, style=mark),
        Text(alert.text, style=rest),
        Text(title, style=rest),
        Text(format_usd(alert.cause.cost_nano) if alert.cause.cost_nano else "", style=rest),
        Text(state, style=rest),
    )
