"""The growth of a session's cost, with a line for each model."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static
from textual_plotext import PlotextPlot

from opencode_tui.clock import DAY_MS, Calendar, Span, month_day
from opencode_tui.money import NANO, format_usd
from opencode_tui.records.session import SessionView
from opencode_tui.report.turn_words import short_model
from opencode_tui.report.words import clock_time, fitting
from opencode_tui.ui.widgets.day_curve import height, plot_color, sampled
from opencode_tui.ui.widgets.panel import SessionPanel

Points = tuple[tuple[int, int], ...]
GROWTH_LINES = 4
COLORS = ("primary", "accent", "warning", "secondary")
"""The lines' colours in order; each line also ends with its number."""
LABEL = 4
"""Columns reserved for the number at a line's end."""


def summed(curves: list[Points]) -> Points:
    """The sum of curves that each hold their last amount."""
    steps = sorted((ms, n, spent) for n, curve in enumerate(curves) for ms, spent in curve)
    held, found = [0] * len(curves), []
    for ms, n, spent in steps:
        held[n] = spent
        found.append((ms, sum(held)))
    return tuple(found)


def growth_lines(growth: tuple[tuple[str, Points], ...]) -> list[tuple[str, Points]]:
    """(name, curve) for each model, most expensive first; the cheapest of many are summed in the last."""
    curves = [(short_model(model), points) for model, points in growth if points]
    if len(curves) <= GROWTH_LINES:
        return curves
    rest = [points for _, points in curves[GROWTH_LINES - 1 :]]
    return [*curves[: GROWTH_LINES - 1], (f"{len(rest)} others", summed(rest))]


def time_ticks(span: Span, calendar: Calendar, columns: int) -> list[tuple[int, str]]:
    """(column, label) at the start, the middle and the end if they fit; dates for a long span."""
    length = span.end_ms - span.start_ms
    fractions = ((0, 2), (1, 2), (2, 2)) if columns >= 60 else ((0, 2), (2, 2))
    ticks = []
    for part, whole in fractions:
        ms = span.start_ms + length * part // whole
        day = month_day(calendar.day(ms))
        ticks.append(((columns - 1) * part // whole, day if length >= 2 * DAY_MS else clock_time(ms, calendar)))
    return ticks


class Growth(SessionPanel):
    BORDER_TITLE = "Cost over time"
    DEFAULT_CSS = """
    Growth {
        height: 10;
        #growth-legend { height: auto; }
        PlotextPlot { height: 1fr; }
    }
    """

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(id="growth")
        self._calendar = calendar
        self._plot = PlotextPlot()
        self._plot.theme = "clear"
        self._legend = Static(markup=False, id="growth-legend")
        self._drawn: object = None

    def compose(self) -> ComposeResult:
        self._plot.plt.frame(False)
        self._plot.plt.xticks([], [])
        self._plot.plt.yticks([], [])
        yield self._legend
        yield self._plot

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.draw(force=True))

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def facts(self, view: SessionView) -> object:
        return view.growth

    def show(self, view: SessionView) -> None:
        self.draw()

    def draw(self, force: bool = False) -> None:
        """Plot if the lines or the size have changed, or with `force`."""
        view, width = self.session, self._plot.size.width
        if view is None:
            return
        lines = growth_lines(view.growth)
        wanted = (lines, self._plot.size)
        if wanted == self._drawn and not force:
            return
        self._drawn = wanted
        self._legend.update(self._words(lines))
        self._plot.display = bool(lines)
        if lines and width >= 12 and self._plot.size.height >= 3:
            self._draw_lines(lines, width)

    def _draw_lines(self, lines: list[tuple[str, Points]], width: int) -> None:
        plt, colors = self._plot.plt, self.app.theme_variables
        top = max(1, *(points[-1][1] for _, points in lines))
        first, last = min(points[0][0] for _, points in lines), max(points[-1][0] for _, points in lines)
        span, label = Span(first, max(last, first) + 1), format_usd(top)
        columns = max(width - len(label) - 2, 4) * 2  # the marker draws two in a cell
        plt.clear_data()
        plt.theme("clear")
        plt.frame(False)
        plt.xlim(0, columns - 1)
        plt.ylim(0, top * 1.1 / NANO)
        for n, (_, points) in reversed(list(enumerate(lines))):  # the costliest on top
            color = plot_color(colors[COLORS[n]])
            sample = sampled(points, span, span.end_ms, columns - LABEL)
            plt.plot([x for x, _ in sample], [height(nano, top) for _, nano in sample], marker="hd", color=color)
        for n, (_, points) in enumerate(lines):
            color, end = plot_color(colors[COLORS[n]]), height(points[-1][1], top)
            plt.text(str(n + 1), columns - 1, end, color=color, background="default", alignment="right")
        plt.yticks([0, top / NANO], ["$0", label])
        ticks = time_ticks(span, self._calendar, columns - LABEL)
        plt.xticks([column for column, _ in ticks], [text for _, text in ticks])
        self._plot.refresh()

    def _words(self, lines: list[tuple[str, Points]]) -> Content:
        if not lines:
            return Content.styled("nothing has cost anything yet", "$text-muted")
        width = max(self.size.width, 1)
        names = [f"{n} {name} {format_usd(points[-1][1])}" for n, (name, points) in enumerate(lines, 1)]
        one = "   ".join(names)
        texts = names if len(one) > width else [one]
        if len(texts) == 1 and len(names) > 1:
            parts = [(name, f"${color}") for name, color in zip(names, COLORS, strict=False)]
            return Content("   ").join([Content.styled(text, style) for text, style in parts])
        styles = [f"${color}" for color in COLORS]
        lined = [Content.styled(fitting((text,), width), style) for text, style in zip(texts, styles, strict=False)]
        return Content("\n").join(lined)
