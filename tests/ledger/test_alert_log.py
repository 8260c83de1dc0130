"""Each alert fires once a period and level: over restarts, between processes, and in any order of looks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from opencode_tui.clock import DAY_MS, HOUR_MS
from opencode_tui.config.settings import Budget, Fills, Lines, Settings
from opencode_tui.ledger import alert_log
from opencode_tui.money import NANO
from opencode_tui.records.alerts import LEVELS, Alert, Cause, Crossing, Level, at_least, severity
from opencode_tui.records.calls import Call, Tokens
from tests.support.options import alert_settings
from tests.support.records import replace
from tests.support.watched import DAY_START, MINUTE, NOON, QUIET, Watched, keys, only

CENT = NANO // 100
DAY = Settings(timezone="UTC", alerts=QUIET)
RATE = only(rate=Lines(warning_nano=200 * CENT))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


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
        Cause('"Fix header" made all of it in one call', "ses_1", None, 90 * CENT, remedy=alert.cause.remedy),
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


def test_two_thousand_calls_at_once_fire_each_rule_once(file: Path) -> None:
    watched = Watched(file, replace(Settings(timezone="UTC"), alerts=alert_settings(every_calls=100, same_file=0)))
    watched.session("ses_1", "Import")
    first = Call("m", "ses_1", "turn", "opencode", "kimi-k2.6", "build", "/shop", 0, 1, Tokens(90_000), CENT // 2)
    watched.write(replace(first, id=f"msg_{n:05d}", created_ms=NOON + n) for n in range(2_000))
    assert sorted(keys(watched.look(NOON + 2_000))) == [
        ("context", "notice", "ses_1", ""),
        ("day", "cutoff", "", "2026-05-13"),
        ("every_calls", "notice", "", "2026-05-13"),
        ("rate", "warning", "", ""),
        ("session", "warning", "ses_1", "ever"),
        ("week", "warning", "", "2026-W20"),
    ]
    assert watched.look(NOON + 2_000) == ()


def test_a_line_that_was_raised_fires_when_it_is_crossed_in_its_turn(file: Path) -> None:
    watched = Watched(file, DAY)
    watched.call(cost="1.60")
    assert len(watched.look()) == 1
    watched.settings = replace(DAY, budget=Budget(100 * CENT, 200 * CENT))
    assert watched.look() == ()  # a warning below the cutoff that has fired
    watched.call(cost="0.50")
    assert [alert.crossing.line for alert in watched.look()] == [200 * CENT]


def test_of_two_levels_at_one_line_the_higher_one_alone_is_reported(file: Path) -> None:
    watched = Watched(file, replace(DAY, budget=Budget(80 * CENT, 80 * CENT)))
    watched.call(cost="0.90")
    assert [alert.crossing.level for alert in watched.look()] == ["cutoff"]
    assert watched.look() == ()


def test_alerts_are_given_in_the_order_in_which_their_lines_were_crossed(file: Path) -> None:
    watched = Watched(file, replace(DAY, alerts=alert_settings(QUIET, session=Lines(notice_nano=50 * CENT))))
    watched.call(cost="0.60", at=NOON)
    watched.call(cost="0.30", at=NOON + MINUTE)
    assert [(alert.crossing.rule, alert.crossing.at_ms) for alert in watched.look()] == [
        ("session", NOON),
        ("day", NOON + MINUTE),
    ]


def test_a_line_that_was_lowered_is_not_reported_again(file: Path) -> None:
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
    watched = Watched(
        file, replace(DAY, alerts=alert_settings(QUIET, rate=Lines(warning_nano=CENT), context=Fills(80, 95)))
    )
    watched.call(cost="0.90", context=96_000)
    asked: list[str] = []
    watched.ledger.connection.set_trace_callback(asked.append)
    assert len(watched.look()) == 3
    assert asked.count("BEGIN IMMEDIATE") == 1
    assert watched.look() == ()
    assert asked.count("BEGIN IMMEDIATE") == 1
    watched.ledger.connection.set_trace_callback(None)


# Crossed anew


def test_the_rate_fires_again_after_it_has_fallen(file: Path) -> None:
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


def test_a_context_fires_again_after_a_compaction(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    fired = []
    for tokens in (50_000, 82_000, 84_000, 75_000, 81_000, 10_000, 85_000, 96_000, 88_000, 97_000):
        watched.call(context=tokens)
        fired += [(tokens, alert.crossing.level) for alert in watched.look()]
    assert fired == [(82_000, "notice"), (85_000, "notice"), (96_000, "warning")]


def test_a_level_that_was_passed_on_the_way_to_a_higher_one_is_never_reported(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    watched.call(context=50_000)
    watched.call(context=96_000)
    assert [alert.crossing.level for alert in watched.look()] == ["warning"]
    watched.call(context=97_000)
    assert watched.look() == ()


def test_a_context_is_not_reported_again_on_the_next_day(file: Path) -> None:
    watched = Watched(file, only(context=Fills(80, 95)))
    watched.call(context=85_000, at=NOON)
    assert len(watched.look()) == 1
    watched.call(context=86_000, at=NOON + DAY_MS)
    assert watched.look() == ()


@pytest.mark.parametrize(
    ("least", "reached"),
    [
        ("notice", ["notice", "warning", "cutoff"]),
        ("warning", ["warning", "cutoff"]),
        ("cutoff", ["cutoff"]),
        ("off", []),
    ],
)
def test_a_level_matters_as_much_as_those_below_it(least: Level | Literal["off"], reached: list[Level]) -> None:
    assert [level for level in LEVELS if at_least(level, least)] == reached
    shuffled: list[Level] = ["cutoff", "notice", "warning"]
    assert sorted(shuffled, key=severity) == list(LEVELS)
