"""OpenCode 2: rows that change in place are counted once, whenever they are read."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from opencode_tui.ledger.residuals import COMPACTION, TITLE, UNDONE
from tests.stores import V2, Tokens
from tests.support.ledgers import assert_truth
from tests.support.opencode2 import TITLE_TOKENS, add_to_sum, synced, unlisted


@pytest.mark.parametrize("failed", [False, True], ids=["completed", "failed"])
def test_a_compaction_that_was_looked_at_while_it_ran_counts_when_it_ends(store: V2, root: str, failed: bool) -> None:
    running = store.compaction(root, completed=False)
    ours = synced(store)
    assert (ours.totals.spend_nano, ours.totals.calls) == (200_000_000, 2)
    store.finish(running, cost="0.25", tokens=Tokens(input=18468, output=832), error="UnknownError" if failed else None)
    ours.poll()
    assert_truth(ours, store.truth)
    assert ours.spend_by("agent")["compaction"] == 250_000_000
    assert unlisted(ours) == []


def test_the_sum_that_runs_ahead_of_a_compaction_enters_nothing(store: V2, root: str) -> None:
    running = store.compaction(root, completed=False)
    ours = synced(store)
    add_to_sum(store, root, "0.25", 18468)
    ours.poll()
    assert (ours.totals.spend_nano, unlisted(ours)) == (200_000_000, [])
    store.finish(running, cost="0.25", tokens=Tokens(input=18468))
    ours.poll()
    assert_truth(ours, store.truth)
    assert unlisted(ours) == []


def test_what_an_interrupted_compaction_cost_is_a_call_of_its_own(store: V2, root: str) -> None:
    store.title(root, cost="0.001", tokens=TITLE_TOKENS, title="Header")
    ours = synced(store)
    running = store.compaction(root, completed=False)
    ours.poll()
    session = store.sessions[root]
    session.extra_cost += Decimal("0.2")
    session.extra_tokens += Tokens(input=400)
    message = store.messages[running]
    message.completed, message.error = message.created, {"name": "MessageAbortedError"}
    store.database.run(
        "UPDATE session_message SET data = ? WHERE id = ?",
        json.dumps({"status": "failed", "error": {"type": "aborted", "message": "x"}, "time": {"created": 1}}),
        running,
    )
    store._write_session(session)
    ours.poll()
    assert unlisted(ours) == [(TITLE, 1_000_000), (COMPACTION, 200_000_000)]
    assert ours.rows("SELECT error, cost_nano FROM call WHERE id = ?", running) == [("aborted", 0)]


def test_a_row_that_a_crash_left_open_is_aborted_when_the_next_step_closes_it(store: V2, root: str) -> None:
    left = store.call(root, completed=False)
    ours = synced(store)
    message = store.messages[left]
    store.database.run(
        "UPDATE session_message SET data = json_set(data, '$.time.completed', ?) WHERE id = ?",
        message.created + 5,
        left,
    )
    store.call(root, cost="0.05")
    ours.poll()
    assert ours.totals.spend_nano == 250_000_000
    assert ours.rows("SELECT error, completed_ms IS NOT NULL FROM call WHERE id = ?", left) == [("aborted", 1)]
    assert ours.totals.aborted == 1


def test_a_try_that_is_repeated_begins_its_row_again(store: V2, root: str) -> None:
    tried = store.call(root, completed=False)
    ours = synced(store)
    message = store.messages[tried]
    message.created += 2000
    store.finish(tried, cost="0.07")
    ours.poll()
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT created_ms FROM call WHERE id = ?", tried) == [(message.created,)]


def test_a_call_that_completes_and_is_undone_between_two_looks_is_undone(store: V2, root: str) -> None:
    store.title(root, cost="0.001", tokens=TITLE_TOKENS, title="Header")
    asked = store.prompt(root)
    call = store.call(root, completed=False, turn=asked)
    ours = synced(store)
    store.finish(call, cost="0.07")
    store.revert(root, asked)
    store.call(root, cost="0.01")
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    assert unlisted(ours) == [(TITLE, 1_000_000), (UNDONE, 70_000_000)]
