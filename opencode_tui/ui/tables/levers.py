"""The columns of the levers, with the insights that each answers."""

from __future__ import annotations

from typing import Never

from rich.text import Text

from opencode_tui.money import format_usd
from opencode_tui.records.answers import LeverList
from opencode_tui.records.levers import LeverEvidence
from opencode_tui.report.levers import LEVER_NAMES
from opencode_tui.ui.tables.columns import Column
from opencode_tui.ui.theme import STYLES

LeverColumn = Column[LeverEvidence, LeverList, Never]


def has_no_insight(group: LeverEvidence, _: LeverList) -> bool:
    return not group.insights


def _saves(group: LeverEvidence) -> Text | str:
    if not group.insights:
        return ""
    most = "≤" if any(insight.saves_at_most for insight in group.insights) else ""
    return Text(f"{most}{format_usd(group.saves_nano)}", style=STYLES["warning"]) if group.saves_nano else "?"


def _cost(group: LeverEvidence) -> str:
    return format_usd(group.cost_nano) if group.insights else ""


def _many(group: LeverEvidence) -> str:
    return f"{len(group.insights):,}" if group.insights else ""


def _first(group: LeverEvidence) -> str:
    return group.insights[0].title if group.insights else "no insight"


LEVER_COLUMNS = (
    LeverColumn("saves", "Saves", lambda group, _: _saves(group), 7, "right"),
    LeverColumn("lever", "Lever", lambda group, _: LEVER_NAMES[group.lever], 21),
    LeverColumn("cost", "Of", lambda group, _: _cost(group), 7, "right", drop_at=2),
    LeverColumn("insights", "Insights", lambda group, _: _many(group), 8, "right", drop_at=3),
    LeverColumn("first", "First", lambda group, _: _first(group), 24, grow=True, drop_at=1),
)
