"""OpenCode 2: what must never become a call, two readers, and ledgers of older versions."""

from __future__ import annotations

import json
from pathlib import Path

from opencode_tui.ledger.residuals import unlisted_calls
from opencode_tui.records.stores import Bill
from tests.stores import V1, V2, Tokens
from tests.support.ledgers import Reader, assert_truth, reader
from tests.support.opencode2 import MIGRATION, TITLE_TOKENS, add_to_sum, synced, undo, unlisted


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
    (opened,) = ours.sync._known.stores.values()
    return opened.file._connection  # type: ignore[attr-defined]
