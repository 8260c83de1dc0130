"""The alert on a plan's quota: at the line, once for each window, with the pace and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.clock import DAY_MS, HOUR_MS
from opencode_tui.config.settings import Fills, QuotaPlan
from opencode_tui.ledger.quota_readings import add_readings
from opencode_tui.money import NANO
from opencode_tui.records.quotas import QuotaReading
from tests.support.records import replace
from tests.support.watched import MINUTE, NOON, Watched, only

KIMI, ZEN_KIMI = "opencode-go/kimi-k2.6", "opencode/kimi-k2.6"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db", only(quota=Fills(warning=80)))
    yield watched
    watched.ledger.close()


def told(watched: Watched, percent: int, resets: int, at: int) -> None:
    with watched.ledger.writing() as connection:
        reading = QuotaReading("5h", at, resets, percent, False, {})
        add_readings(connection, "opencode-go", [reading])


def test_it_fires_at_80_percent_with_the_pace_the_session_and_the_model_to_switch_to(watched: Watched) -> None:
    watched.session("ses_1", "Fix header")
    for number in range(3):
        watched.call(cost="0.02", model=ZEN_KIMI, at=NOON - 2 * DAY_MS + number)
    watched.call("ses_2", "4.79", model=KIMI, at=NOON - HOUR_MS)
    watched.call("ses_1", "4.80", model=KIMI, at=NOON)
    assert watched.look() == ()
    watched.call("ses_1", "0.01", model=KIMI, at=NOON + MINUTE)
    (alert,) = watched.look()
    crossing = alert.crossing
    assert (crossing.rule, crossing.level, crossing.value, crossing.line) == ("quota", "warning", 80, 80)
    assert crossing.subject == "opencode-go:5h"
    assert alert.text == (
        'the 5 hours of opencode-go are 80% used: full at 12:30, 3 h 29 min before the reset; "Fix header" took the'
        " most, $4.81"
    )
    assert alert.cause.remedy == (
        "/models in OpenCode, to opencode/kimi-k2.6 until 16:00: a call has cost $0.02 on average"
    )
    assert alert.leads_to == "ses_1"


def test_each_window_fires_once_and_the_next_one_anew(watched: Watched) -> None:
    watched.call(cost="10.00", model=KIMI, at=NOON)
    assert [alert.crossing.subject for alert in watched.look()] == ["opencode-go:5h"]
    watched.call(cost="1.00", model=KIMI, at=NOON + MINUTE)
    assert watched.look() == ()
    watched.call(cost="10.00", model=KIMI, at=NOON + 5 * HOUR_MS)
    assert [alert.crossing.subject for alert in watched.look()] == ["opencode-go:5h"]
    watched.call(cost="5.00", model=KIMI, at=NOON + DAY_MS)
    assert [alert.text.partition(":")[0] for alert in watched.look()] == ["the week of opencode-go is 86% used"]


@pytest.mark.parametrize("window", ["day", "week", "month"])
def test_a_single_window_is_used(watched: Watched, window: str) -> None:
    watched.settings = replace(watched.settings, quota={"acme": QuotaPlan(("acme",), {window: NANO}, "calls")})
    watched.call("ses_1", "0", model="acme/m")
    assert [alert.text.partition(":")[0] for alert in watched.look()] == [f"the {window} of acme is 100% used"]


def test_the_service_and_the_ledger_mean_the_same_window_though_they_date_it_differently(watched: Watched) -> None:
    watched.call(cost="10.00", model=KIMI, at=NOON)
    assert len(watched.look()) == 1
    told(watched, 91, NOON + 5 * HOUR_MS + 7_000, NOON + MINUTE)
    assert watched.look(NOON + 2 * MINUTE) == ()
    told(watched, 93, NOON + 5 * HOUR_MS + 3_000, NOON + 3 * MINUTE)
    assert watched.look(NOON + 4 * MINUTE) == ()


def test_the_services_percentage_counts_where_the_ledger_knows_less(watched: Watched) -> None:
    watched.call(cost="1.00", model=KIMI, at=NOON - HOUR_MS)
    assert watched.look(NOON) == ()
    told(watched, 85, NOON + HOUR_MS, NOON)
    (alert,) = watched.look(NOON + MINUTE)
    assert alert.text.startswith("the 5 hours of opencode-go are 85% used: resets 13:00")


def test_of_two_lines_the_highest_fires_and_off_is_off(watched: Watched) -> None:
    watched.settings = only(quota=Fills(notice=50, warning=80, cutoff=100))
    watched.call(cost="12.00", model=KIMI, at=NOON)
    assert [(alert.crossing.level, alert.crossing.value) for alert in watched.look()] == [("cutoff", 100)]
    watched.settings = only()
    watched.call(cost="12.00", model=KIMI, at=NOON + 6 * HOUR_MS)
    assert watched.look() == ()


def test_a_plan_of_the_users_own_fires_too_and_odd_titles_are_only_text(watched: Watched) -> None:
    plan = QuotaPlan(("acme",), {"day": 2 * NANO}, "calls")
    watched.settings = replace(watched.settings, quota={"acme": plan})
    watched.session("ses_1", "[bold]x[/] %s {0}")
    for _ in range(2):
        watched.call("ses_1", "0", model="acme/m")
    (alert,) = watched.look()
    assert alert.text.startswith("the day of acme is 100% used: full until Thu 14 May 00:00")


def test_a_ledger_without_a_plans_calls_is_not_searched(watched: Watched) -> None:
    watched.call(cost="1.00", model=ZEN_KIMI)
    seen: list[str] = []
    watched.ledger.connection.set_trace_callback(seen.append)
    watched.look()
    watched.ledger.connection.set_trace_callback(None)
    assert not [sql for sql in seen if "quota_reading" in sql or "group_concat(turns)" in sql]
