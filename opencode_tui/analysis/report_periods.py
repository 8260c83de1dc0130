"""The period that a report covers: an ISO week, a calendar month, or a range of days."""

from __future__ import annotations

import re
from datetime import date, timedelta

from msgspec import Struct

from opencode_tui.analysis.periods import parse_day

_MOST_DAYS = 3660
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


class ReportPeriod(Struct, frozen=True):
    """The days from `first` to `last`, both included."""

    first: date
    last: date
    label: str
    """`2026-W19`, `2026-05`, or `2026-05-04 to 2026-05-13`; one day is `2026-05-13`."""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_week(self) -> bool:
        return "W" in self.label

    def before(self) -> ReportPeriod:
        """The week or the month before, or as many days before."""
        last = self.first - timedelta(days=1)
        if self.is_week:
            return week_of(last)
        if _MONTH.fullmatch(self.label):
            return _month_of(last)
        return _range(self.first - timedelta(days=self.days), last)


def last_week(today: date) -> ReportPeriod:
    """The ISO week that ended last; on a Sunday, the week that ends on that day."""
    return week_of(today - timedelta(days=6))


def week_of(day: date) -> ReportPeriod:
    """The ISO week that a day is in."""
    monday = day - timedelta(days=day.weekday())
    year, number, _ = day.isocalendar()
    return ReportPeriod(monday, monday + timedelta(days=6), f"{year}-W{number:02d}")


def parse_week(text: str) -> ReportPeriod:
    """Parse a week such as 2026-W19. Raises ValueError with a sentence."""
    parts = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(int(parts[1]), int(parts[2]), 1) if parts else None
    except ValueError:
        monday = None
    if monday is None or not 1970 < monday.year < 9998:
        raise ValueError(f"{text[:40]!r} is not a week; write one such as 2026-W19")
    return week_of(monday)


def parse_month(text: str) -> ReportPeriod:
    """Parse a month such as 2026-05. Raises ValueError with a sentence."""
    parts = _MONTH.fullmatch(text)
    if not parts or not 1970 < int(parts[1]) < 9998 or not 1 <= int(parts[2]) <= 12:
        raise ValueError(f"{text[:40]!r} is not a month; write one such as 2026-05")
    return _month_of(date(int(parts[1]), int(parts[2]), 1))


def parse_range(first: str, last: str | None, today: date) -> ReportPeriod:
    """Parse a range of days; without a last one it ends today. Raises ValueError with a sentence."""
    begin, end = parse_day(first), parse_day(last) if last else today
    if begin > end:
        raise ValueError(f"--from {begin} is after {f'--to {end}; swap them' if last else f'today, {end}'}")
    period = _range(begin, end)
    if period.days > _MOST_DAYS:
        raise ValueError(f"{period.days:,} days are too many for one report; ask for at most {_MOST_DAYS:,}")
    return period


def _month_of(day: date) -> ReportPeriod:
    first = day.replace(day=1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    return ReportPeriod(first, next_first - timedelta(days=1), f"{first:%Y-%m}")


def _range(first: date, last: date) -> ReportPeriod:
    return ReportPeriod(first, last, f"{first}" if first == last else f"{first} to {last}")
