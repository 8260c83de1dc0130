"""Bars that lie, a row for each period, for a narrow pane."""

from __future__ import annotations

from collections.abc import Sequence

from opencode_tui.clock import month_name, weekday
from opencode_tui.records.history import HistoryView, PeriodUnit, PeriodUse
from opencode_tui.report.history_words import amount_of, band_of_period, period_amount, period_mark, unit_label
from opencode_tui.ui.theme import CURSOR, STYLES
from opencode_tui.ui.widgets.blocks import across
from opencode_tui.ui.widgets.scale import Scale
from opencode_tui.ui.widgets.seven_days import Piece

MARK_CELLS = 1
"""The width of a mark."""


def lying_name(use: PeriodUse, unit: PeriodUnit) -> str:
    """Such as `Tue 12`, `1 May` on the first of a month, `W19` and `May 2026`."""
    if unit == "month":
        return f"{month_name(use.first)} {use.first.year}"
    if unit == "week":
        return unit_label(unit, use.first)
    return f"{month_name(use.first)}  1" if use.first.day == 1 else f"{weekday(use.first)} {use.first.day:2}"


def lying_rows(
    uses: Sequence[PeriodUse],
    unit: PeriodUnit,
    history: HistoryView,
    scale: Scale,
    at: int,
    width: int,
    focused: bool,
) -> list[list[Piece]]:
    """The rows, each of `width` cells: name, bar with the lines, amount, mark. The cursor is on row `at`."""
    names = [lying_name(use, unit) for use in uses]
    amounts = [period_amount(use, scale.measure) for use in uses]
    name, amount = max(map(len, names), default=0), max(map(len, amounts), default=0)
    bar = max(width - name - amount - MARK_CELLS - 3, 0)
    rows = []
    for n, use in enumerate(uses):
        band = band_of_period(use, unit, history) if scale.measure == "spend" else "calm"
        mark = period_mark(use, unit, history) if scale.measure == "spend" else ""
        named = CURSOR if focused and n == at else "bold" if n == at else STYLES["note"]
        pieces: list[Piece] = [(f"{names[n]:<{name}}", named), (" ", "")]
        drawn = across(amount_of(use, scale.measure), scale.top, bar)
        for cell, letter in enumerate(drawn):
            if letter != " ":
                pieces.append((letter, STYLES[band] if band != "calm" else "$primary"))
                continue
            line = scale.empty(scale.top * cell // bar, scale.top * (cell + 1) // bar)
            pieces.append(({"cutoff": "╎", "warning": "·"}.get(line or "", " "), STYLES[line] if line else ""))
        pieces.append((f" {amounts[n]:>{amount}} ", CURSOR if focused and n == at else ""))
        pieces.append((f"{mark:<{MARK_CELLS}}", STYLES[band]))
        rows.append(pieces)
    return rows
