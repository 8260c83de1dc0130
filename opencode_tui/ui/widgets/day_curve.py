"""The curve of the day's spend, with the warning and the cutoff as lines."""

from __future__ import annotations

from bisect import bisect_right

from textual.app import ComposeResult
from textual_plotext import PlotextPlot

from opencode_tui.clock import HOUR_MS, Calendar, Span
from opencode_tui.money import NANO
from opencode_tui.records.day import Band, Snapshot
from opencode_tui.report.words import amount_text
from opencode_tui.ui.widgets.curve_axis import highest_row, line_labels
from opencode_tui.ui.widgets.panel import DayPanel

SHOWN_HOURS = 8
"""The least span of the time axis."""
BEAT_MS = 5 * 60_000
"""The curve is extended to the current time in these steps, so that it is not redrawn at each poll."""
THEME_COLORS: dict[Band, str] = {"calm": "primary", "warning": "warning", "cutoff": "error"}
_ANSI = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


def shown_span(snapshot: Snapshot) -> Span:
    """From the hour of the first call to two hours from now, eight hours at least, within the day."""
    first = snapshot.curve[0][0] if snapshot.curve else min(snapshot.taken_ms, snapshot.day_end_ms - 1)
    start = snapshot.day_start_ms + (first - snapshot.day_start_ms) // HOUR_MS * HOUR_MS
    last = snapshot.taken_ms if snapshot.is_today else (snapshot.curve[-1][0] if snapshot.curve else start)
    end = snapshot.day_start_ms + ((last - snapshot.day_start_ms) // HOUR_MS + 2) * HOUR_MS
    end = min(max(end, start + SHOWN_HOURS * HOUR_MS), snapshot.day_end_ms)
    return Span(max(min(start, end - SHOWN_HOURS * HOUR_MS), snapshot.day_start_ms), end)


def sampled(curve: tuple[tuple[int, int], ...], span: Span, until_ms: int, columns: int) -> list[tuple[int, int]]:
    """(column, nano-dollars): the spend at the end of each column's time, up to `until_ms`."""
    if not curve or columns <= 0:
        return []
    times = [ms for ms, _ in curve]
    points = []
    for column in range(columns):
        begin = span.start_ms + (span.end_ms - span.start_ms) * column // columns
        end = span.start_ms + (span.end_ms - span.start_ms) * (column + 1) // columns
        reached = bisect_right(times, end - 1)
        if begin > until_ms or (reached == 0):
            continue
        points.append((column, curve[reached - 1][1]))
    return points


def by_band(
    points: list[tuple[int, int]], warning_nano: int, cutoff_nano: int
) -> list[tuple[str, list[tuple[int, int]]]]:
    """The points below the warning, from it on, and from the cutoff on, each with its theme colour.

    A cell holds two columns and has one colour, that of the higher.
    """
    reached = {column // 2: nano for column, nano in points}
    stretches: dict[str, list[tuple[int, int]]] = {}
    for column, nano in points:
        highest = reached[column // 2]
        color = "error" if highest >= cutoff_nano else "warning" if highest >= warning_nano else "primary"
        stretches.setdefault(color, []).append((column, nano))
    return list(stretches.items())


def hour_ticks(span: Span, calendar: Calendar, width: int) -> list[tuple[int, str]]:
    """(Unix milliseconds, `08`) at whole local hours, no closer than six cells."""
    hours = max((span.end_ms - span.start_ms) // HOUR_MS, 1)
    step = next((s for s in (1, 2, 3, 4, 6, 12) if width * s >= hours * 6), 24)
    ticks = [span.start_ms + i * HOUR_MS for i in range(int(hours))]
    named = [(ms, calendar.local(ms)) for ms in ticks]
    return [(ms, f"{local.hour:02}") for ms, local in named if local.hour % step == 0]


def plot_color(value: str) -> int | tuple[int, int, int] | str:
    """A theme's colour for plotext: the number of an ANSI colour, or RGB."""
    from textual.color import Color

    if value.startswith("ansi_"):
        name = value.removeprefix("ansi_")
        base = name.removeprefix("bright_")
        return _ANSI.index(base) + (8 if name != base else 0) if base in _ANSI else "default"
    return Color.parse(value).rgb


def height(nano: int, top: float) -> float:
    """Where an amount is drawn, in USD, on an axis from 0 to `top` nano-dollars.

    Clamped to the axis, since plotext would fill the cells up to any point outside.
    """
    return min(max(nano, 0), top) / NANO


class DayCurve(DayPanel):
    BORDER_TITLE = "Over the day"

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(id="curve")
        self._calendar = calendar
        self._plot = PlotextPlot()
        self._plot.theme = "clear"  # no background of its own; under ANSI themes "auto" would paint black

    def compose(self) -> ComposeResult:
        self._plot.plt.frame(False)
        self._plot.plt.xticks([], [])
        self._plot.plt.yticks([], [])
        yield self._plot

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.draw())

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def facts(self, snapshot: Snapshot) -> object:
        beat = snapshot.taken_ms // BEAT_MS if snapshot.is_today else 0
        return (
            snapshot.day,
            snapshot.curve,
            snapshot.lower_bound,
            snapshot.warning_nano,
            snapshot.cutoff_nano,
            snapshot.band,
            beat,
        )

    def show(self, snapshot: Snapshot) -> None:
        self.draw()

    def draw(self) -> None:
        """Plot again at the current size."""
        snapshot, width = self.snapshot, self._plot.size.width
        if snapshot is None or width < 12 or self._plot.size.height < 3:
            return
        plt, colors, span = self._plot.plt, self.app.theme_variables, shown_span(snapshot)
        top = max(snapshot.cutoff_nano, snapshot.warning_nano, snapshot.spent_nano, 1) * 11 / 10
        highest = amount_text(snapshot.spent_nano, snapshot.lower_bound) if snapshot.spent_nano > 0 else ""
        left, rows = len(highest), self._plot.size.height - 1
        canvas = width - left
        columns = canvas * 2
        plt.clear_data()
        plt.theme("clear")
        plt.frame(False)
        plt.xlim(-2 * left, columns - 1)  # the axis is to the left of 0
        plt.ylim(0, top / NANO)
        limits: tuple[tuple[Band, int], ...] = (("warning", snapshot.warning_nano), ("cutoff", snapshot.cutoff_nano))
        for level, nano in limits:
            plt.plot([0, columns - 1], [nano / NANO] * 2, marker="╌", color=plot_color(colors[THEME_COLORS[level]]))
        until = snapshot.taken_ms if snapshot.is_today else snapshot.day_end_ms
        points = sampled(snapshot.curve, span, until, columns)
        for name, stretch in by_band(points, snapshot.warning_nano, snapshot.cutoff_nano):
            xs, ys = [column for column, _ in stretch], [height(nano, top) for _, nano in stretch]
            plt.plot(xs, ys, marker="hd", fillx=True, color=plot_color(colors[name]))
        for level, nano, text in line_labels(limits, top, rows, canvas):
            color = plot_color(colors[THEME_COLORS[level]])
            plt.text(f" {text}", columns - 1, nano / NANO, color=color, background="default", alignment="right")
        row = highest_row(snapshot.spent_nano, (nano for _, nano in limits), top, rows) if highest else None
        if row is not None:
            color = plot_color(colors["foreground"])
            at = top * row / (rows - 1) / NANO
            plt.text(highest, -2 * left, at, color=color, background="default", alignment="left")
        ticks = hour_ticks(span, self._calendar, canvas)
        length = span.end_ms - span.start_ms
        plt.xticks([(ms - span.start_ms) * columns / length for ms, _ in ticks], [text for _, text in ticks])
        self._plot.refresh()
