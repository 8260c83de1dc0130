"""A team's report from its database: what the engine added up, and what is wrong with which seat."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from opencode_tui.analysis.report_periods import parse_range, parse_week
from opencode_tui.clock import DAY_MS, calendar_for, now_ms
from opencode_tui.config.database_values import database_address
from opencode_tui.config.settings import Budget, Settings
from opencode_tui.config.team import Team
from opencode_tui.ledger.digests import days_between, digest_calls
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.team import Seat, TeamReport
from opencode_tui.report.papers.team_papers import team_paper
from opencode_tui.team.postgres import asking, reading_sums
from opencode_tui.team.postgres.reporting import DatabaseRequest, database_report
from tests.support.ledgers import lay_out
from tests.support.many_calls import COST_NANO, add_calls
from tests.team.postgres.conftest import FIRST, TeamDatabase

SETTINGS = Settings(
    timezone="UTC", budget=Budget(20 * COST_NANO, 30 * COST_NANO), team=Team(week_budget_nano=7 * 10**9)
)
LAST = FIRST + timedelta(6)


def report(
    database: TeamDatabase, user: str = "boss", week: str = "2026-W20", at_ms: int | None = None, first: str = ""
) -> TeamReport:
    period = parse_range(first, first, LAST) if first else parse_week(week)
    address = database_address(database.url(user))
    return database_report(DatabaseRequest(address, None, period, SETTINGS, now_ms() if at_ms is None else at_ms))


def only(found: TeamReport) -> Seat:
    (seat,) = found.seats
    return seat


def digest_of(ledger: Ledger, first: date, last: date) -> str:
    return digest_calls(ledger.connection, days_between(calendar_for("UTC"), first, last)).sha256


def test_the_sums_are_those_of_the_ledgers(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST - timedelta(7), days=14, a_day=18)
    database.push(ledger)
    add_calls(ledger, FIRST, days=1, a_day=12, prefix="extra")
    database.push(ledger)
    found = report(database)
    seat = only(found)
    assert (found.total_nano, found.before_nano, found.budget_nano) == (138 * COST_NANO, 126 * COST_NANO, 7 * 10**9)
    assert (seat.name, seat.spend_nano, seat.calls, seat.before_nano) == ("anna", 138 * COST_NANO, 138, 126 * COST_NANO)
    assert [(each.day, each.calls) for each in seat.days] == [
        (FIRST + timedelta(number), 30 if number == 0 else 18) for number in range(7)
    ]
    assert (seat.over_warning, seat.over_cutoff) == ((FIRST,), (FIRST,))
    assert (
        sum(part.spend_nano for part in seat.models)
        == sum(part.spend_nano for part in seat.projects)
        == found.total_nano
    )
    assert {(part.key, part.calls, part.before_nano) for part in found.projects} == {
        ("shop", 69, 63 * COST_NANO), ("cart", 69, 63 * COST_NANO)
    }  # fmt: skip
    assert [change.nano for change in found.changes] == [12 * COST_NANO]
    assert seat.last_call_ms is not None
    assert seat.trouble == ""


def test_a_running_week_is_held_against_the_days_that_are_over(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST - timedelta(7), days=10, a_day=18)
    add_calls(ledger, FIRST, days=1, a_day=12, prefix="monday")
    add_calls(ledger, FIRST + timedelta(2), days=1, a_day=100, prefix="wednesday")
    database.push(ledger)
    wednesday = calendar_for("UTC").start_of(FIRST + timedelta(2)) + DAY_MS // 2
    found = report(database, at_ms=wednesday)
    assert (found.total_nano, found.before_nano) == (166 * COST_NANO, 36 * COST_NANO)
    assert [change.nano for change in found.changes] == [12 * COST_NANO], "without the calls of the Wednesday"


def test_the_checksum_is_that_of_the_seats_own_report(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=7, a_day=5)
    database.push(ledger)
    add_calls(ledger, FIRST + timedelta(2), days=1, a_day=1, prefix="late")
    database.push(ledger)
    assert only(report(database)).digest == digest_of(ledger, FIRST, LAST)
    assert only(report(database, first="2026-05-12")).digest == digest_of(
        ledger, FIRST + timedelta(1), FIRST + timedelta(1)
    )


def test_a_seat_sees_its_own_report_only(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=4)
    database.push(ledger)
    add_calls(ledger, FIRST, days=1, a_day=1, prefix="other")
    database.push(ledger, "ben")
    assert {seat.name: seat.calls for seat in report(database).seats} == {"anna": 4, "ben": 1}
    assert {seat.name: seat.calls for seat in report(database, "anna").seats} == {"anna": 4}


def test_one_ledger_pushed_for_two_seats_counts_once_and_is_said(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST - timedelta(7), days=9, a_day=4)
    for name in ("ben", "anna"):
        database.push(ledger, name)
    found = report(database)
    seats = {seat.name: seat for seat in found.seats}
    assert (found.total_nano, found.before_nano) == (8 * COST_NANO, 28 * COST_NANO)
    assert {name: seat.spend_nano for name, seat in seats.items()} == {"ben": 8 * COST_NANO, "anna": 0}
    assert sum(part.spend_nano for part in found.models) == 8 * COST_NANO
    assert sum(part.before_nano for part in found.projects) == 28 * COST_NANO
    assert found.month is not None and found.month.spent_nano == 36 * COST_NANO
    assert (seats["ben"].trouble, seats["anna"].digest) == ("", "")
    assert seats["anna"].trouble.startswith("it has 8 calls in common with ben, counted there"), "ben pushed first"


def test_a_seat_that_stopped_pushing_is_late(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=2, a_day=1)
    database.push(ledger)
    database.rows("UPDATE team_push SET received_at = '2026-05-13 00:00+00', sent_ms = 1778630400000")
    sunday_ms = calendar_for("UTC").span(LAST).end_ms
    assert only(report(database, at_ms=sunday_ms)).late_days == 5
    silent = only(report(database, week="2026-W22", at_ms=sunday_ms + 14 * DAY_MS))
    assert (silent.calls, silent.days, silent.late_days) == (0, (), 19)
    assert report(database, week="2026-W30", at_ms=sunday_ms + 70 * DAY_MS).seats == ()


@pytest.mark.parametrize(
    ("off_ms", "words"),
    [(DAY_MS, "its clock is 24 h ahead of"), (-15 * 60_000, "its clock is 15 min behind"), (60_000, "")],
)
def test_a_clock_that_is_wrong_is_said(off_ms: int, words: str, database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=1)
    database.push(ledger)
    database.rows(f"UPDATE team_push SET sent_ms = (extract(epoch FROM received_at) * 1000)::bigint + {off_ms}")
    trouble = only(report(database)).trouble
    assert words in trouble
    assert bool(trouble) == bool(words)


def test_why_a_day_ran_over_goes_with_it_without_titles(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=20)
    with ledger.writing() as connection:
        connection.execute(
            """INSERT INTO alert (fired_ms, rule, kind, level, subject, period, mark, value, line, at_ms, about, cause,
                 cause_nano, cause_found, text) VALUES (0, 'day', 'day', 'warning', '', '2026-05-11', 0, 0, 0, 0, '',
                 '4× redesign in "Secret title"', 0, 1, '')"""
        )
    database.push(ledger)
    assert only(report(database)).cause == "4× redesign in a session"
    database.rows("DELETE FROM team_day; DELETE FROM team_first")  # else the calls are anna's
    database.push(ledger, "ben", share="titles")
    assert {seat.name: seat.cause for seat in report(database).seats}["ben"] == '4× redesign in "Secret title"'


def test_a_push_between_two_questions_of_a_report_leaves_no_sum_that_disagrees(
    database: TeamDatabase, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_calls(ledger, FIRST, days=2, a_day=4)
    database.push(ledger)
    days_are_read, parts, days = Event(), reading_sums.part_rows, reading_sums.day_rows
    pushes = iter((True, True))

    def parts_after_a_push(*values: Any) -> Any:
        if days_are_read.wait(60) and next(pushes, False):
            add_calls(ledger, FIRST, days=1, a_day=1, prefix=f"between{now_ms()}")
            database.push(ledger)
        return parts(*values)

    def days_before_it(*values: Any, **words: Any) -> Any:
        found = list(days(*values, **words))
        days_are_read.set()
        return found

    monkeypatch.setattr(asking, "part_rows", parts_after_a_push)
    monkeypatch.setattr(asking, "day_rows", days_before_it)
    found = report(database)
    assert found.total_nano == sum(part.spend_nano for part in found.models) >= 9 * COST_NANO


@pytest.mark.parametrize("is_older", [False, True], ids=["now", "of an older version"])
def test_a_ledger_that_began_later_is_no_growth(
    is_older: bool, database: TeamDatabase, ledger: Ledger, tmp_path: Path
) -> None:
    lay_out(tmp_path / "bens.db")
    bens = Ledger(tmp_path / "bens.db")
    add_calls(ledger, FIRST - timedelta(30), days=1, a_day=3)
    add_calls(ledger, FIRST, days=1, a_day=2, prefix="now")
    add_calls(bens, FIRST + timedelta(1), days=1, a_day=9, prefix="bens")
    database.push(ledger)
    database.push(bens, "ben")
    bens.close()
    if is_older:
        database.rows("DELETE FROM team_first")
    found = report(database)
    assert {seat.name: seat.since for seat in found.seats} == {
        "anna": FIRST - timedelta(30),
        "ben": FIRST + timedelta(1),
    }
    assert [(change.seat, change.nano) for change in found.changes] == [("anna", 2 * COST_NANO)]
    assert "before the ledger" in team_paper(found, "md", calendar_for("UTC"))
