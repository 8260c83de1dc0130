"""What became of an alert stays: seen, snoozed, acknowledged, told, and over an older ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.clock import DAY_MS, HOUR_MS
from opencode_tui.config.settings import Budget, Lines, Settings
from opencode_tui.ledger import alert_log, deliveries
from opencode_tui.ledger.schema import LATEST
from opencode_tui.money import NANO
from opencode_tui.records.alerts import Alert, DeliveryResult
from tests.support.old_ledgers import old_call, old_ledger
from tests.support.records import replace
from tests.support.watched import MINUTE, NOON, QUIET, Watched, only

CENT = NANO // 100
YEAR = 365 * DAY_MS
DAY = Settings(timezone="UTC", alerts=QUIET)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


# Seen, snoozed, acknowledged, told


@pytest.fixture
def fired(file: Path) -> Iterator[tuple[sqlite3.Connection, Alert]]:
    watched = Watched(file, DAY)
    watched.call(cost="0.90", at=NOON)
    (alert,) = watched.look()
    yield watched.ledger.connection, alert
    watched.ledger.close()


def test_what_was_seen_stands_no_longer_and_stays_in_the_log(fired: tuple[sqlite3.Connection, Alert]) -> None:
    connection, alert = fired
    assert alert_log.standing(connection, NOON) == (alert,)
    assert alert_log.mark_seen(connection, [alert.id], NOON + 5) == (alert.id,)
    assert alert_log.mark_seen(connection, [alert.id], NOON + 9) == ()
    assert alert_log.standing(connection, NOON + 9) == ()
    assert alert_log.alerts(connection) == (replace(alert, seen_ms=NOON + 5),)
    alert_log.unsee(connection, [alert.id])
    assert alert_log.standing(connection, NOON + 9) == (alert,)


def test_what_is_snoozed_stands_again_later(fired: tuple[sqlite3.Connection, Alert]) -> None:
    connection, alert = fired
    alert_log.mark_seen(connection, [alert.id], NOON + 5)
    alert_log.snooze(connection, [alert.id], NOON + HOUR_MS)
    assert alert_log.standing(connection, NOON + HOUR_MS - 1) == ()
    assert alert_log.standing(connection, NOON + HOUR_MS) == (replace(alert, snoozed_until_ms=NOON + HOUR_MS),)


def test_what_was_acknowledged_is_done_with(fired: tuple[sqlite3.Connection, Alert]) -> None:
    connection, alert = fired
    alert_log.acknowledge(connection, [alert.id], NOON + 5)
    assert alert_log.snooze(connection, [alert.id], NOON + 10) == 0
    assert alert_log.standing(connection, NOON + DAY_MS) == ()
    assert alert_log.alerts(connection) == (replace(alert, seen_ms=NOON + 5, acknowledged_ms=NOON + 5),)


@pytest.mark.parametrize("before", ["new", "seen", "snoozed"])
def test_what_is_acknowledged_by_mistake_is_again_what_it_was(
    before: str, fired: tuple[sqlite3.Connection, Alert]
) -> None:
    connection, alert = fired
    if before == "seen":
        alert_log.mark_seen(connection, [alert.id], NOON + 5)
    elif before == "snoozed":
        alert_log.snooze(connection, [alert.id], NOON + HOUR_MS, NOON + 5)
    as_before, standing = alert_log.alerts(connection), alert_log.standing(connection, NOON + 10)
    (acknowledged,) = alert_log.acknowledge(connection, [alert.id], NOON + 10)
    assert acknowledged.acknowledged_ms == NOON + 10 and acknowledged.snoozed_until_ms is None
    assert alert_log.acknowledge(connection, [alert.id], NOON + 20) == (), "the first one counts"
    assert alert_log.standing(connection, NOON + 2 * HOUR_MS) == ()
    assert alert_log.unacknowledge(connection, [alert.id]) == as_before
    assert alert_log.unacknowledge(connection, [alert.id]) == (), "a second time changes nothing"
    assert alert_log.alerts(connection) == as_before
    assert alert_log.standing(connection, NOON + 10) == standing


def test_an_acknowledged_snooze_covers_nothing_until_it_is_taken_back(file: Path) -> None:
    watched = Watched(file, only(rate=Lines(warning_nano=200 * CENT, cutoff_nano=500 * CENT)))
    watched.call(cost="2.10", at=NOON)
    (first,) = watched.look()
    connection, until_ms = watched.ledger.connection, NOON + 12 * HOUR_MS
    alert_log.snooze(connection, [first.id], until_ms)
    alert_log.acknowledge(connection, [first.id], NOON + MINUTE)
    watched.call(cost="2.10", at=NOON + 2 * HOUR_MS)
    assert [alert.snoozed_until_ms for alert in watched.look()] == [None]
    alert_log.unacknowledge(connection, [first.id])
    watched.call(cost="2.10", at=NOON + 4 * HOUR_MS)
    assert [alert.snoozed_until_ms for alert in watched.look()] == [until_ms]


def test_a_snooze_covers_what_fires_of_the_same_rule_meanwhile_but_no_higher_line(file: Path) -> None:
    watched = Watched(file, only(rate=Lines(warning_nano=200 * CENT, cutoff_nano=500 * CENT)))
    watched.call(cost="2.10", at=NOON)
    (first,) = watched.look()
    until_ms = NOON + 12 * HOUR_MS
    alert_log.snooze(watched.ledger.connection, [first.id], until_ms)
    watched.call(cost="2.10", at=NOON + 2 * HOUR_MS)
    assert [alert.snoozed_until_ms for alert in watched.look()] == [until_ms]
    watched.call(cost="5.10", at=NOON + 4 * HOUR_MS)
    assert [(alert.crossing.level, alert.snoozed_until_ms) for alert in watched.look()] == [("cutoff", None)]


def test_a_snoozed_warning_does_not_keep_a_cutoff_at_its_line_quiet(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="0.85", at=NOON)
    (first,) = watched.look()
    alert_log.snooze(watched.ledger.connection, [first.id], NOON + HOUR_MS)
    watched.settings = replace(DAY, budget=Budget(40 * CENT, 80 * CENT))
    assert [alert.snoozed_until_ms for alert in watched.look()] == [None]


def test_the_results_of_deliveries_are_kept(fired: tuple[sqlite3.Connection, Alert]) -> None:
    connection, alert = fired
    what = (
        DeliveryResult("command", NOON, True),
        DeliveryResult("webhook", NOON + 3, False, "the address answered 500"),
    )
    for each in what:
        assert deliveries.take(connection, alert.id, each.channel, "somebody", NOON) == 1
        deliveries.finish(connection, alert.id, "somebody", each)
    assert alert_log.alerts(connection)[0].results == what


def test_the_log_is_read_newest_first_from_a_moment_on(file: Path) -> None:
    watched = Watched(file, only(every_calls=1))
    for minute in range(5):
        watched.call(at=NOON + minute * MINUTE)
        watched.look()
    read = alert_log.alerts(watched.ledger.connection, since_ms=NOON + MINUTE, most=3)
    assert [alert.crossing.line for alert in read] == [5, 4, 3]
    assert len(alert_log.alerts(watched.ledger.connection, since_ms=NOON + MINUTE)) == 4


# A clock that was ahead


def test_a_rate_that_fired_on_a_clock_that_was_ahead_fires_again_on_the_right_one(file: Path) -> None:
    watched = Watched(file, only(rate=Lines(warning_nano=200 * CENT)))
    watched.call(cost="2.10", at=NOON + YEAR)
    assert len(watched.look(NOON + YEAR)) == 1
    watched.call(cost="2.20", at=NOON)
    assert [alert.crossing.value for alert in watched.look(NOON)] == [220 * CENT]
    assert watched.look(NOON + MINUTE) == ()


def test_what_fired_on_a_clock_that_was_ahead_does_not_stand_until_it_has_come(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="0.90", at=NOON + YEAR)
    watched.look(NOON + YEAR)
    connection = watched.ledger.connection
    assert len(alert_log.standing(connection, NOON + YEAR)) == 1
    assert alert_log.standing(connection, NOON) == ()
    assert len(alert_log.standing(connection, NOON + YEAR - MINUTE)) == 1  # a clock that is put right by a little


@pytest.mark.parametrize("noted", [True, False])
def test_a_snooze_of_a_clock_that_was_ahead_is_none(
    fired: tuple[sqlite3.Connection, Alert], noted: bool, file: Path
) -> None:
    connection, alert = fired
    until_ms = NOON + YEAR + HOUR_MS
    alert_log.snooze(connection, [alert.id], until_ms, NOON + YEAR if noted else None)
    assert alert_log.standing(connection, NOON + YEAR) == ()
    (standing,) = alert_log.standing(connection, NOON)
    assert not standing.is_snoozed(NOON)
    assert standing.is_snoozed(NOON + YEAR)


def test_a_snooze_of_a_clock_that_was_a_day_ahead_is_none_either(fired: tuple[sqlite3.Connection, Alert]) -> None:
    connection, alert = fired
    alert_log.snooze(connection, [alert.id], NOON + DAY_MS + HOUR_MS, NOON + DAY_MS)
    assert len(alert_log.standing(connection, NOON)) == 1
    alert_log.snooze(connection, [alert.id], NOON + HOUR_MS, NOON + MINUTE // 2)  # put back by half a minute
    assert alert_log.standing(connection, NOON) == ()


def test_a_new_alert_does_not_take_over_a_snooze_of_a_clock_that_was_ahead(file: Path) -> None:
    watched = Watched(file, only(rate=Lines(warning_nano=200 * CENT)))
    watched.call(cost="2.10", at=NOON)
    (first,) = watched.look(NOON)
    alert_log.snooze(watched.ledger.connection, [first.id], NOON + YEAR + HOUR_MS, NOON + YEAR)
    watched.call(cost="2.10", at=NOON + 2 * HOUR_MS)
    assert [alert.snoozed_until_ms for alert in watched.look(NOON + 2 * HOUR_MS)] == [None]


# An older ledger


def test_a_ledger_of_version_1_takes_alerts_and_keeps_its_calls(file: Path) -> None:
    with closing(old_ledger(file, 1)) as connection:
        old_call(connection, "msg_1", NOON, 90 * CENT)
    opened = Watched(file, DAY)
    assert opened.ledger.connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
    assert opened.ledger.connection.execute("SELECT id, cost_nano FROM call").fetchall() == [("msg_1", 90 * CENT)]
    assert len(opened.look(NOON)) == 1
