"""OpenCode 2: calls that were undone before they were read are worked out from the sums."""

from __future__ import annotations

import pytest

from opencode_tui.clock import DAY_MS
from opencode_tui.ledger.residuals import TITLE, UNDONE
from tests.stores import V2
from tests.support.ledgers import assert_truth
from tests.support.opencode2 import TITLE_TOKENS, add_row, synced, undo, unlisted


def test_calls_undone_unseen_are_one_call_between_their_neighbours(store: V2, root: str) -> None:
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    ours = synced(store)
    at = undo(store, root, "0.05")
    ours.poll()
    assert_truth(ours, store.truth)
    row = ours.rows("SELECT cost_nano, provider, model, created_ms, turn_id FROM call WHERE agent = ?", UNDONE)
    assert row == [(50_000_000, "opencode", "kimi-k2.6", at - 1, None)]


def test_an_undo_after_which_nothing_was_asked(store: V2, root: str) -> None:
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    ours = synced(store)
    at = undo(store, root, "0.05", then=False)
    ours.poll()
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT agent, created_ms FROM call WHERE agent = ?", UNDONE) == [(UNDONE, at - 1)]


def test_an_undone_call_that_was_seen_is_not_counted_again(store: V2, root: str) -> None:
    asked = store.prompt(root)
    store.call(root, cost="0.05", turn=asked)
    ours = synced(store)
    store.revert(root, asked)
    store.call(root, cost="0.01")
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    ours.poll()
    assert_truth(ours, store.truth)
    assert unlisted(ours) == [(TITLE, 400_000)]


def test_a_title_and_undone_calls_in_one_sum_are_kept_as_undone_of_no_model(store: V2, root: str) -> None:
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    undo(store, root, "0.05")
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.rows("SELECT agent, cost_nano, model FROM call WHERE id LIKE '%.unlisted.%'") == [
        (UNDONE, 50_400_000, "unknown")
    ]


def test_what_was_worked_out_stays_whatever_becomes_of_its_session(store: V2, root: str) -> None:
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    ours = synced(store)
    undo(store, root, "0.05")
    ours.poll()
    undo(store, root, "0.06")
    ours.poll()
    assert_truth(ours, store.truth)
    fork = store.fork(root)
    store.call(fork, cost="0.02")
    ours.poll()
    assert_truth(ours, store.truth)
    store.archive(root)
    store.delete(root)
    store.call(fork, cost="0.03")
    ours.poll()
    assert_truth(ours, store.truth)
    assert unlisted(ours) == [(TITLE, 400_000), (UNDONE, 50_000_000), (UNDONE, 60_000_000)]


@pytest.mark.parametrize("kind", ["compaction", "shell", "model-switched", "system"])
@pytest.mark.parametrize("from_start", [True, False], ids=["all undone", "the last turn undone"])
def test_an_undo_after_which_something_else_than_a_prompt_came(
    store: V2, root: str, kind: str, from_start: bool
) -> None:
    if not from_start:
        store.call(root, cost="0.01")
    undo(store, root, "0.05", then=False)
    if kind == "compaction":
        store.compaction(root, cost="0.02")
    else:
        add_row(store, root, kind)
    store.call(root, cost="0.03")
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert unlisted(ours) == [(UNDONE, 50_000_000)]


def test_a_model_that_is_switched_in_the_middle_of_a_turn_is_no_undo(store: V2, root: str) -> None:
    running = store.call(root, completed=False)
    store.database.pass_events(root, 12)
    add_row(store, root, "model-switched")
    store.finish(running, cost="0.01")
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    ours = synced(store)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert unlisted(ours) == [(TITLE, 400_000)]


def test_what_is_undone_on_a_later_day_is_no_title_of_the_first(store: V2, root: str) -> None:
    """The title went into what was undone on the first day; now a prompt that was read is undone with one that was not,
    as one goes back two prompts at once."""
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    undo(store, root, "0.05")
    seen = store.prompt(root)
    store.call(root, cost="0.02", turn=seen)
    ours = synced(store)
    store.now += DAY_MS
    midnight = store.now
    store.call(root, cost="0.06", turn=store.prompt(root))
    store.revert(root, seen)
    store.call(root, cost="0.01")
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    assert unlisted(ours) == [(UNDONE, 50_400_000), (UNDONE, 60_000_000)]
    assert ours.rows("SELECT created_ms >= ? FROM call WHERE cost_nano = 60000000", midnight) == [(1,)]
