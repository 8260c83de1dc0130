"""Days, weeks and months of a long period; projections; calendars; the hours of the week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.analysis.history import days_of_calls, moved, number_of, period_numbered, periods_numbered, total
from opencode_tui.analysis.projection import daily_pace, period_before, projected, same_point
from opencode_tui.analysis.week_hours import hours_of_week
from opencode_tui.analysis.year_grid import month_starts, shade_lines, shade_of, weeks_of
from opencode_tui.clock import DAY_MS, HOUR_MS, Calendar
from opencode_tui.records.history import PeriodUnit, PeriodUse

BERLIN = Calendar(ZoneInfo("Europe/Berlin"))
IN_UTC = Calendar(UTC)
QUARTER = 900_000
UNITS: tuple[PeriodUnit, ...] = ("day", "week", "month")


def ms(text: str, calendar: Calendar = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=calendar.zone).timestamp() * 1000)


def use(day: date, nano: int) -> PeriodUse:
    return PeriodUse(day, day, nano, nano * 2, 1)


dates = st.dates(date(1970, 1, 1), date(9999, 1, 1))
few = st.lists(st.tuples(dates, st.integers(0, 10**12)), max_size=12, unique_by=lambda each: each[0])


@given(day=dates, steps=st.integers(-40, 40))
def test_periods_are_numbered_without_gaps(day: date, steps: int) -> None:
    for unit in UNITS:
        number = number_of(unit, day)
        first, last = period_numbered(unit, number)
        assert first <= day <= last
        assert {number_of(unit, first), number_of(unit, last)} == {number}
        assert period_numbered(unit, number - 1)[1] == first - timedelta(days=1)
        if date(1975, 1, 1) < day < date(9990, 1, 1):
            assert number_of(unit, moved(unit, day, steps)) == number + steps
    assert moved("month", date(2026, 1, 31), 1) == date(2026, 2, 28)


@given(days=few)
def test_the_periods_that_days_are_in_add_up_to_the_days_to_the_nano_dollar(days: list[tuple[date, int]]) -> None:
    uses = [use(day, nano) for day, nano in sorted(days)]
    for unit in UNITS:
        numbers = sorted({number_of(unit, each.first) for each in uses})
        found = periods_numbered(uses, unit, numbers)
        assert sum(each.spend_nano for each in found) == sum(nano for _, nano in days)
        assert sum(each.calls for each in found) == len(days)
        assert all(each.calls for each in found)


def test_a_period_is_a_lower_bound_if_one_of_its_days_is() -> None:
    monday = date(2026, 5, 11)
    days = [use(monday, 1), PeriodUse(monday + timedelta(days=1), monday + timedelta(days=1), lower_bound=True)]
    assert total(days, monday, monday + timedelta(days=6)).lower_bound
    assert not total(days, monday, monday).lower_bound


def test_quarters_belong_to_the_days_of_the_zone_also_where_these_have_23_or_25_hours() -> None:
    spring, autumn = date(2026, 3, 29), date(2026, 10, 25)
    for day, hours in ((spring, 23), (autumn, 25)):
        start = BERLIN.start_of(day)
        rows = [(at, 1, 10, 1) for at in range(start - QUARTER, start + hours * HOUR_MS + QUARTER, QUARTER)]
        found = days_of_calls(rows, BERLIN)
        assert [each.first for each in found] == [day - timedelta(days=1), day, day + timedelta(days=1)]
        assert [each.spend_nano for each in found] == [1, hours * 4, 1]
        assert found[1].tokens == hours * 40 and found[1].calls == hours * 4


def test_moments_that_no_calendar_has_belong_to_its_first_and_last_day() -> None:
    rows = [(-(1 << 62), 1, 0, 1), (0, 2, 0, 1), (253_402_300_799_999, 3, 0, 1), (1 << 62, 4, 0, 1)]
    found = days_of_calls(rows, IN_UTC)
    assert [(each.first, each.spend_nano) for each in found] == [(date(1970, 1, 1), 3), (date(9999, 1, 1), 7)]


def test_hours_are_those_of_the_wall_clock() -> None:
    before, after = ms("2026-03-23T09:15"), ms("2026-03-30T09:15")
    assert after - before == 7 * DAY_MS - HOUR_MS, "the clock was put forward in between"
    sunday = date(2026, 3, 29)
    at_ten = BERLIN.start_of(sunday) + 9 * HOUR_MS
    found = hours_of_week([(before, 5, 50, 1), (at_ten, 1, 1, 1), (after, 7, 70, 2)], BERLIN)
    assert len(found) == 168
    assert (found[9].spend_nano, found[9].tokens, found[9].calls) == (12, 120, 3), "Monday, 9 to 10"
    assert found[6 * 24 + 10].spend_nano == 1
    assert sum(each.spend_nano for each in found) == 13


def test_a_projection_goes_on_at_the_pace_so_far_and_waits_a_day() -> None:
    monday, now = ms("2026-05-11T00:00"), ms("2026-05-13T12:00")
    assert daily_pace(500, monday, now) == 200
    assert projected(500, monday, now, monday + 7 * DAY_MS) == 1400
    assert daily_pace(500, now - DAY_MS + 1, now) is None
    assert projected(500, now - DAY_MS + 1, now, now + DAY_MS) is None
    assert projected(0, monday, now, monday + 7 * DAY_MS) == 0


@pytest.mark.parametrize(
    ("unit", "now", "point"),
    [
        ("week", "2026-05-13T14:23", "2026-05-06T14:23"),
        ("week", "2026-03-31T09:00", "2026-03-24T09:00"),  # the clock was put forward in between
        ("month", "2026-05-13T14:23", "2026-04-13T14:23"),
        ("month", "2026-03-31T12:00", "2026-03-01T00:00"),  # February has no such day
        ("month", "2026-01-05T00:10", "2025-12-05T00:10"),
        ("day", "2026-05-13T14:23", "2026-05-12T14:23"),
    ],
)
def test_the_same_point_of_the_one_before_is_by_the_wall_clock(unit: PeriodUnit, now: str, point: str) -> None:
    assert same_point(unit, ms(now), BERLIN) == ms(point)


def test_the_one_before() -> None:
    assert period_before("month", date(2026, 1, 31)) == (date(2025, 12, 1), date(2025, 12, 31))
    assert period_before("week", date(2026, 1, 1)) == (date(2025, 12, 22), date(2025, 12, 28))


@given(year=st.integers(1970, 9999))
def test_a_year_is_a_grid_of_weeks_from_monday_with_each_of_its_days_once(year: int) -> None:
    weeks = weeks_of(year)
    days = [day for week in weeks for day in week if day is not None]
    assert days == [
        date(year, 1, 1) + timedelta(days=n) for n in range((date(year, 12, 31) - date(year, 1, 1)).days + 1)
    ]
    assert all(day is None or day.weekday() == n for week in weeks for n, day in enumerate(week))
    assert len(weeks) in (53, 54)
    assert [month for _, month in month_starts(weeks)] == list(range(1, 13))


@given(amounts=st.lists(st.integers(0, 50), max_size=40), bands=st.sets(st.integers(1, 50), max_size=2))
def test_a_shade_is_in_one_band_and_a_higher_amount_is_no_lighter(amounts: list[int], bands: set[int]) -> None:
    lines = shade_lines(amounts, bands)
    assert list(lines) == sorted(set(lines)) and len(lines) <= 3
    shades = {amount: shade_of(amount, lines) for amount in amounts}
    assert all((shade == 0) == (amount <= 0) for amount, shade in shades.items())
    ordered = [shades[amount] for amount in sorted(shades)]
    assert ordered == sorted(ordered)
    for line in bands:
        below = {shade for amount, shade in shades.items() if 0 < amount < line}
        assert below.isdisjoint({shade for amount, shade in shades.items() if amount >= line})


def test_shades_halve_the_most_days() -> None:
    assert shade_lines(range(1, 101)) == (26, 51, 76)
    assert shade_lines([5, 5, 5]) == () and shade_of(5, ()) == 1
    assert shade_lines([1, 2, 3, 4, 150, 250], (150, 200)) == (3, 150, 200)
