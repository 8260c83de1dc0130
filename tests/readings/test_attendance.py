"""What was spent with nobody there, to the call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.analysis.insights.automation import Automation
from opencode_tui.analysis.insights.unattended import AwayFromKeyboard
from opencode_tui.clock import DAY_MS, EVER, HOUR_MS, MINUTE_MS, Span
from opencode_tui.config.settings import Insights, Settings
from opencode_tui.ledger import writing
from opencode_tui.readings.context import Context
from opencode_tui.readings.insights import period_work
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.stores import Session
from tests.support.watched import DAY_START, NOON, Watched

DAY = Span(DAY_START, DAY_START + DAY_MS)
CENT = 10_000_000


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def session(id: str, parent_id: str | None = None, *, unattended: bool = False) -> Session:
    place = "/home/dev/shop"
    return Session(id, parent_id, None, id, place, place, "1.18.34", DAY_START, NOON, None, unattended)


def at(hour: int, minute: int = 0) -> int:
    """A moment of the day; hours below zero are of the evening before."""
    return DAY_START + hour * HOUR_MS + minute * MINUTE_MS


def alone(watched: Watched, span: Span = DAY, **options: int) -> int:
    """The nano-dollars spent in a span with nobody there."""
    settle_turns(watched.ledger)
    settings = Settings(timezone="UTC", insights=Insights(options))
    work = period_work(span, Context(watched.ledger.connection, NOON + DAY_MS, settings))
    assert sum(each.nano for each in work.quarters) == sum(each.nano for each in work.sessions)
    return sum(each.nano for each in work.alone)


def test_calls_count_from_the_minute_on_and_up_to_the_next_prompt(watched: Watched) -> None:
    watched.session("ses_1")
    for hour, minute, cost in ((20, 2, "0.01"), (21, 1, "0.02"), (21, 2, "0.040000001"), (21, 16, "0.08")):
        watched.call("ses_1", cost, turn="long", at=at(hour, minute))
    for hour, minute, cost, turn in ((22, 7, "0.16", "long"), (22, 8, "0.32", "next"), (22, 9, "0.64", "long")):
        watched.call("ses_1", cost, turn=turn, at=at(hour, minute))
    assert alone(watched) == (4 + 8 + 16) * CENT + 1
    assert alone(watched, unattended_minutes=59) == (2 + 4 + 8 + 16) * CENT + 1
    assert alone(watched, unattended_minutes=126) == 0 and alone(watched, unattended_minutes=0) == 0


def test_a_day_knows_who_left_the_evening_before_and_days_add_up_to_the_week(watched: Watched) -> None:
    watched.session("ses_1")
    watched.call("ses_1", "0.50", turn="evening", at=at(-6, 1))
    for number in range(100):
        watched.call("ses_1", "0.010000001", turn="evening", at=at(-6, 6 * number + 2))
    assert alone(watched) == 40 * (CENT + 1)
    before = Span(DAY.start_ms - DAY_MS, DAY.start_ms)
    week = Span(before.start_ms - 5 * DAY_MS, DAY.end_ms)
    assert alone(watched, before) == 50 * (CENT + 1)
    assert alone(watched, week) == alone(watched, EVER) == 90 * (CENT + 1)


@pytest.mark.parametrize("minutes", [0, 30, 59])
def test_a_prompt_of_the_hour_before_a_day_is_known_wherever_it_was(minutes: int, watched: Watched) -> None:
    watched.session("ses_1")
    watched.session("other")
    watched.call("ses_1", "0.01", turn="early", at=at(-5))
    watched.call("other", "0.01", turn="late", at=at(0, -minutes))
    for minute in range(60):
        watched.call("ses_1", "0.01", turn="early", at=at(0, minute))
    assert alone(watched) == minutes * CENT


def test_a_prompt_in_another_session_means_that_somebody_is_there(watched: Watched) -> None:
    watched.call("ses_1", "0.01", turn="one", at=at(20))
    watched.call("ses_2", "0.01", turn="two", at=at(20, 50))
    watched.call("ses_1", "0.03", turn="one", at=at(21, 30))
    assert alone(watched) == 0


def test_prompts_of_subagents_are_nobodys(watched: Watched) -> None:
    watched.session("ses_1")
    watched.session("ses_a", parent="ses_1")
    watched.call("ses_1", "0.01", turn="one", at=at(20))
    watched.call("ses_a", "0.02", turn="two", at=at(20, 50))
    watched.call("ses_a", "0.03", turn="three", at=at(21, 30))
    assert alone(watched) == 3 * CENT


def test_a_run_over_midnight_is_automation_where_only_its_subagent_goes_on(watched: Watched) -> None:
    with watched.ledger.writing() as connection:
        writing.write_sessions(connection, 1, 1, [session("run", unattended=True), session("below", "run")])
        writing.write_sessions(connection, 1, 1, [session("deeper", "below")])
    watched.call("ses_1", "0.01", turn="evening", at=at(-6))
    watched.call("run", "0.10", turn="nightly", at=at(-1))
    watched.call("deeper", "0.200000001", turn="look", at=at(2))
    settle_turns(watched.ledger)
    work = period_work(DAY, Context(watched.ledger.connection, NOON, Settings(timezone="UTC")))
    assert sum(each.nano for each in work.alone) == 20 * CENT + 1
    assert not list(AwayFromKeyboard().find(work, {}))
    (finding,) = Automation().find(work, {})
    assert (finding.session_id, finding.cost_nano) == ("deeper", 20 * CENT + 1)


def test_before_the_first_prompt_of_all_nothing_is_known(watched: Watched) -> None:
    watched.session("ses_a", parent="ses_1")
    watched.call("ses_a", "0.02", turn="two", at=at(5))
    assert alone(watched) == 0
    watched.call("ses_1", "0.01", turn="one", at=at(20))
    assert alone(watched) == 0


def test_whoever_began_a_session_was_there_before_its_own_first_call(watched: Watched) -> None:
    place = "/home/dev/shop"
    begun = Session("ses_1", None, None, "Compare", place, place, "1.18.34", at(22), at(23))
    child = Session("ses_a", "ses_1", None, "Look", place, place, "1.18.34", at(23, 10), at(23, 20))
    with watched.ledger.writing() as connection:
        writing.write_sessions(connection, 1, 1, [begun, child])
    watched.call("ses_2", "0.01", turn="one", at=at(20))
    watched.call("ses_a", "0.02", turn="two", at=at(22, 1))
    watched.call("ses_a", "0.04", turn="two", at=at(23, 1))
    watched.call("ses_a", "0.08", turn="three", at=at(23, 15))
    watched.call("ses_1", "0.16", turn="four", at=at(23, 30))
    assert alone(watched) == (4 + 8) * CENT, "an hour after it was begun; a subagent's session is begun by nobody"


def timed(watched: Watched) -> frozenset[str]:
    settle_turns(watched.ledger)
    settings = Settings(timezone="UTC")
    return period_work(DAY, Context(watched.ledger.connection, NOON + DAY_MS, settings)).timed


def test_sessions_that_were_prompted_once_in_a_night_without_anybody_are_a_timers(watched: Watched) -> None:
    for hour in (1, 2, 3):
        watched.call(f"ses_{hour}", "0.01", turn=f"turn {hour}", at=at(hour))
        watched.call(f"ses_{hour}", "0.02", turn=f"turn {hour}", at=at(hour, 5))
    watched.call("ses_day", "0.04", turn="day", at=at(9))
    watched.call("ses_day", "0.04", turn="another", at=at(10))
    assert timed(watched) == {"ses_1", "ses_2", "ses_3"}
    watched.call("ses_owl", "0.01", turn="one", at=at(3, 30))
    assert "ses_owl" in timed(watched)
    watched.call("ses_owl", "0.01", turn="two", at=at(3, 40))
    assert timed(watched) == frozenset(), "somebody is up and goes on"


def test_one_session_in_a_night_is_no_timers(watched: Watched) -> None:
    watched.call("ses_1", "0.01", turn="one", at=at(1))
    watched.call("ses_2", "0.01", turn="two", at=at(6))
    assert timed(watched) == frozenset()
