"""When a quota's window began, is reset and is full."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opencode_tui.analysis.quota_windows import (
    FirstCall,
    block_ms,
    calendar_window,
    full_at,
    rate_span,
    running_block,
    window_of_reset,
)
from opencode_tui.clock import DAY_MS, HOUR_MS, MINUTE_MS, Calendar, Span, calendar_for
from opencode_tui.config.settings import GO_PLAN

UTC_DAYS = Calendar(UTC)
FIVE = 5 * HOUR_MS
LONG_AGO = -(10**14)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def calls(*times: int) -> FirstCall:
    return lambda span: next((at for at in sorted(times) if at in span), None)


def block(now_ms: int, *times: int, since_ms: int = LONG_AGO) -> int | None:
    return running_block(calls(*times), FIVE, since_ms, now_ms)


def test_the_first_request_opens_a_block_of_five_hours() -> None:
    assert block(0) is None
    assert block(FIVE - 1, 0) == 0
    assert block(FIVE, 0) is None, "it is reset after five hours"
    assert block(FIVE + 1, 0, HOUR_MS, FIVE - 1) is None, "and only a request opens the next"
    assert block(FIVE + 1, 0, HOUR_MS, FIVE) == FIVE
    assert block(FIVE + HOUR_MS, 0, FIVE - 1, FIVE + 7) == FIVE + 7, "not the last five hours"


def test_blocks_are_followed_from_the_last_pause_that_is_as_long_as_one() -> None:
    every_hour = [hour * HOUR_MS for hour in range(24)]
    assert block(23 * HOUR_MS, *every_hour) == 20 * HOUR_MS
    assert block(24 * HOUR_MS, -FIVE - 1, *every_hour) == 20 * HOUR_MS, "what was before the pause opened none of them"
    assert block(23 * HOUR_MS, *every_hour, since_ms=HOUR_MS) == 21 * HOUR_MS, "a service's reset is where to begin"


def test_a_week_begins_on_monday_and_a_month_on_the_plans_day() -> None:
    now_ms = ms("2026-05-13T12:00")
    assert calendar_window("day", now_ms, UTC_DAYS) == Span(ms("2026-05-13"), ms("2026-05-14"))
    assert calendar_window("week", now_ms, UTC_DAYS) == Span(ms("2026-05-11"), ms("2026-05-18"))
    assert calendar_window("week", ms("2026-05-11") - 1, UTC_DAYS).start_ms == ms("2026-05-04")
    assert calendar_window("month", now_ms, UTC_DAYS) == Span(ms("2026-05-01"), ms("2026-06-01"))
    assert calendar_window("month", now_ms, UTC_DAYS, 14) == Span(ms("2026-04-14"), ms("2026-05-14"))
    assert calendar_window("month", ms("2026-03-30"), UTC_DAYS, 31) == Span(ms("2026-02-28"), ms("2026-03-31"))
    assert calendar_window("month", ms("2026-12-31T23:59"), UTC_DAYS, 15) == Span(ms("2026-12-15"), ms("2027-01-15"))
    assert calendar_window("week", now_ms, calendar_for("Europe/Berlin")).start_ms == ms("2026-05-10T22:00")


def test_a_reset_that_a_service_told_gives_the_window_also_after_it() -> None:
    reset = ms("2026-05-14T09:13:22")
    assert window_of_reset("5h", reset, reset - 1, UTC_DAYS) == Span(reset - FIVE, reset)
    assert window_of_reset("5h", reset, reset, UTC_DAYS) is None, "the next request opens the next block"
    assert window_of_reset("week", reset, reset - 1, UTC_DAYS) == Span(reset - 7 * DAY_MS, reset)
    week = Span(reset + 7 * DAY_MS, reset + 14 * DAY_MS)
    assert window_of_reset("week", reset, reset + 8 * DAY_MS, UTC_DAYS) == week
    month = Span(ms("2026-04-14T09:13:22"), reset)
    assert window_of_reset("month", reset, ms("2026-05-01"), UTC_DAYS) == month
    assert window_of_reset("month", reset, reset, UTC_DAYS) == Span(reset, ms("2026-06-14T09:13:22"))


@pytest.mark.parametrize("window", GO_PLAN.windows)
@pytest.mark.parametrize("reset_ms", [0, 10**12, 253_000_000_000_000])
def test_no_reset_is_too_odd(window: str, reset_ms: int) -> None:
    now_ms = ms("2026-05-13T12:00")
    found = window_of_reset(window, reset_ms, now_ms, UTC_DAYS)
    assert found is None or found.start_ms < found.end_ms


def test_a_rate_is_that_of_the_last_hour_or_of_the_last_seven_days() -> None:
    now_ms, opened = ms("2026-05-13T12:00"), ms("2026-05-13T11:30")
    assert rate_span("5h", Span(opened - HOUR_MS, opened + FIVE), None, now_ms) == Span(now_ms - HOUR_MS, now_ms)
    assert rate_span("5h", Span(opened, opened + FIVE), None, now_ms) == Span(opened, now_ms)
    young = Span(now_ms - 1000, now_ms + FIVE)
    assert rate_span("5h", young, None, now_ms) == Span(now_ms - 10 * MINUTE_MS, now_ms)
    week = Span(now_ms - DAY_MS, now_ms + 6 * DAY_MS)
    assert rate_span("week", week, None, now_ms) == Span(now_ms - 7 * DAY_MS, now_ms), "the week before counts as well"
    assert rate_span("week", week, now_ms - 3 * DAY_MS, now_ms) == Span(now_ms - 3 * DAY_MS, now_ms)
    assert rate_span("week", week, now_ms - 5, now_ms) == Span(now_ms - DAY_MS, now_ms)


def test_a_window_is_full_when_the_rest_is_used_at_the_rate() -> None:
    assert full_at(6, 12, 3, 0, 5 * HOUR_MS) == 2 * HOUR_MS
    assert full_at(6, 12, 1, 0, 5 * HOUR_MS) is None, "it is reset before"
    assert full_at(6, 12, 0, 0, 5 * HOUR_MS) is None
    assert full_at(13, 12, 0, 7, 5 * HOUR_MS) == 7


def test_the_length_of_a_block_stands_in_its_name() -> None:
    assert [block_ms(name) for name in ("5h", "168h", "week", "day")] == [FIVE, 168 * HOUR_MS, None, None]
