"""Each alert fires once a period and level: over restarts, between processes, and in any order of looks."""

from __future__ import annotations

import multiprocessing
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opencode_tui.alert_records import Alert, Cause, Crossing, Told
from opencode_tui.alerts.watcher import Watcher
from opencode_tui.clock import DAY_MS, HOUR_MS
from opencode_tui.ledger import alert_log
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.schema import LATEST
from opencode_tui.money import NANO
from opencode_tui.records import Call, Tokens
from opencode_tui.settings import Alerts, Budget, Fills, Lines, Settings, SpendRule
from tests.watched import DAY_START, MINUTE, NOON, QUIET, Limits, Watched, only

CENT = NANO // 100
DAY = Settings(timezone="UTC", alerts=QUIET)
RATE = only(rate=Lines(warning_nano=200 * CENT))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def keys(alerts: tuple[Alert, ...]) -> list[tuple[str, str, str, str]]:
    return [(a.crossing.rule, a.crossing.level, a.crossing.subject, a.crossing.period) for a in alerts]


# Once a period and level


def test_an_alert_is_kept_as_it_fired(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(watched.session("ses_1", "Fix header"), "0.90")
    (alert,) = watched.look()
    at_ms = watched.now
    again = watched.restarted()
    assert alert_log.alerts(again.ledger.connection) == (alert,)
    assert alert == Alert(
        1,
        at_ms,
        Crossing("day", "spend", "warning", "", "2026-05-13", 90 * CENT, 80 * CENT, at_ms, "ses_1"),
        Cause('"Fix header" made all of it in one call', "ses_1", None, 90 * CENT),
        '$0.90 is past the warning $0.80: "Fix header" made all of it in one call',
    )


def test_a_restart_fires_nothing_again(file: Path) -> None:
    watched = Watched(file, Settings(timezone="UTC"))
    watched.session("ses_1", "Fix header")
    for _ in range(9):
        watched.call(cost="0.15", turn="a", context=90_000, tools=[("grep", "src")])
    assert len(watched.look()) > 2
    for _ in range(3):
        watched = watched.restarted()
        assert watched.look() == ()


def test_a_new_day_fires_again_and_the_day_before_never_more(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="0.90", at=DAY_START + DAY_MS - 1)
    assert len(watched.look()) == 1
    assert watched.look(DAY_START + DAY_MS) == ()
    watched.call(cost="0.90", at=DAY_START + DAY_MS)
    assert [alert.crossing.period for alert in watched.look()] == ["2026-05-14"]
    watched.call(cost="5", at=DAY_START + HOUR_MS)  # yesterday's, read late
    assert watched.look(DAY_START + DAY_MS) == ()


@pytest.mark.parametrize("cutoff", [70, 80])
def test_a_cutoff_that_is_lowered_to_where_the_warning_fired_still_fires(file: Path, cutoff: int) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="0.85", at=NOON)
    assert [alert.crossing.level for alert in watched.look()] == ["warning"]
    watched.settings = replace(DAY, budget=Budget(40 * CENT, cutoff * CENT))
    assert [alert.crossing.level for alert in watched.look()] == ["cutoff"]
    assert watched.look() == ()


def test_a_rates_cutoff_that_is_lowered_to_where_its_warning_fired_still_fires(file: Path) -> None:
    watched = Watched(file, RATE)
    watched.call(cost="2.50", at=NOON)
    assert [alert.crossing.level for alert in watched.look()] == ["warning"]
    watched.settings = only(rate=Lines(warning_nano=100 * CENT, cutoff_nano=200 * CENT))
    assert [alert.crossing.level for alert in watched.look()] == ["cutoff"]
    assert watched.look() == ()


def test_past_days_of_an_old_store_never_fire(file: Path) -> None:
    watched = Watched(file, Settings(timezone="UTC"))
    watched.session("ses_1", "Long ago")
    for day in range(8, 100):
        tools = [("edit", "a.ts")] * 9
        watched.call(cost="3", at=NOON - day * DAY_MS, turn=f"turn_{day % 9}", context=99_000, tools=tools)
    assert watched.look(NOON) == ()


def test_the_first_look_at_a_day_that_is_past_its_line_fires_once(file: Path) -> None:
    watched = Watched(file, DAY)
    for hour in range(1, 10):
        watched.call(cost="0.20", at=DAY_START + hour * HOUR_MS)
    (alert,) = watched.look(NOON)
    assert (alert.crossing.level, alert.late) == ("cutoff", True)
    assert alert.text.startswith("$1.80 is past the cutoff $1.50 since 08:00: ")
    assert watched.look(NOON) == ()


def test_ten_thousand_calls_at_once_fire_each_rule_once(file: Path) -> None:
    watched = Watched(file, replace(Settings(timezone="UTC"), alerts=replace(Alerts(), every_calls=100, same_file=0)))
    watched.session("ses_1", "Import")
    first = Call("m", "ses_1", "turn", "opencode", "kimi-k2.6", "build", "/shop", 0, 1, Tokens(90_000), CENT // 10)
    watched.write(replace(first, id=f"msg_{n:05d}", created_ms=NOON + n) for n in range(10_000))
    assert sorted(keys(watched.look(NOON + 10_000))) == [
        ("context", "notice", "ses_1", ""),
        ("day", "cutoff", "", "2026-05-13"),
        ("every_calls", "notice", "", "2026-05-13"),
        ("rate", "warning", "", ""),
        ("session", "warning", "ses_1", "ever"),
        ("week", "warning", "", "2026-W20"),
    ]
    assert watched.look(NOON + 10_000) == ()


def test_a_line_that_was_raised_fires_when_it_is_crossed_in_its_turn(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="1.60")
    assert len(watched.look()) == 1
    watched.settings = replace(DAY, budget=Budget(100 * CENT, 200 * CENT))
    assert watched.look() == ()  # a warning below the cutoff that has fired
    watched.call(cost="0.50")
    assert [alert.crossing.line for alert in watched.look()] == [200 * CENT]


def test_of_two_levels_at_one_line_the_higher_one_alone_is_told(file: Path) -> None:
    watched = Watched(file, replace(DAY, budget=Budget(80 * CENT, 80 * CENT)))
    watched.call(cost="0.90")
    assert [alert.crossing.level for alert in watched.look()] == ["cutoff"]
    assert watched.look() == ()


def test_alerts_are_given_in_the_order_in_which_their_lines_were_crossed(file: Path) -> None:
    watched = Watched(file, replace(DAY, alerts=replace(QUIET, session=Lines(notice_nano=50 * CENT))))
    watched.call(cost="0.60", at=NOON)
    watched.call(cost="0.30", at=NOON + MINUTE)
    assert [(alert.crossing.rule, alert.crossing.at_ms) for alert in watched.look()] == [
        ("session", NOON),
        ("day", NOON + MINUTE),
    ]


def test_a_line_that_was_lowered_is_not_told_anew(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="0.90")
    assert len(watched.look()) == 1
    watched.settings = replace(DAY, budget=Budget(50 * CENT, 150 * CENT))
    assert watched.look() == ()


def test_two_settings_at_once_each_fire_their_line_and_do_not_provoke_each_other(file: Path) -> None:
    watched = Watched(file, RATE)
    other = only(rate=Lines(warning_nano=500 * CENT))
    fired = []
    for minute in range(30):
        watched.call(cost="0.30", at=NOON + minute * MINUTE)
        for watched.settings in (RATE, other):
            fired += [alert.crossing.line for alert in watched.look()]
    assert fired == [200 * CENT, 500 * CENT]


def test_a_look_that_finds_nothing_new_asks_for_no_right_to_write(file: Path) -> None:
    watched = Watched(file, replace(DAY, alerts=replace(QUIET, rate=Lines(warning_nano=CENT), context=Fills(80, 95))))
    watched.call(cost="0.90", context=96_000)
    asked: list[str] = []
    watched.ledger.connection.set_trace_callback(asked.append)
    assert len(watched.look()) == 3
    assert asked.count("BEGIN IMMEDIATE") == 1
    assert watched.look() == ()
    assert asked.count("BEGIN IMMEDIATE") == 1
    watched.ledger.connection.set_trace_callback(None)


# Crossed anew


def test_the_rate_fires_anew_after_it_has_fallen(file: Path) -> None:
    watched = Watched(file, RATE)
    watched.call(cost="2.10", at=NOON)
    assert len(watched.look()) == 1
    watched.call(cost="0.50", at=NOON + 30 * MINUTE)
    assert watched.look() == ()
    watched.call(cost="2.10", at=NOON + 5 * HOUR_MS)  # nobody looked in between
    assert [alert.crossing.at_ms for alert in watched.look()] == [NOON + 5 * HOUR_MS]
    assert watched.look() == ()


def test_a_rate_that_wavers_about_its_line_fires_once(file: Path) -> None:
    watched = Watched(file, RATE)
    fired = 0
    for minute in range(0, 360, 3):  # twenty calls an hour: one of $2.02, one of $1.90, and so on
        watched.call(cost="0.095" if minute // 60 % 2 else "0.101", at=NOON - 4 * HOUR_MS + minute * MINUTE)
        fired += len(watched.look())
        fired += len(watched.look(watched.now + 2 * MINUTE))
    assert fired == 1


def test_midnight_does_not_make_a_rate_new(file: Path) -> None:
    watched = Watched(file, RATE)
    fired = 0
    for minute in range(0, 180, 5):
        watched.call(cost="0.25", at=DAY_START + DAY_MS - 90 * MINUTE + minute * MINUTE)
        fired += len(watched.look())
    assert fired == 1


def test_a_rate_that_stays_past_its_line_for_days_fires_once(file: Path) -> None:
    watched = Watched(file, RATE)
    fired = []
    for quarter in range(4 * 60):
        watched.call(cost="0.80", at=NOON + quarter * 15 * MINUTE)
        fired += [(quarter, alert.crossing.level) for alert in watched.look()]
    assert fired == [(2, "warning")]
    watched.look(watched.now + 2 * HOUR_MS)
    watched.call(cost="2.50", at=watched.now + 3 * HOUR_MS)
    assert len(watched.look()) == 1, "it has fallen since, and is crossed anew"


def test_a_call_that_is_entered_late_moves_no_crossing_forward(file: Path) -> None:
    watched = Watched(file, RATE)
    watched.call(cost="1", at=NOON)
    watched.call(cost="1.50", at=NOON + MINUTE)
    assert len(watched.look()) == 1
    watched.call(cost="3", at=NOON - MINUTE)  # a long one, completed after the others
    assert watched.look() == ()


def test_a_context_fires_anew_after_a_compaction(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    fired = []
    for tokens in (50_000, 82_000, 84_000, 75_000, 81_000, 10_000, 85_000, 96_000, 88_000, 97_000):
        watched.call(context=tokens)
        fired += [(tokens, alert.crossing.level) for alert in watched.look()]
    assert fired == [(82_000, "notice"), (85_000, "notice"), (96_000, "warning")]


def test_a_level_that_was_passed_on_the_way_to_a_higher_one_is_never_told(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    watched.call(context=50_000)
    watched.call(context=96_000)
    assert [alert.crossing.level for alert in watched.look()] == ["warning"]
    watched.call(context=97_000)
    assert watched.look() == ()


def test_a_context_is_not_told_anew_on_the_next_day(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    watched.call(context=85_000, at=NOON)
    assert len(watched.look()) == 1
    watched.call(context=86_000, at=NOON + DAY_MS)
    assert watched.look() == ()


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
    alert_log.mark_seen(connection, [alert.id], NOON + 5)
    alert_log.mark_seen(connection, [alert.id], NOON + 9)
    assert alert_log.standing(connection, NOON + 9) == ()
    assert alert_log.alerts(connection) == (replace(alert, seen_ms=NOON + 5),)


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


def test_what_became_of_telling_is_kept(fired: tuple[sqlite3.Connection, Alert]) -> None:
    connection, alert = fired
    what = (Told("toast", NOON, True), Told("webhook", NOON + 3, False, "the address answered 500"))
    for each in what:
        alert_log.told(connection, alert.id, each)
    assert alert_log.alerts(connection)[0].told == what


def test_the_log_is_read_newest_first_from_a_moment_on(file: Path) -> None:
    watched = Watched(file, only(every_calls=1))
    for minute in range(5):
        watched.call(at=NOON + minute * MINUTE)
        watched.look()
    read = alert_log.alerts(watched.ledger.connection, since_ms=NOON + MINUTE, most=3)
    assert [alert.crossing.line for alert in read] == [5, 4, 3]
    assert len(alert_log.alerts(watched.ledger.connection, since_ms=NOON + MINUTE)) == 4


# An older ledger


def test_a_ledger_of_version_1_takes_alerts_and_keeps_its_calls(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="0.90", at=NOON)
    connection = watched.ledger.connection
    for table in ("alert_told", "alert"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("ALTER TABLE tool DROP COLUMN digest")
    connection.execute("DELETE FROM _sqlite_migrations WHERE name <> 'm001_first_ledger'")
    connection.execute("PRAGMA user_version = 1")
    watched.ledger.close()
    opened = Watched(file, DAY)
    assert opened.ledger.connection.execute("PRAGMA user_version").fetchone() == (LATEST,)
    assert opened.ledger.connection.execute("SELECT id, cost_nano FROM call").fetchall() == [("msg_000001", 90 * CENT)]
    assert len(opened.look(NOON)) == 1


# Two processes


EVERYTHING = Settings(
    timezone="UTC",
    alerts=replace(
        Alerts(),
        every_calls=7,
        every_nano=11 * CENT,
        subagent=Lines(notice_nano=30 * CENT),
        spend={"agents": SpendRule(Lines(20 * CENT, 60 * CENT), "agent")},
    ),
)


def watch(path: Path, turn: object, done: object, found: object) -> None:
    """A process that looks again and again until the calls are all there."""
    ledger = Ledger(path)
    turn.wait()  # type: ignore[attr-defined]
    fired = []
    while True:
        last = done.is_set()  # type: ignore[attr-defined]
        fired += [
            (alert.id, *keys((alert,))[0], alert.crossing.line)
            for alert in Watcher().look(ledger, EVERYTHING, NOON + HOUR_MS)
        ]
        if last:
            break
    ledger.close()
    found.put(fired)  # type: ignore[attr-defined]


def test_two_processes_never_fire_the_same_alert_twice(file: Path) -> None:
    watched = Watched(file, EVERYTHING)
    watched.session("ses_1", "Fix header")
    watched.session("ses_2", "dig", parent="ses_1")
    context = multiprocessing.get_context("spawn")
    turn, done, found = context.Barrier(3), context.Event(), context.Queue()
    processes = [context.Process(target=watch, args=(file, turn, done, found)) for _ in range(2)]
    for process in processes:
        process.start()
    turn.wait()
    for n in range(120):
        tools = [*[("grep", "src")] * 8, ("edit", "a.ts")]
        turn_id = f"turn_{n // 20}"
        watched.call(f"ses_{1 + n % 2}", "0.02", at=NOON + n, turn=turn_id, tools=tools, agent=f"agent_{n % 3}")
    done.set()
    reports = [found.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    fired = [each for report in reports for each in report]
    log = alert_log.alerts(watched.ledger.connection, most=1000)
    assert sorted(each[0] for each in fired) == sorted(alert.id for alert in log)
    assert max(Counter(each[1:] for each in fired).values()) == 1
    once = Counter(each[1:5] for each in fired if not each[1].startswith("every_"))
    assert max(once.values()) == 1
    assert {"day", "session", "subagent", "same_file", "same_call", "spend.agents", "every_calls"} <= {
        each[1] for each in fired
    }
    assert watched.look(NOON + HOUR_MS) == ()


def test_a_crossing_that_another_process_fired_in_between_gives_nothing(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="0.90", at=NOON)
    (alert,) = watched.look()
    with watched.ledger.writing() as connection:
        assert alert_log.fire(connection, [(alert.crossing, alert.cause, alert.text)], NOON) == ()
    assert alert_log.alerts(watched.ledger.connection) == (alert,)


# In any order


MINUTES = st.integers(0, 3 * 24 * 60)
CALLS = st.lists(st.tuples(MINUTES, st.integers(1, 4), st.integers(1, 120)), min_size=1, max_size=30)


@settings(max_examples=40, deadline=None)
@given(calls=CALLS, looks=st.lists(st.booleans(), min_size=30, max_size=30), ordered=st.booleans())
def test_any_order_of_looks_fires_each_once(
    calls: list[tuple[int, int, int]], looks: list[bool], ordered: bool
) -> None:
    """Calls of three days, read in order of time or out of it, looked at by two processes now and then."""
    with tempfile.TemporaryDirectory() as folder:
        watched = Watched(Path(folder) / "ledger.db", EVERYTHING)
        watched.session("ses_1")
        watched.session("ses_2", parent="ses_1")
        other = Ledger(watched.path)
        fired: list[Alert] = []
        for (minute, session, cents), is_looked_at in zip(sorted(calls) if ordered else calls, looks, strict=False):
            watched.call(f"ses_{session}", f"{cents / 100}", at=DAY_START + minute * MINUTE, context=cents * 800)
            if is_looked_at:
                fired += watched.look()
                fired += Watcher().look(other, EVERYTHING, watched.now, Limits())
        fired += Watcher().look(other, EVERYTHING, watched.now, Limits())
        other.close()
        once = Counter(
            (*key, alert.crossing.line if alert.crossing.kind == "every" else 0)
            for alert, key in zip(fired, keys(tuple(fired)), strict=True)
            if alert.crossing.period
        )
        anew = Counter((*keys((alert,))[0], alert.crossing.at_ms) for alert in fired if not alert.crossing.period)
        assert all(count == 1 for count in [*once.values(), *anew.values()])
        assert len(fired) == len(alert_log.alerts(watched.ledger.connection, most=10**6))
        assert watched.look() == ()
        watched.ledger.close()
