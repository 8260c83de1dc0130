"""The parts of a period that have the same hour, weekday, day, week or month, in the user's zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from opencode_tui.clock import Calendar, Span, weekday
from opencode_tui.records.dimensions import TIMES
from opencode_tui.records.requests import Filter

WEEKDAYS = tuple(weekday(date(2024, 1, number)) for number in range(1, 8))
HOURS = tuple(f"{hour:02}" for hour in range(24))


def time_spans(
    calendar: Calendar,
    days: Iterable[tuple[date, Span]],
    dimensions: Sequence[str],
    where: Sequence[Filter],
    *,
    whole_days: bool = False,
) -> Iterator[tuple[tuple[str | None, ...], Span]]:
    """The parts of these days, with their key for each of the dimensions (some of TIMES), where all filters hold.

    Parts that follow each other and have the same keys are joined. A day on which the clocks go back has an hour twice.
    With `whole_days`, days of 24 hours may stay whole: their hour is None, and is counted from the part's start.
    """
    wanted = [each for each in where if each.dimension in TIMES and each.dimension != "hour"]
    hours = [each.keys for each in where if each.dimension == "hour"]
    needed = {*dimensions, *(each.dimension for each in where if each.dimension in TIMES)}
    whole_days = whole_days and not hours
    open_names: tuple[str | None, ...] | None = None
    start_ms = end_ms = 0
    for day, span in days:
        keys = keys_of_day(day)
        if any(keys[each.dimension] not in each.keys for each in wanted):
            continue
        parts: Iterable[tuple[str | None, Span]] = (("", span),)
        if "hour" in needed:
            parts = ((None, span),) if whole_days and calendar.is_ordinary(span) else _hours(calendar, span)
        for hour, part in parts:
            if any(hour not in each for each in hours):
                continue
            names = tuple([keys.get(dimension, hour) for dimension in dimensions])
            if open_names is not None and (names != open_names or (part.start_ms != end_ms and needed)):
                yield open_names, Span(start_ms, end_ms)
                open_names = None
            if open_names is None:
                open_names, start_ms = names, part.start_ms
            end_ms = part.end_ms
    if open_names is not None:
        yield open_names, Span(start_ms, end_ms)


def order(dimension: str, key: str) -> tuple[int, str]:
    """What keys of a dimension of time are sorted by."""
    return (WEEKDAYS.index(key), "") if dimension == "weekday" and key in WEEKDAYS else (0, key)


def _hours(calendar: Calendar, span: Span) -> Iterator[tuple[str, Span]]:
    return ((HOURS[hour], part) for hour, part in calendar.hours(span))


def keys_of_day(day: date) -> dict[str, str]:
    """The keys of a day for the dimensions that do not divide it."""
    year, week, number = day.isocalendar()
    return {
        "weekday": WEEKDAYS[number - 1],
        "day": day.isoformat(),
        "week": f"{year}-W{week:02}",
        "month": day.isoformat()[:7],
    }
