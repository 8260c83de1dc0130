"""Where the labels of the day's curve stand: its highest point, and the lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import floor

from opencode_tui.money import format_usd
from opencode_tui.records.day import Band
from opencode_tui.report.words import band_glyph

NAMED_LINES = 40
"""The least width in cells that has room for the names of the lines beside the curve."""


def axis_row(nano: int, top: float, rows: int) -> int:
    """The row of an amount on an axis from 0 to `top`, counted from 0 at the bottom, as plotext has it."""
    return floor(0.5 + (rows - 1) * nano / top)


def highest_row(nano: int, limits: Iterable[int], top: float, rows: int) -> int | None:
    """The row for the label of the highest point, which must not look like that of a line; None if there is none."""
    row, taken = axis_row(nano, top, rows), {axis_row(limit, top, rows) for limit in limits}
    return next((each for each in (row, row - 1) if each >= 0 and each not in taken), None)


def line_labels(limits: Sequence[tuple[Band, int]], top: float, rows: int, width: int) -> list[tuple[Band, int, str]]:
    """(level, amount at which it stands, text) of each line's label, such as `cutoff $1.50`, or `■ $1.50` if narrow.

    Lines that share a row of an axis from 0 to `top` share a label.
    """
    found: dict[int, tuple[Band, int, str]] = {}
    for level, nano in limits:
        row = axis_row(nano, top, rows)
        name = level if width >= NAMED_LINES else band_glyph(level)
        before = f"{found[row][2]} · " if row in found else ""
        found[row] = (level, nano, f"{before}{name} {format_usd(nano)}")
    return list(found.values())
