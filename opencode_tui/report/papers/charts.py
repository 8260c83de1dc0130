"""The geometry of a report's charts: places across in percent, so that they fit any width, and heights in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from opencode_tui.analysis.pace import band
from opencode_tui.clock import month_day, weekday
from opencode_tui.money import format_usd, share
from opencode_tui.records.cost_report import CostReport, Ranking, ReportDay
from opencode_tui.records.day import Band
from opencode_tui.records.model_key import short_name
from opencode_tui.report.papers.amounts import brief_usd

PLOT = 170
"""The height of the plot, in pixels."""
TOP = 18
"""The room above it, for the amounts."""
_FEW = 7
"""Up to so many bars have their amounts above them; more would overlap on a phone."""
_DAY_LABELS, _MONTH_LABELS = 7, 5
"""The most labels below them; more would overlap on a phone."""
_MOST_SEGMENTS = 6


class Bar(Struct, frozen=True):
    """A day, or a month of a long period."""

    label: str
    """Below it; empty where there is no room."""
    amount: str
    """Above it; empty where there is no room."""
    tip: str
    band: Band
    x: float
    width: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 3)


class BarChart(Struct, frozen=True):
    bars: tuple[Bar, ...]
    unit: str
    """`day` or `month`."""
    warning_y: float | None
    """Where the warning band begins, from the top; None for months, which have no lines."""
    cutoff_y: float | None
    height: int = TOP + PLOT
    top: int = TOP


class Segment(Struct, frozen=True):
    """A part of the stacked bar."""

    name: str
    tip: str
    x: float
    width: float
    number: int
    """Chooses its colour; 0 is that of the rest."""


def day_chart(report: CostReport) -> BarChart:
    """The days with the warning band and the cutoff line; the months where there are more days than bars fit."""
    if not report.has_every_day:
        return _month_chart(report.days)
    lines = report.lines
    most = max((day.digest.spend_nano for day in report.days), default=0)
    top = max(most, lines.cutoff_nano * 23 // 20, 1)
    named = [(_label(day.digest.day, len(report.days)), day.digest.day.isoformat(), day) for day in report.days]
    return BarChart(
        bars([(label, tip, day.digest.spend_nano, day.band) for label, tip, day in named], top, _DAY_LABELS),
        "day",
        warning_y=_y(lines.warning_nano, top),
        cutoff_y=_y(lines.cutoff_nano, top),
    )


def _month_chart(days: Sequence[ReportDay]) -> BarChart:
    months: dict[str, int] = {}
    for day in days:
        key = f"{day.digest.day:%Y-%m}"
        months[key] = months.get(key, 0) + day.digest.spend_nano
    top = max([*months.values(), 1])
    never = band(0, 1, 1)
    return BarChart(
        bars([(key, key, nano, never) for key, nano in months.items()], top, _MONTH_LABELS), "month", None, None
    )


def bars(values: Sequence[tuple[str, str, int, Band]], top: int, labels: int) -> tuple[Bar, ...]:
    """The bars of (label, tip, nano-dollars, band) side by side; `top` is the amount of a full one.

    At most `labels` of them have theirs.
    """
    count = len(values)
    slot = 100 / max(count, 1)
    wide = slot * (0.62 if count <= _FEW else 0.78)
    every = -(-count // labels)
    return tuple(
        Bar(
            label=label if not number % every else "",
            amount=brief_usd(nano) if count <= _FEW and nano else "",
            tip=f"{tip}: {format_usd(nano)}",
            band=of,
            x=round(number * slot + (slot - wide) / 2, 3),
            width=round(wide, 3),
            y=(y := _y(nano, top)),
            height=round(TOP + PLOT - y, 2),
        )
        for number, (label, tip, nano, of) in enumerate(values)
    )


def _y(nano: int, top: int) -> float:
    return round(TOP + PLOT * (1 - min(max(share(nano, top), 0.0), 1.0)), 2)


def _label(day: date, count: int) -> str:
    if count <= 7:
        return f"{weekday(day)} {day.day}"
    return month_day(day)


def stacked(ranking: Ranking) -> tuple[Segment, ...]:
    """The shares of a dimension as one bar: its most expensive members, and the rest."""
    whole = sum(each.spend_nano for each in ranking.top) + ranking.rest.spend_nano
    if whole <= 0:
        return ()
    parts = [(short_name(each.key), each.spend_nano) for each in ranking.top[:_MOST_SEGMENTS]]
    rest = whole - sum(nano for _, nano in parts)
    segments, at = [], 0
    for number, (name, nano) in enumerate([*parts, *([("others", rest)] if rest > 0 else [])], 1):
        if nano > 0:
            tip = f"{name}: {format_usd(nano)}, {share(nano, whole):.0%}"
            chosen = number if number <= len(parts) else 0
            x, width = round(100 * share(at, whole), 3), round(100 * share(nano, whole), 3)
            segments.append(Segment(name, tip, x, width, chosen))
            at += nano
    return tuple(segments)


def colour_of(place: int) -> int:
    """The number of the colour of the member at a place of the ranking, from 0 on."""
    return place + 1 if place < _MOST_SEGMENTS else 0
