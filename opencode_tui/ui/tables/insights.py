"""The columns of the insights of a period, with the sessions of an opened one below it."""

from __future__ import annotations

from typing import Literal, Never

from msgspec import Struct
from rich.text import Text

from opencode_tui.money import format_usd
from opencode_tui.records.answers import InsightList
from opencode_tui.records.insights import FollowedInsight, Insight, InsightSession
from opencode_tui.report.levers import LEVER_NAMES
from opencode_tui.ui.tables.columns import Column
from opencode_tui.ui.theme import STYLES
from opencode_tui.ui.widgets.blocks import cut, cut_inside, width_of

InsightPlace = Literal["one", "closed", "opened", "member"]
"""An insight with one session or none, one with several, or a session below an opened one."""
FULL_WHAT = 44
_ID_END = 4
"""How much of a session's id tells it from another of the same title."""


class InsightRow(Struct, frozen=True):
    place: InsightPlace
    insight: Insight | None
    """None for one that was done and is not found in the period any more."""
    session: InsightSession | None = None
    """For a member its session, else the first."""
    followed: FollowedInsight | None = None

    @property
    def title(self) -> str:
        if self.place == "member" and self.session is not None:
            return f"· {self.session.title}"
        return {"closed": "▸ ", "opened": "▾ "}.get(self.place, "") + self.name

    @property
    def name(self) -> str:
        """The insight's title, for a member as well."""
        if self.insight is not None:
            return self.insight.title
        return self.followed.mark.title if self.followed is not None else ""

    @property
    def state(self) -> str:
        if self.place == "member":
            return ""
        state = self.insight.state if self.insight is not None else "done"
        return "" if state == "new" else state


def is_decided(row: InsightRow, _: InsightList) -> bool:
    """Whether it is dismissed or done."""
    return bool(row.state)


def _cost(row: InsightRow) -> Text | str:
    if row.place == "member" and row.session is not None:
        return format_usd(row.session.nano)
    if row.insight is None:
        return ""
    return Text(format_usd(row.insight.cost_nano), style="" if row.state else STYLES["warning"])


def _saves(row: InsightRow) -> str:
    if row.place == "member" or row.insight is None:
        return ""
    most = "≤" if row.insight.saves_at_most else ""
    return f"{most}{format_usd(row.insight.saves_nano)}" if row.insight.saves_nano else "?"


def _fitted(row: InsightRow, found: InsightList, width: int) -> str:
    """The title; cut at its end, or inside where another's would be cut to the same."""
    title, own = row.title, row.name
    others = [each.title for each in (*found.insights, *found.dismissed) if each is not row.insight]
    if row.place == "member" and row.session is not None and row.insight is not None:
        own = row.session.title
        others = [each.title for each in row.insight.sessions if each.id != row.session.id]
        title += f" …{row.session.id[-_ID_END:]}" if own in others else ""
    left = width - width_of(row.title) + width_of(own)  # without the glyph before it
    is_twin = any(cut(other, left) == cut(own, left) for other in others)
    return cut_inside(title, width) if is_twin else title


def _of_insight(row: InsightRow, text: str) -> str:
    return "" if row.place == "member" or row.insight is None else text


InsightColumn = Column[InsightRow, InsightList, Never]

INSIGHT_COLUMNS = (
    InsightColumn("cost", "Cost", lambda row, _: _cost(row), 7, "right"),
    InsightColumn("saves", "Would save", lambda row, _: _saves(row), 10, "right", drop_at=2),
    InsightColumn("what", "Why", lambda row, _: row.title, FULL_WHAT, grow=True, grow_min=18, fitted=_fitted),
    InsightColumn(
        "lever",
        "Lever",
        lambda row, _: _of_insight(row, LEVER_NAMES[row.insight.lever] if row.insight else ""),
        21,
        drop_at=4,
    ),
    InsightColumn(
        "sure", "Sure", lambda row, _: _of_insight(row, row.insight.sure if row.insight else ""), 9, drop_at=5
    ),
    InsightColumn(
        "calls",
        "Calls",
        lambda row, _: _of_insight(row, f"{row.insight.calls:,}" if row.insight else ""),
        5,
        "right",
        drop_at=6,
    ),
    InsightColumn("state", "State", lambda row, _: row.state, 9, drop_at=3),
)
