"""OpenCode 2: an undone call that a fork copied is paid by its own session."""

from __future__ import annotations

from pathlib import Path

import pytest

from opencode_tui.ledger.residuals import UNDONE
from tests.stores import V1, V2, Tokens
from tests.support.ledgers import assert_truth, reader
from tests.support.opencode2 import assert_totals, synced, undo, unlisted
from tests.support.reconciled import reconciled


def test_undone_calls_of_a_fork_without_its_copies(store: V2, root: str) -> None:
    fork = store.fork(root)
    undo(store, fork, "0.05")
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert unlisted(ours) == [(UNDONE, 50_000_000)]


def test_undoing_copies_in_a_fork_subtracts_nothing_and_adds_nothing(store: V2, root: str) -> None:
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    fork = store.fork(root)
    (copied,) = [one.id for one in store.sessions[fork].messages if one.text == store.messages[asked].text][-1:]
    store.revert(fork, copied)
    store.call(fork, cost="0.01")
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert unlisted(ours) == []


@pytest.mark.parametrize("made", [None, "yesterday", b"x", -1])
def test_a_call_that_was_forked_and_then_undone_unseen_is_its_own_sessions(store: V2, root: str, made: object) -> None:
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    fork = store.fork(root)
    second = store.fork(fork)
    store.call(second, cost="0.02")
    store.call(root, cost="0.06", turn=asked)
    store.revert(root, asked)
    store.call(root, cost="0.01")
    if made is not None:
        store.database.run("UPDATE session_v2 SET time_created = ?", made)
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}
    assert [cost for _, cost in unlisted(ours)] == [60_000_000]
    ours.poll()
    store.call(fork, cost="0.03")
    store.delete(root)
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}


@pytest.mark.parametrize("title", ["Redesign", "Another title"])
@pytest.mark.parametrize("is_first", [False, True])
def test_a_call_whose_copy_came_through_a_deleted_fork_is_its_own_sessions(
    store: V2, is_first: bool, title: str
) -> None:
    root = store.session("Redesign")
    if not is_first:
        store.call(root, cost="0.02")
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    between = store.fork(root)
    second = store.fork(between)
    store.call(second, cost="0.02")
    store.revert(root, asked)
    store.call(root, cost="0.01")
    store.delete(between)
    store.database.run("UPDATE session_v2 SET title = ? WHERE id = ?", title, root)
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}


def test_a_deleted_fork_of_a_fork_whose_copies_are_undone_is_known_by_the_rows_of_their_origin(store: V2) -> None:
    base = store.session("Redesign")
    store.call(base, cost="0.03")
    store.now += 60_000
    root = store.fork(base)
    store.call(root, cost="0.05")
    between = store.fork(root)
    second = store.fork(between)
    store.call(second, cost="0.02")
    store.revert(root, store.sessions[root].messages[0].id)
    store.call(root, cost="0.01")
    store.delete(between)
    store.database.run("UPDATE session_v2 SET title = ? WHERE id = ?", "Another title", root)
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}


def test_a_copy_of_opencode_1_that_is_undone_was_not_made_in_its_fork(tmp_path: Path) -> None:
    old = V1(tmp_path, version="1.14.48")
    base = old.session("Redesign")
    old.call(base, cost="0.05")
    old.now += 60_000
    fork = old.fork(base)
    old.delete(base)
    store = V2(tmp_path, upgraded=old)
    second = store.fork(fork)
    store.call(second, cost="0.02")
    asked = store.prompt(fork)
    store.call(fork, cost="0.08", turn=asked, tokens=Tokens(100_000, 9_000, 900, 90_000, 9_000))
    store.revert(fork, store.sessions[fork].messages[0].id)
    store.call(fork, cost="0.01")
    ours = synced(store)
    assert ours.totals.spend_nano == 160_000_000


def test_a_later_fork_of_a_deleted_session_did_not_make_its_calls(store: V2) -> None:
    base = store.session("Redesign")
    store.now -= 20_000  # the clock is put back, so that nothing shows that the base was there
    asked = store.prompt(base)
    store.call(base, cost="0.05", turn=asked)
    store.now += 60_000
    first = store.fork(base)
    store.call(first, cost="0.02")
    store.now += 3_600_000
    later = store.fork(base)
    store.revert(later, store.sessions[later].messages[1].id)
    asked = store.prompt(later)
    store.call(later, cost="0.08", turn=asked, tokens=Tokens(100_000, 9_000, 900, 90_000, 9_000))
    store.revert(later, asked)
    store.call(later, cost="0.01")
    store.delete(base)
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano == 160_000_000


def test_a_deleted_forks_own_call_is_not_taken_for_an_undone_one(store: V2, root: str) -> None:
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    between = store.fork(root)
    store.call(between, cost="0.04")
    second = store.fork(between)
    store.revert(root, asked)
    store.call(root, cost="0.01")
    store.delete(between)
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session")[second] == 40_000_000


def test_a_copy_from_before_an_upgrade_that_is_undone_in_a_fork_stays_where_it_stands(tmp_path: Path) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    asked = old.prompt(root)
    old.call(root, cost="0.05", turn=asked)
    fork = old.fork(root)
    old.delete(root)
    store = V2(tmp_path, upgraded=old)
    second = store.fork(fork)
    store.fork(second)
    copied = [one.id for one in store.sessions[second].messages if one.role == "user"][-1]
    store.revert(second, copied)
    again = store.prompt(second)
    store.call(second, cost="0.09", turn=again)
    store.revert(second, again)
    store.call(second, cost="0.01")
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {fork: 50_000_000, second: 100_000_000}


def test_a_copy_that_is_undone_in_a_fork_leaves_the_original_where_it_is(store: V2, root: str) -> None:
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    fork = store.fork(root)
    second = store.fork(fork)
    store.call(second, cost="0.02")
    copied = [one.id for one in store.sessions[fork].messages if one.role == "user"][-1]
    store.revert(fork, copied)
    store.call(fork, cost="0.01")
    ours = synced(store)
    assert_totals(ours, store)
    store.revert(root, asked)
    ours.poll()
    assert_totals(ours, store)
    assert unlisted(ours) == []


@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
def test_a_fork_that_was_exported_and_imported_is_still_no_second_spend(store: V2, root: str, is_seen: bool) -> None:
    """OpenCode 2.0.15 then calls it no fork any more, and numbers its rows from 1."""
    for cost in ("0.01", "0.02"):
        store.call(root, cost=cost)
    fork = store.fork(root)
    store.call(fork, cost="0.04")
    ours = reader(store.data_dir)
    if is_seen:
        ours.poll()
    store.database.run("UPDATE session_v2 SET fork_session_id = NULL WHERE id = ?", fork)
    store.database.run("UPDATE session_message SET seq = seq + 1000 WHERE session_id = ?", fork)
    number = "SELECT count(*) FROM session_message o WHERE o.session_id = m.session_id AND o.seq <= m.seq"
    store.database.run(f"UPDATE session_message AS m SET seq = ({number}) WHERE session_id = ?", fork)
    found = reconciled(ours)
    assert_truth(ours, store.truth)
    assert [each.unexplained_nano for each in found.figures] == [0, 0, 0]
