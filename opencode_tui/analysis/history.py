"""A long period by days, weeks and months."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date

from opencode_tui.analysis.periods import days_in_month
from opencode_tui.clock import Calendar
from opencode_tui.records.history import PeriodUnit, PeriodUse


def days_of_calls(paid: Iterable[tuple[int, int, int, int]], calendar: Calendar) -> list[PeriodUse]:
    """The days with calls, in order. `paid` is what ledger.history_queries.paid_over_time returns.

    Moments outside of the calendar's range belong to its first or last day.
    """
    found: list[PeriodUse] = []
    day, end_ms = None, 0
    nano = tokens = calls = 0
    for at_ms, cost, counted, more in paid:
        if day is None or at_ms >= end_ms:
            of = calendar.day(at_ms)
            if of != day:
                if day is not None:
                    found.append(PeriodUse(day, day, nano, tokens, calls))
                day, end_ms, nano, tokens, calls = of, calendar.span(of).end_ms, 0, 0, 0
        nano += cost
        tokens += counted
        calls += more
    if day is not None:
        found.append(PeriodUse(day, day, nano, tokens, calls))
    return found


def number_of(unit: PeriodUnit, day: date) -> int:
    """The number of the day, ISO week or month that a day is in; the next one has the next number."""
    if unit == "month":
        return day.year * 12 + day.month - 1
    return day.toordinal() if unit == "day" else (day.toordinal() - 1) // 7


def period_numbered(unit: PeriodUnit, number: int) -> tuple[date, date]:
    """The first and the last day of the day, ISO week or month with a number."""
    if unit == "day":
        return date.fromordinal(number), date.fromordinal(number)
    if unit == "week":
        return date.fromordinal(number * 7 + 1), date.fromordinal(number * 7 + 7)
    year, month = divmod(number, 12)
    return date(year, month + 1, 1), date(year, month + 1, days_in_month(year, month + 1))


def period_of(unit: PeriodUnit, day: date) -> tuple[date, date]:
    """The first and the last day of the day, ISO week or month that a day is in."""
    return period_numbered(unit, number_of(unit, day))


def moved(unit: PeriodUnit, day: date, steps: int) -> date:
    """The same day so many days, weeks or months later; of a shorter month the last day."""
    first, last = period_numbered(unit, number_of(unit, day) + steps)
    return min(first + (day - period_of(unit, day)[0]), last)


def periods_numbered(days: Sequence[PeriodUse], unit: PeriodUnit, numbers: Iterable[int]) -> tuple[PeriodUse, ...]:
    """The sums of each day, week or month with these numbers. `days` are in order, each of one day."""
    return tuple(total(days, *period_numbered(unit, number)) for number in numbers)


def total(days: Sequence[PeriodUse], first: date, last: date) -> PeriodUse:
    """The sum of the days from `first` to `last`."""
    low = bisect_left(days, first, key=lambda day: day.first)
    within = days[low : bisect_right(days, last, lo=low, key=lambda day: day.first)]
    return PeriodUse(
        first,
        last,
        sum(day.spend_nano for day in within),
        sum(day.tokens for day in within),
        sum(day.calls for day in within),
        any(day.lower_bound for day in within),
    )
