"""Days written by hand on which several insights could be about the same calls: each dollar counts in one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.analysis.insight_marks import mark_of
from opencode_tui.clock import HOUR_MS, MINUTE_MS
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.insight_marks import mark_insights
from opencode_tui.readings.context import context_of
from opencode_tui.readings.insights import settle_insights
from opencode_tui.readings.levers import read_lever_list
from opencode_tui.records.insights import Insight, Lever
from opencode_tui.records.levers import LeverEvidence
from opencode_tui.records.requests import LeversRequest
from tests.readings.test_insight_days_of_work import NANO, ODD, edit, ordinary_work
from tests.stores import V1
from tests.stores.recorder import START_MS
from tests.support.ledgers import reader
from tests.support.records import replace

SETTINGS = Settings(timezone="UTC")
CENT = 10_000_000


class Levers:
    """The levers of the day when the store stands as it does now."""

    def __init__(self, store: V1) -> None:
        self._store = store
        self._read = reader(store.data_dir, settings=SETTINGS, clock=lambda: store.now + MINUTE_MS)

    def of(self, lever: Lever) -> LeverEvidence:
        read, now_ms = self._read, self._store.now + MINUTE_MS
        while read.poll():
            pass
        settle_insights(read.ledger, {}, read.sync.book, live=read.sync.answers)
        context = context_of(read.sync, read.ledger.connection, now_ms, SETTINGS, ())
        found = read_lever_list(LeversRequest("today"), replace(context, stores=None))
        return next(each for each in found.levers if each.lever == lever)

    def dismiss(self, insight: Insight) -> None:
        with self._read.ledger.writing() as connection:
            mark_insights(connection, [mark_of(insight, self._store.now)])

    def close(self) -> None:
        self._read.close()


@pytest.fixture
def store(tmp_path: Path) -> V1:
    return V1(tmp_path)


@pytest.fixture
def levers(store: V1) -> Iterator[Levers]:
    levers = Levers(store)
    yield levers
    levers.close()


def costs(evidence: LeverEvidence) -> dict[str, int]:
    return {each.rule: each.cost_nano for each in evidence.insights}


def redesign(store: V1, session: str, rounds: int = 5) -> list[str]:
    """Turns that each edit the same file in one call of an odd amount."""
    turns = []
    for _ in range(rounds):
        turns.append(store.prompt(session))
        store.call(session, turn=turns[-1], cost=ODD, tools=[edit()])
    return turns


def test_an_undone_round_of_a_redesign_is_in_the_sum_once(store: V1, levers: Levers) -> None:
    session = store.session("Fix header")
    *_, last = redesign(store, session)
    levers.of("context")
    store.revert(session, last)
    found = levers.of("context")
    assert costs(found) == {"redesign_loop": 5 * NANO}
    assert (found.cost_nano, found.saves_nano) == (5 * NANO, 4 * NANO)


def test_a_redesign_that_was_undone_whole_is_one_insight(store: V1, levers: Levers) -> None:
    ordinary_work(store)
    turns = redesign(store, session := store.session("Wrong way"))
    levers.of("context")
    store.revert(session, turns[0])
    found = levers.of("context")
    assert costs(found) == {"undone_calls": 5 * NANO}
    assert (found.cost_nano, found.saves_nano) == (5 * NANO, 5 * NANO)


def test_what_was_undone_besides_is_added_to_the_nano_dollar(store: V1, levers: Levers) -> None:
    session = store.session("Fix header")
    redesign(store, session)
    wrong = store.prompt(session)
    store.call(session, turn=wrong, cost="0.200000001", tools=[edit("src/Other.tsx")])
    levers.of("context")
    store.revert(session, wrong)
    found = levers.of("context")
    assert costs(found) == {"redesign_loop": 5 * NANO, "undone_calls": 200_000_001}
    assert (found.cost_nano, found.saves_nano) == (5 * NANO + 200_000_001, 4 * NANO + 200_000_001)


def test_a_redesign_in_a_deleted_session_is_part_of_what_the_session_cost(store: V1, levers: Levers) -> None:
    ordinary_work(store)
    lost = store.session("Drop this")
    store.call(lost, cost="0.300000007")
    redesign(store, lost)
    levers.of("context")
    store.delete(lost)
    found = levers.of("context")
    assert costs(found) == {"redesign_loop": 5 * NANO}, "what is left of the session is less than half"
    assert (found.cost_nano, found.saves_nano) == (5 * NANO, 4 * NANO)


def test_what_a_deleted_session_cost_besides_a_redesign_counts_with_it(store: V1, levers: Levers) -> None:
    ordinary_work(store)
    lost = store.session("Drop this")
    store.call(lost, cost="3.300000007")
    redesign(store, lost)
    levers.of("context")
    store.delete(lost)
    found = levers.of("context")
    assert costs(found) == {"deleted_sessions": 3_300_000_007, "redesign_loop": 5 * NANO}
    assert (found.cost_nano, found.saves_nano) == (3_300_000_007 + 5 * NANO, 4 * NANO)
    assert [each.calls for each in found.insights] == [5, 1]


def test_a_dismissed_insight_leaves_its_calls_to_the_others(store: V1, levers: Levers) -> None:
    store.call(store.session("Keep this"), cost="0.10")
    lost = store.session("Drop this")
    redesign(store, lost)
    levers.of("context")
    store.delete(lost)
    loop = next(each for each in levers.of("context").insights if each.rule == "redesign_loop")
    levers.dismiss(loop)
    found = levers.of("context")
    assert costs(found) == {"deleted_sessions": 5 * NANO}
    assert (found.cost_nano, found.saves_nano) == (5 * NANO, 0)


def test_a_fork_with_a_redesign_and_an_undone_turn_adds_up_to_its_own_calls(store: V1, levers: Levers) -> None:
    first = store.session("Keep this")
    store.call(first, cost="0.30")
    fork = store.fork(first)
    store.call(fork, cost="0.150000011")
    redesign(store, fork)
    wrong = store.prompt(fork)
    store.call(fork, turn=wrong, cost="0.200000001", tools=[edit("src/Other.tsx")])
    levers.of("context")
    store.revert(fork, wrong)
    found = levers.of("context")
    assert costs(found) == {
        "redesign_loop": 5 * NANO,
        "undone_calls": 200_000_001,
    }
    assert found.cost_nano == 5 * NANO + 200_000_001
    assert found.saves_nano == 4 * NANO + 200_000_001


def test_calls_that_failed_with_nobody_there_are_in_the_sum_once(store: V1, levers: Levers) -> None:
    session = store.session("Migrate the tests")
    turn = store.prompt(session, at=START_MS)
    for minutes, error in ((0, None), (30, "APIError"), (90, "APIError"), (150, "APIError"), (210, None)):
        store.call(session, turn=turn, cost=ODD, at=START_MS + minutes * MINUTE_MS, error=error)
    store.call(store.session("Back again"), cost="0.01", at=START_MS + 5 * HOUR_MS)
    found = levers.of("routing")
    assert costs(found) == {"failed_calls": 3 * NANO}, "two of three calls with nobody there failed"
    assert found.cost_nano == 3 * NANO


def test_levers_without_an_insight_cost_nothing(store: V1, levers: Levers) -> None:
    ordinary_work(store)
    found = levers.of("context")
    assert (found.insights, found.cost_nano, found.saves_nano) == ((), 0, 0)
