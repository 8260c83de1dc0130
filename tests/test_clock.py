"""Days are the user's own: they begin at local midnight, and those that change the clock are longer or shorter."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opencode_tui import clock
from opencode_tui.clock import HOUR_MS, Calendar, Span, calendar_for, short_day

BERLIN = calendar_for("Europe/Berlin")
# Half hours, the southern hemisphere, and clocks that change at midnight, so that there is a day without one.
ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"),
    *("Africa/Cairo", "Asia/Beirut", "America/Havana", "Pacific/Kiritimati"),
)
zones = st.sampled_from(ZONES)
days = st.dates(date(2020, 1, 1), date(2037, 12, 31))


def utc(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type, misc]


@given(zones, days)
@example("Africa/Cairo", date(2026, 4, 24))  # there is no 00:00
@example("America/Havana", date(2026, 11, 1))  # there is a 00:00 twice
def test_a_day_begins_in_the_millisecond_in_which_the_local_date_changes(zone: str, day: date) -> None:
    calendar = calendar_for(zone)
    start = calendar.start_of(day)
    assert calendar.day(start) == day
    assert calendar.day(start - 1) == day - timedelta(days=1)


@given(zones, days, st.integers(0, 400))
def test_the_days_of_a_span_leave_no_gap_and_do_not_overlap(zone: str, first: date, more: int) -> None:
    calendar = calendar_for(zone)
    each = [calendar.span(first + timedelta(days=number)) for number in range(more + 1)]
    assert all(before.end_ms == after.start_ms for before, after in itertools.pairwise(each))
    whole = calendar.span(first, first + timedelta(days=more))
    assert whole == Span(each[0].start_ms, each[-1].end_ms)


@given(zones, st.integers(utc(2020, 1, 1), utc(2037, 12, 30)))
def test_a_moment_lies_in_the_span_of_its_own_day(zone: str, ms: int) -> None:
    calendar = calendar_for(zone)
    assert ms in calendar.span(calendar.day(ms))


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 13), 24)])
def test_a_day_that_changes_its_clock_has_23_or_25_hours(day: date, hours: int) -> None:
    span = BERLIN.span(day)
    assert span.end_ms - span.start_ms == hours * HOUR_MS


def test_a_span_holds_its_start_and_not_its_end() -> None:
    span = Span(10, 20)
    assert 10 in span
    assert 19 in span
    assert 9 not in span
    assert 20 not in span


def test_the_zone_decides_which_day_a_moment_is_in() -> None:
    late = utc(2026, 5, 12, 22, 30)
    assert BERLIN.day(late) == date(2026, 5, 13)
    assert calendar_for("UTC").day(late) == date(2026, 5, 12)
    assert BERLIN.local(late).strftime("%H:%M") == "00:30"


def test_a_moment_of_another_day_is_said_with_its_day_as_everywhere() -> None:
    seen = utc(2026, 5, 3, 8, 5)
    utc_days = calendar_for("UTC")
    assert utc_days.moment(seen, utc(2026, 5, 3, 20, 0)) == "08:05"
    assert utc_days.moment(seen, utc(2026, 5, 4, 1, 0)) == "Sun 3 May 08:05"
    assert short_day(date(2026, 5, 3)) == "Sun 3 May"


def test_a_moment_for_programs_has_milliseconds_and_the_offset() -> None:
    assert BERLIN.iso(utc(2026, 5, 3, 8, 5)) == "2026-05-03T10:05:00.000+02:00"
    assert calendar_for("UTC").iso(utc(2026, 5, 3, 8, 5) + 7) == "2026-05-03T08:05:00.007+00:00"
    assert datetime.fromisoformat(Calendar().iso(0)).utcoffset() is not None


@given(days)
def test_a_week_goes_from_monday_to_sunday_and_holds_its_day(day: date) -> None:
    monday, sunday = BERLIN.week(day)
    assert (monday.isoweekday(), sunday.isoweekday()) == (1, 7)
    assert monday <= day <= sunday
    assert monday.isocalendar()[:2] == day.isocalendar()[:2] == sunday.isocalendar()[:2]


@pytest.mark.parametrize("ms", [-(10**18), -1, 10**18])
def test_a_moment_that_no_calendar_holds_is_clamped(ms: int) -> None:
    assert calendar_for("UTC").local(ms).year in (1970, 9999)


def test_no_name_is_the_machines_own_zone_and_a_name_is_that_zone() -> None:
    assert calendar_for("") == Calendar(None)
    assert calendar_for("Asia/Tokyo") == Calendar(ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "Europe/", "\0"])
def test_a_zone_that_does_not_exist_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone is called"):
        calendar_for(name)


def test_now_is_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.clock.time.time_ns", lambda: 1_778_666_400_123_999_999)
    assert clock.now_ms() == 1_778_666_400_123
