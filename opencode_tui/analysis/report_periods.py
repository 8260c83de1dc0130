"""The period that a report covers: an ISO week, a calendar month, or a range of days."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from opencode_tui.analysis import periods
from opencode_tui.analysis.periods import parse_day
from opencode_tui.clock import iso_week

_MOST_DAYS = 3660


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

    @property
    def is_month(self) -> bool:
        return len(self.label) == len("2026-05")

    def before(self) -> ReportPeriod:
        """The week or the month before, or as many days before."""
        last = self.first - timedelta(days=1)
        if self.is_week:
            return week_of(last)
        if self.is_month:
            return month_of(last)
        return _range(self.first - timedelta(days=self.days), last)


def last_week(today: date) -> ReportPeriod:
    """The ISO week that ended last; on a Sunday, the week that ends on that day."""
    return week_of(today - timedelta(days=6))


def week_of(day: date) -> ReportPeriod:
    """The ISO week that a day is in."""
    return ReportPeriod(*periods.days_of_week(day), iso_week(day))


def month_of(day: date) -> ReportPeriod:
    """The month that a day is in."""
    return ReportPeriod(*periods.days_of_month(day), f"{day:%Y-%m}")


def parse_week(text: str) -> ReportPeriod:
    """Parse a week such as 2026-W19. Raises ValueError with a sentence."""
    return week_of(periods.written_week(text)[0])


def parse_month(text: str) -> ReportPeriod:
    """Parse a month such as 2026-05. Raises ValueError with a sentence."""
    return month_of(periods.written_month(text)[0])


def parse_range(first: str, last: str | None, today: date) -> ReportPeriod:
    """Parse a range of days; without a last one it ends today. Raises ValueError with a sentence."""
    begin, end = parse_day(first), parse_day(last) if last else today
    if begin > end:
        raise ValueError(f"--from {begin} is after {f'--to {end}; swap them' if last else f'today, {end}'}")
    period = _range(begin, end)
    if period.days > _MOST_DAYS:
        raise ValueError(f"{period.days:,} days are too many for one report; ask for at most {_MOST_DAYS:,}")
    return period


def _range(first: date, last: date) -> ReportPeriod:
    return ReportPeriod(first, last, f"{first}" if first == last else f"{first} to {last}")
