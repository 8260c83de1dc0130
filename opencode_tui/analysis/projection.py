"""How a running week or month goes on, and where the one before it stood."""

from __future__ import annotations

from datetime import date, timedelta

from opencode_tui.analysis.history import period_of
from opencode_tui.clock import DAY_MS, Calendar
from opencode_tui.records.history import PeriodUnit


def daily_pace(spent_nano: int, from_ms: int, now_ms: int) -> int | None:
    """Nano-dollars a day since `from_ms`; None before a day has passed, as an hour says little of a week."""
    passed_ms = now_ms - from_ms
    return spent_nano * DAY_MS // passed_ms if passed_ms >= DAY_MS else None


def projected(spent_nano: int, from_ms: int, now_ms: int, end_ms: int) -> int | None:
    """The spend at `end_ms` if it goes on as from `from_ms` until now; None before a day has passed."""
    passed_ms = now_ms - from_ms
    if passed_ms < DAY_MS:
        return None
    return spent_nano + spent_nano * max(end_ms - now_ms, 0) // passed_ms


def period_before(unit: PeriodUnit, day: date) -> tuple[date, date]:
    """The first and the last day of the day, week or month before that of a day."""
    return period_of(unit, period_of(unit, day)[0] - timedelta(days=1))


def same_point(unit: PeriodUnit, now_ms: int, calendar: Calendar) -> int:
    """The moment of the week or month before that is as far in it by the wall clock, in Unix milliseconds.

    The end of a month that has no such day.
    """
    today = calendar.day(now_ms)
    return point_within(*period_before(unit, today), today - period_of(unit, today)[0], now_ms, calendar)


def point_within(first: date, last: date, passed: timedelta, now_ms: int, calendar: Calendar) -> int:
    """The moment so many days after the first day at the time of now, in Unix milliseconds; at most the last's end."""
    local = calendar.local(now_ms)
    day = first + passed
    if day > last:
        return calendar.span(last).end_ms
    return int(local.replace(year=day.year, month=day.month, day=day.day, fold=0).timestamp() * 1000)
