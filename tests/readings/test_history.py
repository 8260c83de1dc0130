"""The history equals what was billed, day by day, in every zone, and is read from the sums."""

from __future__ import annotations

import re
import sqlite3
from datetime import date
from pathlib import Path

from opencode_tui.analysis.history import total
from opencode_tui.clock import calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import queries
from opencode_tui.ledger.history_queries import paid_over_time, spend_until
from opencode_tui.money import NANO
from opencode_tui.readings.context import Context
from opencode_tui.readings.history import read_history, read_hours
from opencode_tui.readings.sessions import read_sessions
from opencode_tui.records.history import HistoryView
from opencode_tui.records.requests import HistoryRequest, HoursRequest, SessionsRequest
from opencode_tui.records.stores import StoreState
from tests.stores import V1
from tests.support.ledgers import EVER, Reader, reader
from tests.support.pictures import CENT, DAY, IN_BERLIN, ago, at, of

NOW = at("14:23:05.250")


def context(ours: Reader, connection: sqlite3.Connection, now_ms: int, *stores: StoreState) -> Context:
    return Context(connection, now_ms, IN_BERLIN, stores or None)


def history(ours: Reader, now_ms: int = NOW, *stores: StoreState) -> HistoryView:
    with ours.ledger.reading() as connection:
        return read_history(HistoryRequest(), context(ours, connection, now_ms, *stores))


def two_months(home: Path) -> Reader:
    """Calls in April and May, at midnight, on both sides of the same points, in a fork, and cut off."""
    store = V1(home)
    root = store.session("Fix header", created=at("09:00", date(2026, 4, 2)))
    for cost, time, day in (
        ("0.10", "09:01", date(2026, 4, 2)),
        ("0.20", "14:23:05.249", date(2026, 4, 13)),
        ("0.40", "14:23:05.250", date(2026, 4, 13)),
        ("0.000000001", "23:59:59.999", date(2026, 4, 30)),
        ("0.80", "00:00", date(2026, 5, 1)),
        ("1.60", "14:20", ago(7)),
        ("3.20", "14:29", ago(7)),
        ("6.40", "10:00", ago(2)),
        ("12.80", "14:00", DAY),
    ):
        store.call(root, cost=cost, at=at(time, day))
    store.call(store.fork(root, at=at("14:10")), cost="0.01", at=at("14:11"))
    ours = reader(store.data_dir, settings=IN_BERLIN)
    ours.poll()
    return ours


def test_every_day_has_what_was_billed_on_it_and_all_of_them_have_it_all(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    found = history(ours)
    assert [(each.first.isoformat(), each.spend_nano, each.calls) for each in found.days] == [
        ("2026-04-02", 10 * CENT, 1),
        ("2026-04-13", 60 * CENT, 2),
        ("2026-04-30", 1, 1),
        ("2026-05-01", 80 * CENT, 1),
        ("2026-05-06", 480 * CENT, 2),
        ("2026-05-11", 640 * CENT, 1),
        ("2026-05-13", 1281 * CENT, 2),
    ]
    assert sum(each.spend_nano for each in found.days) == ours.totals.spend_nano
    assert sum(each.calls for each in found.days) == ours.totals.calls, "a copy is no call"
    tokens = ours.totals.tokens
    assert sum(each.tokens for each in found.days) == sum(
        (tokens.input, tokens.output, tokens.reasoning, tokens.cache_read, tokens.cache_write)
    )
    assert (found.since, found.first, found.last, found.today) == (date(2026, 4, 2), date(2026, 4, 2), DAY, DAY)
    assert not found.lower_bound and not any(each.lower_bound for each in found.days)


def test_the_running_week_and_month_stand_beside_the_same_point_of_the_ones_before(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    week, month = history(ours).running
    assert week.spend_nano == of(ours, NOW).week.spend_nano == 1921 * CENT
    assert week.before is not None and month.before is not None
    assert (week.before.spend_nano, week.before.whole_nano) == (160 * CENT, 480 * CENT), (
        "a call six minutes later is not"
    )
    assert week.before.kept_from == week.before.first and week.target_nano == 7 * NANO
    assert month.spend_nano == (80 + 480 + 640 + 1281) * CENT
    assert (month.before.spend_nano, month.before.whole_nano) == (30 * CENT, 70 * CENT + 1)
    assert month.before.kept_from == date(2026, 4, 2), "the ledger begins on the second"
    assert week.pace_nano is not None and week.projected_nano is not None
    assert abs(week.pace_nano - 1921 * CENT * 24 // (2 * 24 + 14)) < 20 * CENT
    assert week.projected_nano > week.spend_nano
    early = history(ours, at("08:00", date(2026, 4, 2))).running
    assert [each.before for each in early] == [None, None] and early[0].pace_nano is None


def test_the_hours_of_a_year_have_what_its_days_have(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    with ours.ledger.reading() as connection:
        week = read_hours(HoursRequest(2026), context(ours, connection, NOW))
        none = read_hours(HoursRequest(2025), context(ours, connection, NOW))
    days = history(ours).days
    assert sum(each.spend_nano for each in week.hours) == sum(each.spend_nano for each in days)
    for weekday in range(7):
        of_day = sum(each.spend_nano for each in week.hours[weekday * 24 : weekday * 24 + 24])
        assert of_day == sum(each.spend_nano for each in days if each.first.weekday() == weekday)
    assert week.hours[2 * 24 + 14].spend_nano == (160 + 320 + 1281) * CENT, "Wednesday, 14 to 15"
    assert not any(each.calls for each in none.hours)


def test_what_is_not_summed_yet_is_read_from_the_calls(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    before, connection = history(ours), ours.ledger.connection
    summed = list(paid_over_time(connection, EVER))
    connection.execute("UPDATE summed SET upto = 0")
    connection.execute("DELETE FROM call_sum")
    assert sum(nano for _, nano, _, _ in paid_over_time(connection, EVER)) == sum(nano for _, nano, _, _ in summed)
    assert history(ours).days == before.days and history(ours).running == before.running


def test_no_query_reads_all_calls(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    asked: list[str] = []
    connection = ours.ledger.connection
    connection.set_trace_callback(asked.append)
    history(ours)
    with ours.ledger.reading() as reading:
        read_hours(HoursRequest(2026), context(ours, reading, NOW))
    connection.set_trace_callback(None)
    asked = [query for query in asked if query.lstrip().startswith("SELECT")]
    assert len(asked) > 8
    for query in asked:
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
        assert not re.search(r"SCAN (call|c)\b(?! USING (COVERING )?INDEX call_missing)", plan), query


def test_spend_until_a_moment_counts_each_call_before_it(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    connection, start = ours.ledger.connection, at("00:00", date(2026, 4, 13))
    for time, cents in (("14:15", 0), ("14:23:05.249", 0), ("14:23:05.250", 20), ("14:23:05.251", 60), ("14:30", 60)):
        assert spend_until(connection, start, at(time, date(2026, 4, 13))) == cents * CENT, time
    assert spend_until(connection, start, start) == 0


def test_days_that_could_not_be_read_are_marked_and_while_a_store_is_read_all_are(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    ours.ledger.connection.execute(
        "INSERT INTO unreadable VALUES (1, 'message', 'odd', 'no JSON', ?)", (at("12:00", ago(1)),)
    )
    found = history(ours)
    assert [each.first for each in found.days if each.lower_bound] == [ago(1)]
    assert total(found.days, ago(1), ago(1)).calls == 0
    assert [each.lower_bound for each in found.running] == [True, True]
    importing = StoreState("/home/ada/opencode.db", "sqlite", "importing", imported=10, total=100)
    assert all(each.lower_bound for each in history(ours, NOW, importing).days)


def test_an_empty_ledger_has_today_and_nothing_else(tmp_path: Path) -> None:
    store = V1(tmp_path)
    ours = reader(store.data_dir, settings=IN_BERLIN)
    ours.poll()
    found = history(ours)
    assert (found.days, found.since, found.first, found.last) == ((), None, DAY, DAY)
    assert all(each.before is None and each.spend_nano == 0 for each in found.running)


def test_the_first_day_of_a_wrong_clock_can_be_opened_with_its_sessions(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Without a battery", created=1)
    store.call(root, cost="0.10", at=5)
    ours = reader(store.data_dir, settings=IN_BERLIN)
    ours.poll()
    day = history(ours).first
    assert day == date(1970, 1, 1)
    assert of(ours, NOW, day=day).spent_nano == 10 * CENT
    with ours.ledger.reading() as connection:
        found = read_sessions(SessionsRequest(day.isoformat()), context(ours, connection, NOW))
    assert [row.id for row in found.rows] == [root]


def test_a_day_is_one_of_the_users_zone(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    for zone in ("Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati"):
        calendar = calendar_for(zone)
        with ours.ledger.reading() as connection:
            found = read_history(HistoryRequest(), Context(connection, NOW, Settings(timezone=zone)))
            for each in found.days:
                assert queries.spend(connection, calendar.span(each.first)) == each.spend_nano
        assert sum(each.spend_nano for each in found.days) == ours.totals.spend_nano


def test_the_lines_of_a_day_are_those_of_the_budget_not_of_the_seven_days_chart(tmp_path: Path) -> None:
    ours = two_months(tmp_path)
    taken = history(ours)
    assert (taken.warning_nano, taken.cutoff_nano) == (80 * CENT, 150 * CENT)
    ours.close()
