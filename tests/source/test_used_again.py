"""OpenCode 1 is used again after an upgrade to OpenCode 2 and deletes what OpenCode 2 has imported from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stores import V1, V2
from tests.support.ledgers import assert_truth, reader
from tests.support.opencode2 import TITLE_TOKENS, add_row, synced, undo, unlisted
from tests.support.reconciled import reconciled

DELETED = {
    "a session": ("DELETE FROM message WHERE session_id = ?", "DELETE FROM session WHERE id = ?"),
    "an answer": ("DELETE FROM message WHERE id = (SELECT max(id) FROM message WHERE session_id = ?)",),
}


@pytest.mark.parametrize("deleted", DELETED)
@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
def test_what_opencode_1_deletes_later_is_no_title(tmp_path: Path, deleted: str, is_seen: bool) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    if is_seen:
        synced(old).close()
    store = V2(tmp_path, upgraded=old)
    ours = reader(store.data_dir)
    if is_seen:
        ours.poll()
    for sql in DELETED[deleted]:
        store.database.run(sql, root)
    ours.poll()
    assert unlisted(ours) == []
    assert_truth(ours, store.truth)
    store.call(root, cost="0.05")
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    ours.poll()
    assert_truth(ours, store.truth)


def test_a_compaction_that_opencode_1_deletes_later_is_no_title(tmp_path: Path) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    summed_up = old.compaction(root, cost="0.04")
    ours = synced(old)
    store = V2(tmp_path, upgraded=old)
    prompt = store.messages[summed_up].parent
    add_row(store, root, "compaction", prompt, {"status": "completed", "reason": "manual", "summary": ""})
    ours.poll()
    for sql in DELETED["a session"]:
        store.database.run(sql, root)
    store.call(root, cost="0.05")
    ours.poll()
    assert_truth(ours, store.truth)
    assert unlisted(ours) == []
    assert [each.unexplained_nano for each in reconciled(ours).figures] == [0, 0, 0]


def test_what_a_fork_of_opencode_2_copied_from_opencode_1_is_not_in_its_sum(tmp_path: Path) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    store = V2(tmp_path, upgraded=old)
    fork = store.fork(root)
    undo(store, fork, "0.05")
    store.database.run("UPDATE session_v2 SET version = '1.18.34' WHERE id = ?", fork)  # as 2.0.15 does
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert unlisted(ours) == [("undone", 50_000_000)]
    assert [each.unexplained_nano for each in reconciled(ours).figures] == [0, 0, 0]


@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
def test_a_fork_that_opencode_1_deletes_later_is_still_no_second_spend(tmp_path: Path, is_seen: bool) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    fork = old.fork(root)
    old.call(fork, cost="0.03")
    store = V2(tmp_path, upgraded=old)
    ours = reader(store.data_dir)
    if is_seen:
        ours.poll()
    for sql in DELETED["a session"]:
        store.database.run(sql, fork)
    found = reconciled(ours)
    assert_truth(ours, store.truth)
    assert unlisted(ours) == []
    assert [each.unexplained_nano for each in found.figures] == [0, 0, 0]


GONE_IN_1 = "DELETE FROM message WHERE id = ?"
GONE_IN_2 = "DELETE FROM session_message WHERE id = ?"


@pytest.mark.parametrize("first", [GONE_IN_1, GONE_IN_2])
def test_what_both_have_undone_is_no_second_spend(tmp_path: Path, first: str) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    second = old.call(root, cost="0.013087141")
    third = old.call(root, cost="0.030000007")
    ours = synced(old)
    store = V2(tmp_path, upgraded=old)
    store.call(root, cost="0.05")
    ours.poll()
    for call in (second, third):
        store.database.run(first, call)
    store.call(root, cost="0.06")
    ours.poll()
    for call in (second, third):
        store.database.run(GONE_IN_2 if first is GONE_IN_1 else GONE_IN_1, call)
    store.call(root, cost="0.07")
    ours.poll()
    assert unlisted(ours) == []
    assert_truth(ours, store.truth)
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    store.call(root, cost="0.08")
    ours.poll()
    assert_truth(ours, store.truth)
    assert [each.unexplained_nano for each in reconciled(ours).figures] == [0, 0, 0]


@pytest.mark.parametrize("is_seen", [True, False], ids=["seen", "unseen"])
def test_a_forks_copies_that_both_have_deleted_are_no_second_spend(tmp_path: Path, is_seen: bool) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    fork = old.fork(root)
    old.call(fork, cost="0.03")
    ours = reader(old.data_dir)
    if is_seen:
        ours.poll()
    store = V2(tmp_path, upgraded=old)
    for sql in DELETED["a session"]:
        store.database.run(sql, fork)
    ours.poll()
    store.database.run("DELETE FROM session_message WHERE session_id = ?", fork)
    store.call(fork, cost="0.07")
    ours.poll()
    assert unlisted(ours) == []
    assert_truth(ours, store.truth)
    undo(store, fork, "0.09")
    ours.poll()
    assert unlisted(ours) == [("undone", 90_000_000)]
    assert_truth(ours, store.truth)


def test_what_was_undone_before_the_upgrade_is_in_no_sum(tmp_path: Path) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    asked = old.prompt(root)
    old.call(root, cost="0.03", turn=asked)
    ours = synced(old)
    old.revert(root, asked)
    old.call(root, cost="0.02")
    store = V2(tmp_path, upgraded=old)
    undo(store, root, "0.04")
    ours.poll()
    assert unlisted(ours) == [("undone", 40_000_000)]
    assert_truth(ours, store.truth)
