"""The columns of the alerts that fired, grouped by the session that they lead to."""

from __future__ import annotations

from typing import Literal, Never

from msgspec import Struct
from rich.text import Text

from opencode_tui.analysis.alert_groups import AlertGroup, is_open
from opencode_tui.clock import Calendar, Clock
from opencode_tui.money import format_usd
from opencode_tui.records.alerts import Alert
from opencode_tui.report.alert_words import brief_moment, cause_first, group_texts, level_glyph, state_text
from opencode_tui.ui.tables.columns import Column
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import cut, width_of

AlertRowPlace = Literal["one", "closed", "opened", "member"]
"""An alert by itself, the heading of a group, or an alert below an opened heading."""
MIN_WHY, FULL_WHY = 30, 60
"""The width that the cause keeps beside the important columns, and beside all others."""
LEAST_GROUP_TITLE = 8
"""The cells of a heading's title below which its cost is left out."""
HEADINGS = ("closed", "opened")


class AlertRow(Struct, frozen=True):
    place: AlertRowPlace
    alert: Alert
    """For a heading the gravest of its group."""
    group: AlertGroup

    @property
    def is_heading(self) -> bool:
        return self.place in HEADINGS


class AlertContext(Struct, frozen=True):
    """What an alert's cells need besides the alert."""

    clock: Clock
    calendar: Calendar


def is_handled(row: AlertRow, at: AlertContext) -> bool:
    """Whether it, or for a heading all of its group, is seen, snoozed or acknowledged."""
    alerts = row.group.alerts if row.is_heading else (row.alert,)
    return not any(is_open(alert, at.clock()) for alert in alerts)


def in_color(text: str, row: AlertRow, at: AlertContext) -> Text:
    """A text in the colour of the alert's level, until the alert is handled."""
    return Text(text, style="" if is_handled(row, at) else STYLES[row.alert.crossing.level])


def why_text(row: AlertRow, width: int) -> str:
    """The cause; for a heading whose alerts they are, how many, and the cause of the gravest."""
    if row.is_heading:
        mark = "▾ " if row.place == "opened" else "▸ "
        text = mark + heading(row.group, width - len(mark))
        has_room = width - width_of(text) > LEAST_GROUP_TITLE
        return f"{text}: {cause_first(row.alert)[0]}" if has_room else text
    return ("  " if row.place == "member" else "") + cause_first(row.alert)[0]


def heading(group: AlertGroup, width: int) -> str:
    """Such as `Fix header · 4 alerts · $40.47`; where there is no room for it the title gives way, never the count."""
    title, tails = group_texts(group)
    for tail in tails:
        room = width - width_of(tail)
        if room >= min(width_of(title), LEAST_GROUP_TITLE):
            break
    return cut(title, min(width_of(title), max(room, 1))) + tail


def title_beside(row: AlertRow) -> str:
    return row.group.session.title if row.place == "one" and row.group.session else ""


def cost(row: AlertRow) -> str:
    """The cost of the cause, if one was found; a heading has that of its session in its text."""
    return format_usd(row.alert.cause.cost_nano) if row.alert.cause.cost_nano and not row.is_heading else ""


def state(row: AlertRow, at: AlertContext) -> str:
    """The alert's state; for a heading how many are new."""
    now = at.clock()
    if row.is_heading and (new := sum(is_open(alert, now) for alert in row.group.alerts)):
        return f"{new} new"
    return state_text(row.alert, now, at.calendar)


AlertColumn = Column[AlertRow, AlertContext, Never]

ALERT_COLUMNS = (
    AlertColumn("glyph", "", lambda row, at: in_color(level_glyph(row.alert.crossing.level), row, at), 1),
    AlertColumn("when", "When", lambda row, at: brief_moment(row.alert.fired_ms, at.clock(), at.calendar), 6),
    AlertColumn(
        "level", "Level", lambda row, at: in_color(row.alert.crossing.level, row, at), 7, drop_at=2, grow_min=MIN_WHY
    ),
    AlertColumn(
        "what",
        "Why",
        lambda row, at: why_text(row, FULL_WHY),
        FULL_WHY,
        grow=True,
        fitted=lambda row, at, width: why_text(row, width),
    ),
    AlertColumn(
        "crossed",
        "Crossed",
        lambda row, at: "" if row.is_heading else cause_first(row.alert)[1],
        None,
        max_width=36,
        drop_at=4,
    ),
    AlertColumn("session", "Session", lambda row, at: title_beside(row), 20, drop_at=5),
    AlertColumn("cost", "Cost", lambda row, at: cost(row), None, "right", drop_at=3, grow_min=MIN_WHY),
    AlertColumn("state", "State", lambda row, at: state(row, at), 16, drop_at=1, grow_min=12),
)
