"""The cells of a heatmap: shades for amounts, and the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from opencode_tui.analysis.year_grid import shade_lines, shade_of
from opencode_tui.records.history import HistoryView, PeriodUse
from opencode_tui.report.history_words import Measure, amount_of, band_of_period, measure_text, period_mark
from opencode_tui.ui.theme import CURSOR, STYLES
from opencode_tui.ui.widgets.seven_days import Piece

SHADE_GLYPHS = "░▒▓█"
"""From the least to the most."""
NONE, FREE, UNKNOWN = "·", "∘", "?"
"""A day without calls, one whose calls cost nothing, and one of which nothing could be read."""


class Heat(Struct, frozen=True):
    """What a cell is drawn by: the days, and the amounts from which the darker shades begin."""

    history: HistoryView
    measure: Measure
    days: dict[date, PeriodUse]
    lines: tuple[int, ...]

    def cell(self, day: date | None, width: int, cursor: date, focused: bool) -> Piece:
        """(text, style) of a day in 1, 2 or 3 cells; blank before the ledger begins and after today."""
        if day is None or not self.history.first <= day <= self.history.last:
            return " " * width, ""
        use = self.days.get(day)
        shade, style = NONE, STYLES["note"]
        if use is not None:
            found = band_of_period(use, "day", self.history) if self.measure == "spend" else "calm"
            amount = amount_of(use, self.measure)
            shade = SHADE_GLYPHS[shade_of(amount, self.lines) - 1] if amount > 0 else FREE if use.calls else UNKNOWN
            style = STYLES[found] if found != "calm" else "$primary"
        if day == cursor:
            return {1: "◆", 2: "[]"}.get(width, f"[{shade}]"), CURSOR if focused else "bold"
        solid = min(width, 2) if shade in SHADE_GLYPHS else 1
        return f"{shade * solid:<{width}}", style

    def legend(self) -> tuple[str, ...]:
        """What the shades mean, from the longest variant to the shortest."""
        amounts = [measure_text(line, self.measure) for line in self.lines]
        darker = zip(range(1, len(SHADE_GLYPHS)), SHADE_GLYPHS[1:], amounts, strict=False)
        steps = [f"{shade}{self._mark(number)} from {amount}" for number, shade, amount in darker]
        first = f"{SHADE_GLYPHS[0]}{self._mark(0)} {'less' if steps else 'calls'}"
        short = [step.replace(" from ", " ") for step in steps]
        return (
            "  ".join((f"{NONE} no calls", first, *steps)),
            "  ".join((f"{NONE} none", first, *short)),
            "  ".join(short),
        )

    def _mark(self, shade: int) -> str:
        """The mark of the days of a shade, which are all in one band."""
        if self.measure == "tokens":
            return ""
        least = min((day.spend_nano for day in self.days.values() if day.spend_nano > 0), default=0)
        day = PeriodUse(date.min, date.min, self.lines[shade - 1] if shade else least)
        mark = period_mark(day, "day", self.history)
        return f" {mark}" if mark else ""


def heat_of(history: HistoryView, measure: Measure, days: Sequence[PeriodUse]) -> Heat:
    """The heat with its shades by these days, those that are shown."""
    bands = (history.warning_nano, history.cutoff_nano) if measure == "spend" else ()
    lines = shade_lines((amount_of(day, measure) for day in days), bands)
    return Heat(history, measure, {day.first: day for day in days}, lines)
