"""When the window of a quota began, when it is reset, and when it is full at the rate of late."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from opencode_tui.analysis.periods import days_in_month
from opencode_tui.clock import DAY_MS, HOUR_MS, MINUTE_MS, Calendar, Span

FirstCall = Callable[[Span], int | None]
"""When the first call of a span was made, in Unix milliseconds; None if there is none."""
LOOKED_BACK_MS = 35 * DAY_MS
"""No window is longer, and no older call is looked at."""
_LEAST_RATE_MS = 10 * MINUTE_MS
"""A rate is of no shorter time: two calls in a minute are no pace."""


def block_ms(window: str) -> int | None:
    """The length of a block such as `5h` in milliseconds; None for a window of the calendar."""
    found = re.fullmatch(r"(\d+)h", window)
    return int(found[1]) * HOUR_MS if found else None


def running_block(first_in: FirstCall, length_ms: int, since_ms: int, now_ms: int) -> int | None:
    """When the block that runs now was opened; None if none runs. Calls before `since_ms` are not looked at.

    A block lasts `length_ms`, and the first call after its end opens the next. No block reaches over a pause of that
    length, so that the first call after one opened a block: from there they are followed to now.
    """
    opened = first_in(Span(max(now_ms - length_ms + 1, since_ms), now_ms + 1))
    before = opened
    while before is not None:
        opened = before
        before = first_in(Span(max(opened - length_ms + 1, since_ms), opened))
    while opened is not None and now_ms >= opened + length_ms:
        opened = first_in(Span(opened + length_ms, now_ms + 1))
    return opened


def calendar_window(window: str, now_ms: int, calendar: Calendar, month_day: int = 1) -> Span:
    """The `day`, the `week` (from Monday) or the `month` (from `month_day`) that runs now."""
    today = calendar.day(now_ms)
    if window == "day":
        return calendar.span(today)
    if window == "week":
        return calendar.span(*calendar.week(today))
    first = _month_start(today.year, today.month, month_day)
    if first > today:
        before = today.replace(day=1) - timedelta(days=1)
        first = _month_start(before.year, before.month, month_day)
    after = first.replace(day=1) + timedelta(days=31)
    return calendar.span(first, _month_start(after.year, after.month, month_day) - timedelta(days=1))


def _month_start(year: int, month: int, month_day: int) -> date:
    return date(year, month, min(month_day, days_in_month(year, month)))


def window_of_reset(window: str, resets_ms: int, now_ms: int, calendar: Calendar) -> Span | None:
    """The window that runs now, from a reset that the service has reported; None for a block whose reset has passed."""
    length_ms = block_ms(window) or {"day": DAY_MS, "week": 7 * DAY_MS}.get(window)
    if length_ms is not None:
        if now_ms < resets_ms:
            return Span(resets_ms - length_ms, resets_ms)
        if block_ms(window):
            return None
        passed = (now_ms - resets_ms) // length_ms
        return Span(resets_ms + passed * length_ms, resets_ms + (passed + 1) * length_ms)
    local = calendar.local(resets_ms)
    offset_ms = resets_ms - calendar.start_of(local.date())
    found = calendar_window("month", now_ms - offset_ms, calendar, local.day)
    return Span(found.start_ms + offset_ms, found.end_ms + offset_ms)


def rate_span(window: str, span: Span, first_ms: int | None, now_ms: int) -> Span:
    """The time whose use is the rate: the last hour of a block or a day, the last seven days of a longer window.

    It is shorter where the window, or the ledger (`first_ms`, its first call of the plan), began later.
    """
    if block_ms(window) or window == "day":
        return Span(min(max(now_ms - HOUR_MS, span.start_ms), now_ms - _LEAST_RATE_MS), now_ms)
    since_ms = now_ms - 7 * DAY_MS
    return Span(min(max(since_ms, first_ms or since_ms), now_ms - DAY_MS), now_ms)


def full_at(used: int, cap: int, rate: int, now_ms: int, resets_ms: int) -> int | None:
    """When a window is full at a rate an hour: now if it is, None if it is reset before or nothing is used."""
    if used >= cap:
        return now_ms
    if rate <= 0:
        return None
    at_ms = now_ms + (cap - used) * HOUR_MS // rate
    return at_ms if at_ms < resets_ms else None
