"""OpenCode 2: titles have no row, and are worked out from the sums of their sessions."""

from __future__ import annotations

from opencode_tui.clock import DAY_MS
from opencode_tui.ledger.residuals import TITLE
from tests.stores import V2
from tests.support.ledgers import assert_truth
from tests.support.opencode2 import TITLE_TOKENS, synced, unlisted


def test_a_title_is_a_call_at_the_first_prompt(store: V2) -> None:
    root = store.session("")
    asked = store.prompt(root)
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Fix header")
    store.call(root, cost="0.20", turn=asked)
    ours = synced(store)
    assert_truth(ours, store.truth)
    row = ours.rows("SELECT provider, model, turn_id, created_ms FROM call WHERE agent = 'title'")
    assert row == [("unknown", "unknown", asked, store.messages[asked].created)]


def test_a_title_is_seen_before_the_step_that_runs_beside_it(store: V2) -> None:
    root = store.session("")
    call = store.call(root, completed=False)
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Fix header")
    ours = synced(store)
    assert unlisted(ours) == [(TITLE, 400_000)]
    store.finish(call, cost="0.20")
    ours.poll()
    assert_truth(ours, store.truth)


def test_a_title_that_changes_nothing_but_the_sum_is_seen(store: V2) -> None:
    root = store.session("")
    store.call(root, cost="0.20")
    ours = synced(store)
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS)
    ours.poll()
    assert_truth(ours, store.truth)


def test_a_title_that_is_asked_for_again_is_a_second_call(store: V2, root: str) -> None:
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="One")
    ours = synced(store)
    store.call(root, cost="0.01")
    store.title(root, cost="0.0007", tokens=TITLE_TOKENS, title="Two")
    ours.poll()
    ours.poll()
    assert_truth(ours, store.truth)
    assert unlisted(ours) == [(TITLE, 400_000), (TITLE, 700_000)]


def test_a_free_title_has_tokens_and_costs_nothing(store: V2, root: str) -> None:
    store.title(root, cost="0", tokens=TITLE_TOKENS, title="One")
    assert_truth(synced(store), store.truth)


def test_titles_of_subagents_and_forks_are_never_supposed(store: V2, root: str) -> None:
    child = store.session("explore code", parent=root)
    store.call(child, cost="0.05")
    fork = store.fork(root)
    store.call(fork, cost="0.01")
    store.call(store.fork(fork), cost="0.02")
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert unlisted(ours) == []


def test_a_title_that_failed_and_is_asked_for_again_on_a_later_day_is_a_call_of_that_day(store: V2) -> None:
    """The day of the first prompt may be in a report by then."""
    root = store.session("")
    store.call(root, cost="0.20", turn=store.prompt(root))
    ours = synced(store)
    store.now += DAY_MS
    asked = store.prompt(root)
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Fix header")
    store.call(root, cost="0.10", turn=asked)
    ours.poll()
    assert_truth(ours, store.truth)
    row = ours.rows("SELECT turn_id, created_ms FROM call WHERE agent = 'title'")
    assert row == [(asked, store.messages[asked].created)]
