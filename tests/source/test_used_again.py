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
