"""A period by the hours of the week."""

from __future__ import annotations

from collections.abc import Iterable

from opencode_tui.clock import DAY_MS, HOUR_MS, Calendar
from opencode_tui.records.history import HourUse

HOURS_OF_WEEK = 7 * 24


def hours_of_week(paid: Iterable[tuple[int, int, int, int]], calendar: Calendar) -> tuple[HourUse, ...]:
    """The 168 hours from Monday 00:00 on, by the wall clock: an hour that the clock repeats counts in the same one.

    `paid` is what ledger.history_queries.paid_over_time returns.
    """
    sums = [[0, 0, 0] for _ in range(HOURS_OF_WEEK)]
    start_ms = end_ms = 0
    weekday, is_even = 0, False
    for at_ms, nano, tokens, calls in paid:
        if not start_ms <= at_ms < end_ms:
            day = calendar.day(at_ms)
            span = calendar.span(day)
            start_ms, end_ms, weekday = span.start_ms, span.end_ms, day.weekday()
            is_even = end_ms - start_ms == DAY_MS
        hour = (at_ms - start_ms) // HOUR_MS if is_even else calendar.local(at_ms).hour
        cell = sums[weekday * 24 + min(max(hour, 0), 23)]
        cell[0] += nano
        cell[1] += tokens
        cell[2] += calls
    return tuple(HourUse(*cell) for cell in sums)
