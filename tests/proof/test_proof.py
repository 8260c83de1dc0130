"""A short run of the proof: one history of each generation, and real programs on one ledger for some seconds.

`python -m tests.proof` plays longer ones; see the README.
"""

from __future__ import annotations

import random
from copy import deepcopy
from pathlib import Path

import pytest

from tests.proof.bells import Bells
from tests.proof.beside import Beside
from tests.proof.looks import environment
from tests.proof.oracle import Drift, Oracle, SessionTotals
from tests.proof.place import Place
from tests.proof.play import GENERATIONS, Episode
from tests.proof.story import Story
from tests.proof.world import Session

WITHOUT: set[str] = set()


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_random_history_loses_and_doubles_nothing(generation: str, tmp_path: Path) -> None:
    with environment(tmp_path / "home"):
        figures = Episode(tmp_path / "play", 18, generation, WITHOUT).play(320)
    assert figures.operations == 320
    assert figures.comparisons == 8
    assert figures.fresh == 2
    assert figures.bills > 50


def test_a_dashboard_a_watch_and_commands_on_one_ledger_lose_no_call_and_no_alert(tmp_path: Path) -> None:
    with environment(tmp_path / "home") as environ:
        episode = Beside(tmp_path / "play", 18, "v1.18", environ, WITHOUT, kills=False)
        figures = episode.run(2, least=80)
    assert figures["alerts"] > 0
    assert figures["programs"] >= 4
    assert figures["operations"] >= 80


def _totals(oracle: Oracle) -> dict[str, SessionTotals]:
    return {id: SessionTotals(share.nano, 0, tuple(share.tokens)) for id, share in oracle.shares.items()}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(Place(tmp_path / "opencode", "v1", (1, 18, 34)), random.Random(1), 1_750_000_000_000)


def test_the_oracle_notices_a_nano_dollar(story: Story) -> None:
    story.call(story.new_session())
    oracle = Oracle()
    oracle.look(story.bills, story.place.images(), [], set())
    totals = _totals(oracle)
    assert oracle.compare(totals, set()) == story.bills[0].nano
    (id, right) = next(iter(totals.items()))
    for wrong in (right.nano - 1, right.nano + 1, 0):
        with pytest.raises(Drift, match="the truth is"):
            oracle.compare({id: SessionTotals(wrong, 0, right.tokens)}, set())


def test_a_fork_is_billed_to_its_original_and_alone_to_one_fork_where_that_is_gone(story: Story) -> None:
    session = story.new_session()
    story.call(session)
    story.dice = _First()
    story.fork(session)
    story.fork(session)
    forks = [each.id for each in story.sessions() if each is not session]
    bill = story.bills[0]
    story.delete(session)
    oracle = Oracle()
    oracle.look(story.bills, story.place.images(), [], set())
    both = {id: SessionTotals(bill.nano, 0, bill.tokens) for id in forks}
    with pytest.raises(Drift):
        oracle.compare(both, set())
    assert oracle.compare({forks[1]: both[forks[1]]}, set()) == bill.nano
    with pytest.raises(Drift):
        oracle.compare({forks[0]: both[forks[0]]}, set())


@pytest.mark.parametrize("is_cut_off", [True, False])
def test_an_undone_call_may_count_twice_only_where_no_store_shows_whose_copy_a_fork_has(
    is_cut_off: bool, tmp_path: Path
) -> None:
    story = Story(Place(tmp_path / "opencode", "v2", (2, 0, 15)), random.Random(2), 1_750_000_000_000)
    session = story.new_session()
    story.call(session)
    story.dice = _First()
    story.fork(session)
    between = story.sessions()[-1]
    story.fork(between)
    fork = story.sessions()[-1]
    story.undo(session)
    story.settle_undo(session)
    if is_cut_off:
        story.delete(between)
    oracle = Oracle()
    oracle.look(story.bills, story.place.images(), [], set())
    totals = _totals(oracle)
    bill = story.bills[0]
    twice = totals | {fork.id: SessionTotals(bill.nano, 0, bill.tokens)}
    if is_cut_off:
        assert oracle.compare(twice, set()) == 2 * bill.nano
    else:
        with pytest.raises(Drift):
            oracle.compare(twice, set())


@pytest.mark.parametrize("is_set_back", [True, False])
@pytest.mark.parametrize("is_restored", [True, False])
def test_a_call_may_be_missed_only_in_a_restored_store_where_it_is_dated_before_what_was_worked_out(
    is_restored: bool, is_set_back: bool, tmp_path: Path
) -> None:
    story = Story(Place(tmp_path / "opencode", "v2", (2, 0, 15)), random.Random(2), 1_750_000_000_000)
    session = story.new_session()
    story.call(session)
    before = deepcopy(story.place.main)
    oracle = Oracle()
    oracle.look(story.bills, story.place.images(), [], set(), now_ms=story.now)
    for _ in range(9):
        story.call(session)
        story.undo(session)
        story.settle_undo(session)
    oracle.look(story.bills, story.place.images(), [], set(), now_ms=story.now)
    if is_restored:
        story.restored(before)
    session = story.place.main.sessions[session.id]
    if is_set_back:
        story.set_clock(story.now - 60_000)
    story.dice = random.Random(3)
    story.call(session)
    bill = story.bills[-1]
    assert bill.nano
    known = _totals(oracle)
    oracle.look(story.bills, story.place.images(), [], story.loose, now_ms=story.now)
    if is_set_back and is_restored:
        assert oracle.compare(known, set()) == known[session.id].nano
    else:
        with pytest.raises(Drift):
            oracle.compare(known, set())


def test_an_alert_that_fires_twice_too_early_or_never_is_noticed(story: Story) -> None:
    session = story.new_session()
    while sum(bill.nano for bill in story.bills) < 500_000_000:
        story.call(session)
    oracle = Oracle()
    oracle.look(story.bills, story.place.images(), [], set())
    notice = ("session", session.id, "ever", "notice")
    with pytest.raises(Drift, match="no notice"):
        Bells().look([], oracle, story.parents, story.now)
    with pytest.raises(Drift, match="fired at"):
        Bells().look([("day", "", "2025-06-15", "cutoff")], oracle, story.parents, story.now)
    bells = Bells()
    bells.look([notice], oracle, story.parents, story.now)
    with pytest.raises(Drift, match="though"):
        bells.look([notice], oracle, story.parents, story.now)


class _First(random.Random):
    """Always chooses the largest number, so that a fork copies all messages."""

    def randint(self, a: int, b: int) -> int:
        return b


def test_sessions_know_their_place_in_the_tree(story: Story) -> None:
    root: Session = story.new_session()
    story.child(root)
    assert len(story.place.main.tree(root.id)) == 2
