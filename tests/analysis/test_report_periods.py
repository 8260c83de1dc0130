"""The period of a report: weeks, months and ranges as people name them, and the one before."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import pytest

from opencode_tui.analysis.periods import days_in_month
from opencode_tui.analysis.report_periods import ReportPeriod, last_week, parse_month, parse_range, parse_week

TODAY = date(2026, 5, 13)


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2026, 5, 10), "2026-W19"),  # a Sunday: the week ends today
        (date(2026, 5, 11), "2026-W19"),  # Monday morning
        (date(2026, 5, 16), "2026-W19"),
        (date(2026, 5, 17), "2026-W20"),
        (date(2027, 1, 1), "2026-W52"),
    ],
)
def test_the_last_week_is_the_one_that_ends_on_a_sunday_or_has_ended(day: date, label: str) -> None:
    assert last_week(day).label == label


@pytest.mark.parametrize("year", [1, 1900, 2000, 2026, 2028, 9999])
def test_months_have_the_days_of_the_calendar(year: int) -> None:
    assert [days_in_month(year, month) for month in range(1, 13)] == [
        monthrange(year, month)[1] for month in range(1, 13)
    ]


@pytest.mark.parametrize(
    ("period", "first", "last", "days", "before"),
    [
        (parse_week("2026-W19"), date(2026, 5, 4), date(2026, 5, 10), 7, "2026-W18"),
        (parse_week("2027-W01"), date(2027, 1, 4), date(2027, 1, 10), 7, "2026-W53"),
        (parse_month("2026-01"), date(2026, 1, 1), date(2026, 1, 31), 31, "2025-12"),
        (parse_month("2028-02"), date(2028, 2, 1), date(2028, 2, 29), 29, "2028-01"),
        (parse_range("2026-05-04", "2026-05-13", TODAY), date(2026, 5, 4), TODAY, 10, "2026-04-24 to 2026-05-03"),
        (parse_range("2026-05-13", None, TODAY), TODAY, TODAY, 1, "2026-05-12"),
    ],
)
def test_periods_have_their_days(period: ReportPeriod, first: date, last: date, days: int, before: str) -> None:
    assert (period.first, period.last, period.days, period.before().label) == (first, last, days, before)


@pytest.mark.parametrize("text", ["2026-W54", "2026-W00", "2026-19", "W19", "", "2026-W1", "9999-W01", "٢٠٢٦-W19"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a week; write one such as 2026-W19"):
        parse_week(text)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026", "May", "1969-05", "2026-5"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month; write one such as 2026-05"):
        parse_month(text)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-05-13", "2026-05-04", "swap them"),
        ("2026-05-14", None, "is after today"),
        ("2010-01-01", "2026-01-01", "too many for one report"),
        ("May", None, "is not a day"),
    ],
)
def test_a_range_that_cannot_be_is_refused(first: str, last: str | None, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_range(first, last, TODAY)
