"""Bars that stand, a column for each period, with an axis, the lines, marks and names below."""

from __future__ import annotations

from collections.abc import Sequence

from opencode_tui.clock import month_name, weekday
from opencode_tui.records.day import Band
from opencode_tui.records.history import HistoryView, PeriodUnit, PeriodUse
from opencode_tui.report.history_words import (
    Measure,
    amount_of,
    band_of_period,
    measure_text,
    period_amount,
    period_mark,
    unit_label,
)
from opencode_tui.ui.theme import CURSOR, STYLES
from opencode_tui.ui.widgets.blocks import cut, upward
from opencode_tui.ui.widgets.scale import Scale, scale_of
from opencode_tui.ui.widgets.seven_days import Piece, line_row

LEAST_HEIGHT = 7
"""The least height of the chart with its names."""
WANTED: dict[PeriodUnit, int] = {"day": 35, "week": 20, "month": 24}
"""So many periods are shown before the columns become wider."""
WIDEST: dict[PeriodUnit, int] = {"day": 8, "week": 8, "month": 12}
BELOW: dict[PeriodUnit, int] = {"day": 3, "week": 2, "month": 2}
"""The rows below the bars."""
AMOUNTS_FROM = 8
"""The least width of a column with its amount."""


def column_width(unit: PeriodUnit, room: int, there: int) -> int:
    """The cells of a column, its gap included: the widest that leaves room for as many as are wanted, or are there."""
    wanted = max(min(WANTED[unit], there), 1)
    return min(max(room // wanted, 2), WIDEST[unit])


def axis_width(unit: PeriodUnit, history: HistoryView | None, measure: Measure) -> int:
    """The cells for the amounts to the left, whichever periods are shown: the largest day decides, or six of it."""
    if history is None:
        return 0
    scale = scale_of(history.days, unit, history, measure)
    most = scale.top * {"day": 1, "week": 7, "month": 31}[unit]
    return len(measure_text(most, measure)) + 1


def standing_rows(
    uses: Sequence[PeriodUse],
    unit: PeriodUnit,
    history: HistoryView,
    scale: Scale,
    at: int,
    column: int,
    axis: int,
    size: tuple[int, int],
    focused: bool,
) -> list[list[Piece]]:
    """The rows of a chart of (width, height), from the highest to the names; the cursor is on column `at`."""
    width, height = size
    rest = max(width - axis - len(uses) * column, 0)
    with_amounts = column >= AMOUNTS_FROM and height >= LEAST_HEIGHT + 3
    bars_height = height - BELOW[unit] - with_amounts
    bands: list[Band] = [band_of_period(use, unit, history) if scale.measure == "spend" else "calm" for use in uses]
    bars = [upward(amount_of(use, scale.measure), scale.top, bars_height) for use in uses]
    labels = _axis_labels(scale, bars_height)
    rows = []
    for row in range(bars_height - 1, -1, -1):
        empty, style = _empty(scale, row, bars_height)
        label, label_style = labels.get(row, ("", ""))
        pieces: list[Piece] = [(f"{label:>{axis - 1}} ", label_style)]
        for bar, band in zip(bars, bands, strict=True):
            if bar[row] != " ":
                pieces.append((bar[row] * (column - 1), STYLES[band] if band != "calm" else "$primary"))
                pieces.append((empty, style))
            else:
                pieces.append((empty * column, style))
        rows.append([*pieces, (empty * rest, style)])
    margin: Piece = (" " * axis, "")
    if with_amounts:
        rows.append(
            [
                margin,
                *((f"{cut(text, column - 1)} ", "") for text in (period_amount(use, scale.measure) for use in uses)),
            ]
        )
    if unit != "month":
        marks = [period_mark(use, unit, history) if scale.measure == "spend" else "" for use in uses]
        styles = [STYLES[band] for band in bands]
        rows.append([margin, *_labelled(marks, styles, column, at, focused)])
    notes = [STYLES["note"]] * len(uses)
    rows.append([margin, *_labelled([_name(use, unit, column) for use in uses], notes, column, at, focused)])
    rows.append([margin, *_labelled([_place(use, unit, column) for use in uses], notes, column, -1, focused)])
    return rows


def _empty(scale: Scale, row: int, height: int) -> Piece:
    """What a cell of a row shows where there is no bar."""
    if scale.cutoff is None:
        return " ", ""
    cutoff = line_row(scale.cutoff, scale.top, height)
    if row == cutoff:
        return "╌", STYLES["cutoff" if scale.warning is not None else "warning"]
    if scale.warning is not None and line_row(scale.warning, scale.top, height) <= row < cutoff:
        return "·", STYLES["warning"]
    return " ", ""


def _axis_labels(scale: Scale, height: int) -> dict[int, Piece]:
    """(text, style) by row: the lines, and the top and the middle where they leave room."""
    line = STYLES["cutoff" if scale.warning is not None else "warning"]
    wanted: list[tuple[int | None, str]] = [(scale.cutoff, line), (scale.warning, STYLES["warning"])]
    found: dict[int, Piece] = {}
    for amount, style in wanted:
        if amount is not None:
            found.setdefault(line_row(amount, scale.top, height), (scale.text(amount), style))
    for row in (height - 1, height // 2):
        if not found.keys() & {row - 1, row, row + 1}:
            found[row] = (scale.text(scale.top * (row + 1) // height), STYLES["note"])
    return found


def _name(use: PeriodUse, unit: PeriodUnit, column: int) -> str:
    """Such as `Wed` or `W`, `W19` or `19`, `May` or `M`, by the width of a column."""
    if unit == "day":
        return weekday(use.first)[: 3 if column > 3 else 1]
    name = unit_label(unit, use.first)
    if unit == "week":
        return name if column > 3 else name[1:]
    return name if column > 3 else name[:1]


def _place(use: PeriodUse, unit: PeriodUnit, column: int) -> str:
    """Where a period is: the day of the month, the month or the year, on the first one of it."""
    if unit == "month":
        return str(use.first.year) if use.first.month == 1 else ""
    if unit == "week":
        return month_name(use.last) if use.last.day <= 7 else ""
    if use.first.day == 1:
        return month_name(use.first)
    return str(use.first.day) if column > 2 or use.first.weekday() == 0 else ""


def _labelled(texts: Sequence[str], styles: Sequence[str], column: int, at: int, focused: bool) -> list[Piece]:
    """The texts, each at its column as far as the one before leaves room, with the cursor's column marked."""
    letters = [" "] * (len(texts) * column)
    free = 0
    for n, text in enumerate(texts):
        left = n * column
        if text and left >= free and left + len(text) <= len(letters):
            letters[left : left + len(text)] = text
            free = left + len(text) + (len(text) >= column)
    pieces: list[Piece] = []
    for n, style in enumerate(styles):
        left, right = n * column, (n + 1) * column
        if n == at and focused:
            pieces += [("".join(letters[left : right - 1]), CURSOR), (letters[right - 1], "")]
        else:
            pieces.append(("".join(letters[left:right]), "bold" if n == at else style))
    return pieces
