"""How fast the day goes and where that leads, and the days around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.config.settings import Budget, Chart
from opencode_tui.money import NANO
from tests.stores import V1
from tests.support.pictures import CENT, DAY, IN_BERLIN, MINUTE, ago, assert_adds_up, at, picture
from tests.support.records import replace

# How fast, and where it leads


def test_the_rate_looks_back_over_midnight(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("23:00", ago(1)))
    store.call(session, cost="0.64", at=at("23:20", ago(1)))
    store.call(session, cost="0.30", at=at("23:40", ago(1)))
    store.call(session, cost="0.05", at=at("00:10"))
    taken = picture(store, at("00:20"))
    assert (taken.spent_nano, taken.rate_nano) == (5 * CENT, 35 * CENT)
    assert_adds_up(taken)


def spent_in_the_last_hour(root: Path, cost: str) -> V1:
    store = V1(root)
    store.call(store.session("Fix header", created=at("13:00")), cost=cost, at=at("14:00"))
    return store


def test_warning_and_cutoff_are_reached_when_the_rate_gets_there(tmp_path: Path) -> None:
    taken = picture(spent_in_the_last_hour(tmp_path, "0.50"), at("14:23"))
    assert (taken.band, taken.rate_nano) == ("calm", 50 * CENT)
    assert taken.warning_at_ms == at("14:23") + 36 * MINUTE
    assert taken.cutoff_at_ms == at("16:23")


def test_what_is_reached_already_or_not_today_has_no_moment(tmp_path: Path) -> None:
    store = spent_in_the_last_hour(tmp_path, "0.90")
    budget = Budget(cutoff_nano=90 * NANO)
    taken = picture(store, settings=replace(IN_BERLIN, budget=budget))
    assert taken.band == "warning"
    assert (taken.warning_at_ms, taken.cutoff_at_ms) == (None, None)
    assert (taken.warning_nano, taken.cutoff_nano) == (80 * CENT, 90 * NANO)


@pytest.mark.parametrize(
    ("cost", "where"),
    [("0.799999999", "calm"), ("0.8", "warning"), ("1.499999999", "warning"), ("1.5", "cutoff")],
)
def test_a_day_at_its_line_is_past_it(cost: str, where: str, tmp_path: Path) -> None:
    assert picture(spent_in_the_last_hour(tmp_path, cost)).band == where


def test_a_past_day_has_no_rate_and_crosses_nothing(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("23:00", ago(1)))
    store.call(session, cost="0.30", at=at("23:50", ago(1)))
    store.call(session, cost="0.30", at=at("00:05"))
    past = picture(store, at("00:10"), day=ago(1))
    assert (past.is_today, past.spent_nano) == (False, 30 * CENT)
    assert (past.rate_nano, past.warning_at_ms, past.cutoff_at_ms) == (0, None, None)
    assert picture(store, at("00:10"), day=DAY) == picture(store, at("00:10"))


# The days around it


def test_seven_days_end_with_the_shown_one_and_are_banded_by_the_charts_lines(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("11:00", ago(8)))
    costs = ("9.99", "0.20", "1.499999999", "1.50", "1.999999999", "2.00", "0", "0.10")
    for back, cost in zip(range(7, -1, -1), costs, strict=True):
        store.call(session, cost=cost, at=at("12:00", ago(back)))
    taken = picture(store)
    assert [each.day for each in taken.week_days] == [ago(back) for back in range(6, -1, -1)]
    assert [each.spend_nano for each in taken.week_days] == [
        store.truth.between(at("00:00", ago(back)), at("00:00", ago(back - 1))) for back in range(6, -1, -1)
    ]
    bands = ["calm", "calm", "warning", "warning", "cutoff", "calm", "calm"]
    assert [each.band for each in taken.week_days] == bands
    low = replace(IN_BERLIN, chart=Chart(10 * CENT, 20 * CENT))
    assert [each.band for each in picture(store, settings=low).week_days][-3:] == [
        "cutoff",
        "calm",
        "warning",
    ]


def test_the_week_goes_from_monday_to_the_end_of_the_shown_day(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header", created=at("11:00", ago(5)))
    for days, cost in ((3, "9.99"), (2, "1.00"), (1, "2.00"), (0, "0.50"), (-1, "4.00")):
        store.call(session, cost=cost, at=at("12:00", ago(days)))
    week = picture(store).week
    assert (week.label, week.spend_nano, week.projected_nano) == ("2026-W20", 350 * CENT, 550 * CENT)
    assert (week.target_nano, week.verdict) == (700 * CENT, "on pace")
    assert picture(store, day=ago(1)).week.spend_nano == 300 * CENT
