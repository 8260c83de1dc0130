"""The forecast, the causes of a change, and what a report compares."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.analysis.report_periods import ReportPeriod, parse_week
from opencode_tui.analysis.team_forecast import month_forecast
from opencode_tui.config.team import Team
from opencode_tui.team.report import compared_period
from tests.support.seats import MONDAY, Addition, Paid, put_calls, seat, team_of, week_of_calls

WEEK = parse_week("2026-W20")
USD = 1_000_000_000
FIRST, LAST = date(2026, 5, 1), date(2026, 5, 31)


def days(start: date, count: int, weekday_nano: int, weekend_nano: int = 0) -> dict[date, int]:
    each = [start + timedelta(number) for number in range(count)]
    return {day: weekend_nano if day.weekday() > 4 else weekday_nano for day in each}


def test_a_steady_month_is_forecast_without_a_range() -> None:
    spends = days(date(2026, 4, 1), 47, USD, 0)
    found = month_forecast(spends, FIRST, date(2026, 5, 17), date(2026, 4, 1))
    assert found is not None
    assert (found.spent_nano, found.days_left) == (11 * USD, 14)
    assert found.low_nano == found.likely_nano == found.high_nano == 21 * USD, "ten weekdays are left"


def test_an_unsteady_month_has_a_range_that_never_falls_below_what_is_spent() -> None:
    spends = {day: nano * (4 if day.day % 5 == 0 else 0) for day, nano in days(date(2026, 4, 1), 47, USD, USD).items()}
    found = month_forecast(spends, FIRST, date(2026, 5, 17), date(2026, 4, 1))
    assert found is not None
    assert found.spent_nano <= found.low_nano < found.likely_nano < found.high_nano


def test_a_month_that_is_over_is_what_it_cost_and_one_that_began_is_not_guessed() -> None:
    over = month_forecast({date(2026, 5, 4): 7}, FIRST, LAST, date(2026, 5, 4))
    assert over is not None
    assert (over.low_nano, over.likely_nano, over.high_nano, over.days_left) == (7, 7, 7, 0)
    assert month_forecast({date(2026, 5, 4): 7}, FIRST, date(2026, 5, 6), date(2026, 5, 4)) is None


def test_what_today_cost_already_is_in_the_forecast() -> None:
    spends = days(date(2026, 4, 1), 47, 0)
    found = month_forecast(spends, FIRST, date(2026, 5, 17), date(2026, 4, 1), so_far_nano=5 * USD)
    assert found is not None
    assert found.low_nano == found.likely_nano == 5 * USD


def test_what_today_cost_is_not_in_the_forecast_of_the_month_that_begins_tomorrow() -> None:
    spends = days(date(2026, 4, 1), 60, 0)
    found = month_forecast(spends, date(2026, 6, 1), date(2026, 5, 30), date(2026, 4, 1), so_far_nano=5 * USD)
    assert found is not None
    assert (found.spent_nano, found.likely_nano) == (0, 0)


def test_a_running_week_is_compared_with_as_many_days_of_the_one_before_as_are_over() -> None:
    before = compared_period(WEEK, date(2026, 5, 13))
    assert before == ReportPeriod(date(2026, 5, 4), date(2026, 5, 5), "2026-W19")
    assert compared_period(WEEK, date(2026, 5, 17)).last == date(2026, 5, 9)
    assert compared_period(WEEK, date(2026, 5, 11)).last == date(2026, 5, 10), "none is over: all of it is shown"
    assert compared_period(WEEK, date(2026, 5, 18)).last == date(2026, 5, 10)


def two_weeks(home: Path) -> Addition:
    """Anna costs much more than the week before, on one model; ben a little less; carl the same."""
    last_week = MONDAY - timedelta(days=7)
    calls = {
        "anna": [*week_of_calls("a", USD, first=last_week), *week_of_calls("a", USD)],
        "ben": [*week_of_calls("b", 300_000_000, first=last_week), *week_of_calls("b", 200_000_000)],
        "carl": [*week_of_calls("c", 100, first=last_week), *week_of_calls("c", 100)],
    }
    calls["anna"].append(Paid("opus", "2026-05-14 12:00", 9 * USD, model="anthropic/claude-opus-4-5"))
    files = {name: put_calls(home / f"{name}.db", found, machine=name) for name, found in calls.items()}
    return team_of(home, **files)


def test_the_causes_of_a_change_are_the_seats_that_make_up_most_of_it_and_on_what(tmp_path: Path) -> None:
    report = two_weeks(tmp_path).report(WEEK)
    assert report.total_nano - report.before_nano == 9 * USD - 500_000_000
    first, second = report.changes
    assert (first.seat, first.nano) == ("anna", 9 * USD)
    assert (first.model, first.project) == ("anthropic/claude-opus-4-5", "shop")
    assert (second.seat, second.nano, second.model) == ("ben", -500_000_000, "opencode/kimi-k2.6")
    assert report.changes_share == 1.0


def test_seats_days_and_parts_add_up_to_the_total(tmp_path: Path) -> None:
    report = two_weeks(tmp_path).report(WEEK)
    assert sum(each.spend_nano for each in report.seats) == report.total_nano
    assert sum(each.before_nano for each in report.seats) == report.before_nano
    for found in report.seats:
        assert sum(day.spend_nano for day in found.days) == found.spend_nano
        assert sum(part.spend_nano for part in found.models) == found.spend_nano
        assert sum(part.spend_nano for part in found.projects) == found.spend_nano
    assert sum(part.spend_nano for part in report.models) == report.total_nano


def test_the_budget_is_that_of_the_period_and_a_seat_s_lines_are_the_day_s_or_the_team_s(tmp_path: Path) -> None:
    team = two_weeks(tmp_path)
    seats = team.settings.team.seats
    assert team.report(WEEK).budget_nano is None
    assert len(seat(team.report(WEEK), "anna").over_warning) == 5
    lines = Team(week_budget_nano=14 * USD, warning_nano=2 * USD, cutoff_nano=9 * USD, seats=seats)
    team.settings = replace(team.settings, team=lines)
    assert team.report(WEEK).budget_nano == 14 * USD
    assert team.report(ReportPeriod(MONDAY, MONDAY, "2026-05-11")).budget_nano == 2 * USD
    found = seat(team.report(WEEK), "anna")
    assert [day.day for day in found.over_warning] == [day.day for day in found.over_cutoff] == [14]
