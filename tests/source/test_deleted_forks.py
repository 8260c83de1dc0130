"""OpenCode 2: an undone call is its own session's, though of its forks only those are left that name a deleted one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stores import V2, Tokens
from tests.support.ledgers import reader


def assert_every_session_pays_its_own(store: V2) -> None:
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}
    ours.close()


def test_a_call_that_the_clock_dated_before_its_session_is_not_of_the_deleted_one_above(tmp_path: Path) -> None:
    store = V2(tmp_path)
    base = store.session("Redesign")
    store.call(base, cost="0")
    store.now += 3_600_000
    root = store.fork(base)
    store.now -= 60_000
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    second = store.fork(root)
    store.call(second, cost="0.02")
    store.revert(root, asked)
    store.call(root, cost="0.01")
    store.delete(base)
    assert_every_session_pays_its_own(store)


@pytest.mark.parametrize("costs_more", [False, True])
def test_without_another_sign_the_exact_cost_of_what_was_undone_shows_whose_it_is(
    tmp_path: Path, costs_more: bool
) -> None:
    store = V2(tmp_path)
    root = store.session("")
    store.now += 60_000
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    between = store.fork(root)
    second = store.fork(between)
    store.title(second, cost="0.003", tokens=Tokens(input=900, output=9), title="Another title")
    store.call(second, cost="0.02")
    if costs_more:  # then the copies may be of a session that is gone
        store.call(root, cost="0.07", turn=asked)
    store.revert(root, asked)
    store.call(root, cost="0.01")
    store.delete(between)
    if not costs_more:
        assert_every_session_pays_its_own(store)
        return
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.spend_by("session") == {root: 130_000_000, second: 73_000_000}
    ours.close()


def test_a_deleted_sessions_call_is_not_taken_for_an_undone_one_of_its_fork(tmp_path: Path) -> None:
    store = V2(tmp_path)
    base = store.session("Redesign")
    asked = store.prompt(base)
    store.call(base, cost="0.05", turn=asked)
    store.now += 60_000
    root = store.fork(base)
    store.now += 60_000
    second = store.fork(root)
    store.title(root, cost="0.08", tokens=Tokens(90_000, 9_000, 900, 90_000, 9_000), title="Header")
    store.revert(root, store.sessions[root].messages[0].id)
    store.call(root, cost="0.01")
    store.delete(base)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.spend_by("session") == {root: 90_000_000, second: 50_000_000}
    ours.close()


def test_a_fork_that_shows_whose_a_call_is_counts_before_one_that_only_may(tmp_path: Path) -> None:
    store = V2(tmp_path)
    root = store.session("")
    store.now += 60_000
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    store.fork(root)
    between = store.fork(root)
    far = store.fork(between)  # read first, as the ids of later sessions sort before those of earlier ones
    store.title(far, cost="0.003", tokens=Tokens(input=900, output=9), title="Another title")
    store.revert(root, asked)
    store.call(root, cost="0.07")
    store.title(root, cost="0.02", tokens=Tokens(input=900, output=9))
    store.delete(between)
    ours = reader(store.data_dir)
    ours.poll()
    assert ours.spend_by("session") == {root: 140_000_000, far: 3_000_000}
    ours.close()
