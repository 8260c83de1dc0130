"""The scale of a chart's bars: its top, and the lines that they are held against."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from opencode_tui.records.day import Band
from opencode_tui.records.history import HistoryView, PeriodUnit, PeriodUse
from opencode_tui.report.history_words import Measure, amount_of, measure_text


class Scale(Struct, frozen=True):
    """`warning` and `cutoff` are amounts; None where there is no such line."""

    measure: Measure
    top: int
    warning: int | None = None
    cutoff: int | None = None

    def text(self, amount: int) -> str:
        return measure_text(amount, self.measure)

    def empty(self, low: int, high: int) -> Band | None:
        """The line or band that the stretch from `low` to below `high` shows where there is no bar."""
        if self.cutoff is not None and low <= self.cutoff < high:
            return "cutoff"
        if self.warning is not None and self.cutoff is not None and self.warning < high and low < self.cutoff:
            return "warning"
        return None


def scale_of(uses: Sequence[PeriodUse], unit: PeriodUnit, history: HistoryView, measure: Measure) -> Scale:
    """The scale for these periods: the lines of a day, or the target of a week, are always on it."""
    most = max((amount_of(use, measure) for use in uses), default=0)
    if measure == "tokens" or unit == "month":
        return Scale(measure, max(most, 1))
    if unit == "week":
        return Scale(measure, max(most, history.target_nano * 21 // 20, 1), cutoff=history.target_nano)
    return Scale(
        measure,
        max(most, history.cutoff_nano * 21 // 20, 1),
        warning=history.warning_nano,
        cutoff=history.cutoff_nano,
    )
