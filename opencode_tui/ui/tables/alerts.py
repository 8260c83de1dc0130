"""The columns of the alerts that fired."""

from __future__ import annotations

from collections.abc import Callable
from typing import Never

from msgspec import Struct
from rich.text import Text

from opencode_tui.clock import Calendar, Clock
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import Alert
from opencode_tui.report.alert_words import brief_moment, level_glyph, state_text
from opencode_tui.ui.tables.columns import Column
from opencode_tui.ui.theme import STYLES


class AlertContext(Struct, frozen=True):
    """What an alert's cells need besides the alert."""

    clock: Clock
    calendar: Calendar
    title_of: Callable[[Alert], str]
    """Returns the title of an alert's session."""


def is_handled(alert: Alert, at: AlertContext) -> bool:
    """Whether it is seen, snoozed or acknowledged."""
    return state_text(alert, at.clock(), at.calendar) != "new"


def in_color(text: str, alert: Alert, at: AlertContext) -> Text:
    """A text in the colour of the alert's level, until the alert is handled."""
    return Text(text, style="" if is_handled(alert, at) else STYLES[alert.crossing.level])


AlertColumn = Column[Alert, AlertContext, Never]

ALERT_COLUMNS = (
    AlertColumn("glyph", "", lambda alert, at: in_color(level_glyph(alert.crossing.level), alert, at), 1),
    AlertColumn("when", "When", lambda alert, at: brief_moment(alert.fired_ms, at.clock(), at.calendar), 6),
    AlertColumn("level", "Level", lambda alert, at: in_color(alert.crossing.level, alert, at), 7, drop_at=2),
    AlertColumn("what", "What", lambda alert, at: alert.text, 12, grow=True),
    AlertColumn("session", "Session", lambda alert, at: at.title_of(alert), 20, drop_at=4),
    # the cost of the cause, if one was found
    AlertColumn(
        "cost",
        "Cost",
        lambda alert, at: format_usd(alert.cause.cost_nano) if alert.cause.cost_nano else "",
        7,
        "right",
        drop_at=3,
    ),
    AlertColumn("state", "State", lambda alert, at: state_text(alert, at.clock(), at.calendar), 16, drop_at=1),
)
