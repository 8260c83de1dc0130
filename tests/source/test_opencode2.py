"""OpenCode 2: rows that change in place, and calls that stand in no row. Each is counted once, whenever it is seen."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from opencode_tui.ledger.residuals import COMPACTION, TITLE, UNDONE, unlisted_calls
from opencode_tui.records.stores import Bill
from tests.stores import V1, V2, Tokens, tool
from tests.support.ledgers import Reader, assert_truth, reader

TITLE_TOKENS = Tokens(input=3011, output=203, cache_write=501)
MIGRATION = "UPDATE kv SET value = ? WHERE key = 'migration.v1-v2'"


def synced(store: V1 | V2) -> Reader:
    ours = reader(store.data_dir)
    ours.poll()
    return ours


def unlisted(ours: Reader) -> list[tuple[str, int]]:
    """(agent, nano-dollars) of the calls that stand in no row."""
    return ours.rows("SELECT agent, cost_nano FROM call WHERE id LIKE '%.unlisted.%' ORDER BY rowid")


def add_to_sum(store: V2, session_id: str, cost: str, tokens: int) -> None:
    """What OpenCode does a moment before a compaction's row completes."""
    sql = "UPDATE session_v2 SET cost = cost + ?, tokens_input = tokens_input + ? WHERE id = ?"
    store.database.run(sql, float(cost), tokens, session_id)


@pytest.fixture
def store(tmp_path: Path) -> V2:
    return V2(tmp_path)


@pytest.fixture
def root(store: V2) -> str:
    id = store.session("Fix header")
    store.call(id, cost="0.20")
    return id


# Rows that change in place


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


# Titles


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


# Undone calls


def undo(store: V2, session_id: str, cost: str, *, then: bool = True) -> int:
    """A prompt that is undone and, where `then`, followed by another; when that was asked."""
    asked = store.prompt(session_id)
    store.call(session_id, cost=cost, turn=asked)
    store.revert(session_id, asked)
    if not then:
        return store.now
    at = store.now + 1000
    store.call(session_id, cost="0.01", at=at)
    return at


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


def assert_totals(ours: Reader, store: V2) -> None:
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}


# What must never become a call


def test_rounding_is_no_call(store: V2) -> None:
    child = store.session("explore", parent=store.session("root"))
    for _ in range(40):
        call = store.call(child, cost="0.000000001")
        cost = "UPDATE session_message SET data = json_set(data, '$.cost', ?) WHERE id = ?"
        store.database.run(cost, 1.4999e-9, call)
    store.database.run("UPDATE session_v2 SET cost = 40 * 1.4999e-9 WHERE id = ?", child)
    ours = synced(store)
    assert unlisted(ours) == []
    assert ours.totals.spend_nano == 40


def test_a_running_call_that_was_not_looked_at_with_the_sum_keeps_its_session_waiting(store: V2, root: str) -> None:
    running = store.call(root, completed=False)
    ours = synced(store)
    connection = ours.ledger.connection
    sum_after = Bill(root, "", "opencode", "kimi-k2.6", 270_000_000, Tokens(input=99_999), 0, 0, None, True, store.now)
    assert unlisted_calls(connection, [sum_after], frozenset(), store.now) == []
    (call,) = unlisted_calls(connection, [sum_after], frozenset({running}), store.now)
    assert call.recorded_nano == 70_000_000


def test_nothing_is_worked_out_while_an_upgrade_imports(tmp_path: Path) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    store = V2(tmp_path, upgraded=old)
    store.call(root, cost="0.05")
    store.database.run(MIGRATION, '{"phase":"sessions","cursor":"ses_x"}')
    add_to_sum(store, root, "0.5", 100)
    ours = synced(store)
    assert unlisted(ours) == []
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    store.database.run(MIGRATION, '{"phase":"completed"}')
    ours.poll()
    assert_truth(ours, store.truth)


def test_an_upgraded_session_goes_on_with_titles_undos_and_forks(tmp_path: Path) -> None:
    old = V1(tmp_path, version="1.2.27")
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    asked = old.prompt(root)
    old.call(root, cost="0.07", turn=asked)
    fork = old.fork(root)
    old.call(fork, cost="0.03")
    ours = reader(old.data_dir)
    ours.poll()
    old.revert(root, asked)
    store = V2(tmp_path, upgraded=old)
    for session in (root, fork):
        store.title(session, cost="0.0004", tokens=TITLE_TOKENS, title="Again")
        undo(store, session, "0.05")
    store.call(store.fork(fork), cost="0.02")
    ours.poll()
    assert ours.totals.spend_nano == store.truth.total_nano
    assert ours.spend_by("session") == {id: nano for id, nano in store.truth.own.items() if nano}


def test_an_older_copy_of_a_store_enters_nothing(store: V2, root: str) -> None:
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    undo(store, root, "0.05")
    backup = store.path.read_bytes()
    store.call(root, cost="0.04")
    ours = synced(store)
    spent = ours.totals.spend_nano
    store.path.with_name("opencode-old.db").write_bytes(backup)
    ours.poll()
    store.path.write_bytes(backup)
    ours.poll()
    assert ours.totals.spend_nano == spent == store.truth.total_nano


# Two of us, and ledgers of before


def test_two_processes_enter_a_call_once(store: V2, root: str) -> None:
    one, two = synced(store), synced(store)
    for cost in ("0.0004", "0.0005", "0.0006"):
        store.title(root, cost=cost, tokens=TITLE_TOKENS, title=cost)
        one.poll()
        two.poll()
        undo(store, root, "0.03")
        two.poll()
        one.poll()
    assert_truth(one, store.truth)
    assert len(unlisted(one)) == 6


def test_a_ledger_of_before_catches_up(store: V2, root: str) -> None:
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Header")
    ours = synced(store)
    with ours.ledger.writing() as connection:
        connection.execute("DELETE FROM call WHERE id LIKE '%.unlisted.%'")
        cursor = json.loads(connection.execute("SELECT cursor FROM store").fetchone()[0])
        connection.execute("UPDATE store SET cursor = ?", (json.dumps(cursor[:4]),))
    ours.close()
    again = synced(store)
    assert_truth(again, store.truth)


def test_a_new_call_is_read_with_as_many_queries_in_a_large_store_as_in_a_small_one(store: V2, root: str) -> None:
    def statements() -> int:
        store.call(root, cost="0.01")
        seen: list[str] = []
        connection = sqlite_of(ours)
        connection.set_trace_callback(seen.append)
        ours.poll()
        connection.set_trace_callback(None)
        return len([text for text in seen if not text.startswith("--")])

    store.keep_open()
    ours = synced(store)
    few = statements()
    for n in range(60):
        store.call(store.session(f"other {n}"), cost="0.01")
    ours.poll()
    store.now += 3_600_000
    store.call(root, cost="0.01")
    ours.poll()
    assert statements() <= few + 2
    store.close()


def sqlite_of(ours: Reader):  # type: ignore[no-untyped-def]
    (opened,) = ours.sync._stores.values()
    return opened.file._connection  # type: ignore[attr-defined]


# What is kept of a call


def test_a_session_without_a_title_goes_by_its_project_and_time(store: V2) -> None:
    root = store.session("")
    store.call(root, cost="0.20")
    ours = synced(store)
    ((title,),) = ours.rows("SELECT title FROM session")
    project = Path(store.sessions[root].directory).name
    assert title.startswith(f"{project}, ") and title[-3] == ":"
    store.title(root, cost="0.0004", tokens=TITLE_TOKENS, title="Fix header")
    ours.poll()
    assert ours.rows("SELECT title FROM session") == [("Fix header",)]


def test_a_call_keeps_its_variant_and_when_its_answer_had_arrived(store: V2, root: str) -> None:
    call = store.call(root, cost="0.20", took=5000, tools=[tool("bash", "ls", took=3000)])
    store.database.run("UPDATE session_message SET data = json_set(data, '$.model.variant', 'high') WHERE id = ?", call)
    ours = synced(store)
    made = store.messages[call].created
    rows = ours.rows("SELECT variant, streamed_ms, completed_ms FROM call ORDER BY created_ms")
    assert rows[-1] == ("high", made + 2000, made + 5000)
    assert rows[0][0] is None


@pytest.mark.parametrize(
    ("error", "kept"),
    [
        ({"type": "provider.rate-limit", "message": "key sk-SECRET is over its limit"}, "provider.rate-limit"),
        ({"type": "the key sk-SECRET was refused", "message": "x"}, "error"),
        ({"message": "sk-SECRET"}, "error"),
        ("sk-SECRET was refused", "error"),
    ],
)
def test_an_error_is_kept_by_its_type_never_by_its_text(store: V2, root: str, error: object, kept: str) -> None:
    call = store.call(root, error="APIError")
    store.database.run(
        "UPDATE session_message SET data = json_set(data, '$.error', json(?)) WHERE id = ?", json.dumps(error), call
    )
    assert synced(store).rows("SELECT error FROM call WHERE id = ?", call) == [(kept,)]


def test_tools_go_by_one_name_over_an_upgrade_and_a_child_may_be_resumed(store: V2, root: str) -> None:
    child = store.session("explore code", parent=root)
    tasks = [tool("task", "explore code", child=child, agent="explore") for _ in range(2)]
    store.call(root, tools=[tool("bash", "git status"), tool("apply_patch", "*** Update File: a.py"), *tasks])
    store.call(child, cost="0.05")
    ours = synced(store)
    told = ours.rows("SELECT name, target, child_session_id FROM tool ORDER BY id")
    assert told == [
        ("bash", "git status", None),
        ("apply_patch", "a.py", None),
        ("task", "explore", child),
        ("task", "explore", child),
    ]


@pytest.mark.parametrize("broken", ["many", -5e300, 9e99, b"x"])
def test_a_sum_that_cannot_be_read_makes_its_day_a_lower_bound_until_it_can(
    store: V2, root: str, broken: object
) -> None:
    store.title(root, cost="0.001", tokens=TITLE_TOKENS, title="Header")
    with store.database.connection() as connection:
        (updated,) = connection.execute("SELECT time_updated FROM session_v2 WHERE id = ?", (root,)).fetchone()
    store.database.run("UPDATE session_v2 SET tokens_input = ?, cost = 1 WHERE id = ?", broken, root)
    ours = synced(store)
    assert ours.totals.spend_nano == 200_000_000
    ((kind, id, at_ms),) = ours.rows("SELECT kind, id, at_ms FROM unreadable")
    assert (kind, id, at_ms) == ("session", root, updated)
    store._write_session(store.sessions[root])
    ours.poll()
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT count(*) FROM unreadable") == [(0,)]


@pytest.mark.parametrize("column", ["cost", "tokens_input"])
@pytest.mark.parametrize("broken", [-1, "many", None, float("inf"), b"x"])
def test_a_sum_that_is_no_sum_is_said(column: str, broken: object, tmp_path: Path) -> None:
    store = V2(tmp_path)
    store.call(session := store.session("Fix header"), cost="0.20")
    store.title(session, cost="0.001", tokens=TITLE_TOKENS, title="Header")
    with closing(sqlite3.connect(store.path)) as connection, connection:  # without its rule that nothing is NULL
        connection.execute("CREATE TABLE other AS SELECT * FROM session_v2")
        connection.execute(f"UPDATE other SET {column} = ?", (broken,))
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DROP TABLE session_v2")
        connection.execute("ALTER TABLE other RENAME TO session_v2")
    ours = synced(store)
    assert ours.totals.spend_nano == 200_000_000
    name = column.partition("_")[0]
    assert ours.rows("SELECT id, reason FROM unreadable") == [(session, f"sum {name} is out of range")]


@pytest.mark.parametrize("change", ["cost = 0", "cost = 0.19", "tokens_input = 0", "tokens_cache_read = 1"])
def test_a_sum_that_is_less_than_its_rows_is_said_until_it_is_right(store: V2, root: str, change: str) -> None:
    store.title(root, cost="0.001", tokens=TITLE_TOKENS, title="Header")
    store.call(root, cost="0.30", tokens=Tokens(input=50_000, cache_read=90_000))
    store.database.run(f"UPDATE session_v2 SET {change} WHERE id = ?", root)
    ours = synced(store)
    assert ours.totals.spend_nano == 500_000_000
    assert ours.rows("SELECT id, reason FROM unreadable") == [(root, "sum is less than that of its rows")]
    store._write_session(store.sessions[root])
    ours.poll()
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT 1 FROM unreadable") == []


@pytest.mark.parametrize("model", ["x", "[1", b"x", 5])
def test_a_sum_beside_a_model_that_cannot_be_read_counts(store: V2, root: str, model: object) -> None:
    store.title(root, cost="0.001", tokens=TITLE_TOKENS, title="Header")
    store.database.run("UPDATE session_v2 SET model = ?", model)
    assert unlisted(synced(store)) == [(TITLE, 1_000_000)]


@pytest.mark.parametrize("seq", ["zzz", b"\xff", 1.5, -7, 2**63 - 1])
@pytest.mark.parametrize("table", ["session_message", "event_sequence"])
def test_a_sequence_number_that_is_none_stops_nothing(table: str, seq: object, tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    first = store.call(session, cost="0.20")
    store.call(session, cost="0.10")
    with closing(sqlite3.connect(store.path)) as connection, connection:
        if table == "session_message":
            connection.execute("INSERT OR REPLACE INTO event_sequence (aggregate_id, seq) VALUES (?, 40)", (session,))
            connection.execute("UPDATE session_message SET seq = ? WHERE id = ?", (seq, first))
        else:
            connection.execute("DELETE FROM event_sequence")
            connection.execute("INSERT INTO event_sequence (aggregate_id, seq) VALUES (?, ?)", (session, seq))
    ours = synced(store)
    assert [state.state for state in ours.sync.states] == ["live"]
    assert ours.totals.spend_nano == 300_000_000


def broken(store: V1 | V2, *statements: str) -> None:
    """The store after what a schema of OpenCode's own would not let anybody do."""
    store.close()
    with closing(sqlite3.connect(store.path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


AS_BLOB = "UPDATE session_message SET {0} = CAST({0} AS BLOB)"


@pytest.mark.parametrize(
    ("statement", "is_whole"),
    [
        (AS_BLOB.format("type"), True),
        (AS_BLOB.format("seq"), True),
        (AS_BLOB.format("time_created"), True),
        (AS_BLOB.format("data"), None),  # some versions of SQLite take it for JSON
        (AS_BLOB.format("session_id"), False),
        ("UPDATE session_message SET type = 'answer' WHERE type = 'assistant'", True),
        (
            "UPDATE session_message SET type = 'answer', data = json_remove(data, '$.model') WHERE type = 'assistant'",
            False,
        ),
        ("UPDATE session_message SET data = '7' WHERE type = 'assistant'", False),
        ("UPDATE session_message SET data = '{}' WHERE type = 'assistant'", False),
        ("UPDATE session_message SET seq = -seq", True),
        ("UPDATE session_message SET seq = seq + 0.5", True),
        ("UPDATE session_v2 SET fork_session_id = NULL", True),
    ],
)
def test_a_row_in_another_form_is_read_or_said(statement: str, is_whole: bool | None, store: V2, root: str) -> None:
    store.call(store.fork(root), cost="0.05")
    broken(store, statement)
    ours = synced(store)
    assert ours.totals.spend_nano == 250_000_000
    if is_whole is not None:
        assert bool(ours.rows("SELECT 1 FROM unreadable WHERE kind = 'message'")) is not is_whole
    if is_whole:
        assert ours.totals.copied_calls == 1


def test_a_row_of_a_new_type_that_costs_nothing_is_none_of_ours(store: V2, root: str) -> None:
    broken(store, "UPDATE session_message SET type = 'weather', data = '{}' WHERE type = 'user'")
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT 1 FROM unreadable") == []


@pytest.mark.parametrize("make", [V1, V2])
@pytest.mark.parametrize("form", ["VIEW zz AS SELECT * FROM {0}_", "TABLE zz (id PRIMARY KEY, {1}) WITHOUT ROWID"])
def test_messages_without_a_rowid_are_trouble_of_the_store(
    make: type[V1] | type[V2], form: str, tmp_path: Path
) -> None:
    store = make(tmp_path)
    store.call(store.session("Fix header"), cost="0.20")
    table = "message" if make is V1 else "session_message"
    others = ", ".join(sorted(store.database.columns(table) - {"id"}))
    fill = f"INSERT INTO zz (id, {others}) SELECT id, {others} FROM {table}_" if "TABLE" in form else "SELECT 1"
    name = form.format(table, others)
    broken(store, f"ALTER TABLE {table} RENAME TO {table}_", f"CREATE {name}".replace("zz", table, 1))
    broken(store, fill.replace("zz", table))
    ours = synced(store)
    assert [(state.state, "rowid" in state.detail) for state in ours.sync.states] == [("broken", True)]


def test_a_store_of_opencode_1_without_messages_is_trouble(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header"), cost="0.20")
    broken(store, "DROP TABLE message")
    assert [state.state for state in synced(store).sync.states] == ["broken"]


@pytest.mark.parametrize("table", ["session", "message", "part", "session_v2", "session_message"])
def test_a_store_without_one_of_its_tables_is_trouble_and_nothing_counts_twice(table: str, tmp_path: Path) -> None:
    old = V1(tmp_path)
    root = old.session("Fix header")
    old.call(root, cost="0.20")
    old.call(old.fork(root), cost="0.05")
    store = V2(tmp_path, upgraded=old)
    store.call(root, cost="0.01")
    broken(store, f"DROP TABLE {table}")
    ours = synced(store)
    assert ours.totals.spend_nano <= store.truth.total_nano
    said = [state.detail for state in ours.sync.states if state.state == "broken"]
    unread = ours.rows("SELECT reason FROM unreadable")
    assert (
        any(table in detail for detail in said) or unread == [("sum holds messages of OpenCode 1 that are gone",)] * 2
    )


def test_sums_in_another_form_are_said_when_the_rows_have_been_read(store: V2, root: str) -> None:
    broken(store, "ALTER TABLE session_v2 RENAME COLUMN tokens_output TO tokens_out")
    ours = synced(store)
    assert ours.totals.spend_nano == 200_000_000
    (state,) = ours.sync.states
    assert state.state == "broken"
    assert "tokens_output" in state.detail
