"""The day's spend, as large as fits, beside its two limits."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.renderables.digits import Digits as DigitShapes
from textual.widgets import Digits, Static

from opencode_tui.clock import Calendar
from opencode_tui.records.day import Snapshot
from opencode_tui.report.words import band_glyph, fitting, limits, shown_band, spent_text
from opencode_tui.ui.widgets.panel import DayPanel


class Figure(DayPanel):
    """Three lines high with big digits where the screen gives it three, else one line of text."""

    DEFAULT_CSS = """
    Figure {
        height: 1;
        padding: 0;
        border: none;
        &:ansi { border: none; }
        Digits { width: auto; display: none; margin: 0 2 0 0; }
        #amount { width: auto; text-style: bold; margin: 0 2 0 0; }
        #limits { width: 1fr; color: $text-muted; text-align: right; }
        &.-warning Digits, &.-warning #amount { color: $warning; }
        &.-cutoff Digits, &.-cutoff #amount { color: $error; }
    }
    """

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar
        self._digits = Digits()
        self._amount = Static(markup=False, id="amount")
        self._limits = Static(markup=False, id="limits")

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._digits
            yield self._amount
            yield self._limits

    def facts(self, snapshot: Snapshot) -> object:
        spent = spent_text(snapshot, self._calendar), shown_band(snapshot)
        return *spent, snapshot.warning_nano, snapshot.cutoff_nano

    def show(self, snapshot: Snapshot) -> None:
        self.set_class(shown_band(snapshot) == "warning", "-warning")
        self.set_class(shown_band(snapshot) == "cutoff", "-cutoff")
        spent = spent_text(snapshot, self._calendar)
        warning, cutoff = limits(snapshot)
        digits = DigitShapes.get_width(spent)
        is_amount = "$" in spent
        spent = spent if is_amount else f"{band_glyph(shown_band(snapshot))} {spent}"
        big = is_amount and self.size.height >= 3 and digits + 2 + len(warning) + 3 <= self.size.width
        # a class of the panel would style all in it again, and the size of the digits is found after the first layout
        self._digits.display, self._amount.display = big, not big
        self._limits.styles.text_align = "left" if big else "right"
        self._digits.update(spent if big else "")
        self._amount.update(spent)
        if big:
            width = max(len(warning), len(cutoff))
            self._limits.update(f"\nof {warning:>{width}}\n   {cutoff:>{width}}")
        else:
            room = self.size.width - len(spent) - 2
            texts = (f"of {warning} · {cutoff}", f"{warning} · {cutoff}", f"of {warning}", "")
            self._limits.update(fitting(texts, room))

    def on_resize(self) -> None:
        if self.snapshot is not None:
            self.show(self.snapshot)
