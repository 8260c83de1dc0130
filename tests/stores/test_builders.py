"""The builders write what the real OpenCode writes, and their truth adds up."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.stores import V1, V2, Files, Store, Tokens, Truth, tool

TOKENS = Tokens(input=1000, output=200, reasoning=50, cache_read=300, cache_write=10)


def rows(store: V1 | V2, sql: str, *values: object) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(f"file:{store.path}?mode=ro", uri=True)
    try:
        return db.execute(sql, values).fetchall()
    finally:
        db.close()


def data_of(store: V1 | V2, table: str, row_id: str) -> Any:
    ((text,),) = rows(store, f"SELECT data FROM {table} WHERE id = ?", row_id)
    return json.loads(text)


def any_store(kind: str, root: Path) -> Store:
    if kind == "files":
        return Files(root)
    return V2(root) if kind.startswith("2") else V1(root, version=kind)


EVERY = pytest.mark.parametrize("kind", ["files", "1.2.27", "1.14.48", "1.18.34", "2.0.18"])


# Keys as the real 1.18.34 and 1.1.11 wrote them for a comparable row.

ASSISTANT_KEYS = {
    *(
        "parentID",
        "role",
        "mode",
        "agent",
        "path",
        "cost",
        "tokens",
        "modelID",
        "providerID",
        "time",
        "finish",
    )
}
PART_KEYS = {
    "step-start": {"type", "snapshot"},
    "text": {"type", "text", "time"},
    "tool": {"type", "tool", "callID", "state"},
    "step-finish": {"type", "reason", "snapshot", "tokens", "cost"},
}


def test_a_finished_call_has_the_keys_of_the_real_row(tmp_path: Path) -> None:
    store = V1(tmp_path)
    call = store.call(store.session("Fix header"), cost="0.20", tokens=TOKENS)
    data = data_of(store, "message", call)
    assert set(data) == ASSISTANT_KEYS
    assert set(data["tokens"]) == {"total", "input", "output", "reasoning", "cache"}
    assert data["tokens"]["total"] == 1560
    assert set(data["time"]) == {"created", "completed"}
    assert data["cost"] == 0.2


def test_a_running_call_has_no_cost_no_total_and_no_finish(tmp_path: Path) -> None:
    store = V1(tmp_path)
    call = store.call(store.session("Fix header"), completed=False)
    data = data_of(store, "message", call)
    assert set(data) == ASSISTANT_KEYS - {"finish"}
    assert data["cost"] == 0
    assert "total" not in data["tokens"]
    assert set(data["time"]) == {"created"}
    assert store.truth.calls == 0


def test_an_aborted_call_is_completed_without_cost_and_keeps_its_error(tmp_path: Path) -> None:
    store = V1(tmp_path)
    call = store.call(store.session("Fix header"), error="MessageAbortedError")
    data = data_of(store, "message", call)
    assert data["error"]["name"] == "MessageAbortedError"
    assert "completed" in data["time"]
    assert (store.truth.calls, store.truth.total_nano) == (1, 0)


def test_parts_have_the_keys_of_the_real_parts(tmp_path: Path) -> None:
    store = V1(tmp_path)
    used = [tool("edit", "/home/dev/shop/a.py"), tool("bash", "npm test", ok=False, output="exit 1")]
    call = store.call(store.session("Fix header"), tools=used)
    parts = [json.loads(d) for (d,) in rows(store, "SELECT data FROM part WHERE message_id = ? ORDER BY id", call)]
    assert [part["type"] for part in parts] == ["step-start", "text", "tool", "tool", "step-finish"]
    assert all(set(part) == PART_KEYS[part["type"]] for part in parts)
    edit, bash = parts[2]["state"], parts[3]["state"]
    assert set(edit) == {"status", "input", "output", "metadata", "title", "time"}
    assert edit["input"]["filePath"] == "/home/dev/shop/a.py"
    assert set(bash) == {"status", "input", "error", "time"}


def test_a_compaction_is_an_assistant_message_that_says_so(tmp_path: Path) -> None:
    store = V1(tmp_path)
    data = data_of(store, "message", store.compaction(store.session("Fix header"), cost="0.03"))
    assert (data["mode"], data["agent"], data["summary"], data["cost"]) == (
        "compaction",
        "compaction",
        True,
        0.03,
    )
    asked = rows(store, "SELECT data FROM part WHERE message_id = ?", data["parentID"])
    assert json.loads(asked[0][0]) == {"type": "compaction", "auto": False}


def test_files_have_the_keys_of_the_real_files_of_1_1_11(tmp_path: Path) -> None:
    store = Files(tmp_path, version="1.1.11")
    session = store.session("Fix header")
    call = store.call(session, tokens=TOKENS, tools=[tool("bash", "ls")])
    message = json.loads(store.path_of("message", session, call).read_text())
    assert set(message) == ASSISTANT_KEYS | {"id", "sessionID"}
    assert set(message["tokens"]) == {"input", "output", "reasoning", "cache"}
    (project,) = (store.storage / "project").iterdir()
    found = json.loads((store.storage / "session" / project.stem / f"{session}.json").read_text())
    assert set(found) == {"id", "version", "projectID", "directory", "title", "time", "summary"}
    parts = [json.loads(path.read_text()) for path in sorted((store.storage / "part" / call).iterdir())]
    assert [part["type"] for part in parts] == ["step-start", "text", "tool", "step-finish"]
    assert all({"id", "sessionID", "messageID"} < set(part) for part in parts)
    assert (store.storage / "migration").read_text() == "2"


@pytest.mark.parametrize(
    ("version", "output", "total"), [("1.2.27", 250, 1560), ("1.3.2", 250, 1560), ("1.3.3", 200, 1560)]
)
def test_up_to_1_3_2_output_holds_the_reasoning_too(tmp_path: Path, version: str, output: int, total: int) -> None:
    store = V1(tmp_path, version=version)
    found = data_of(store, "message", store.call(store.session("Fix header"), tokens=TOKENS))["tokens"]
    assert (found["output"], found["total"]) == (output, total)
    assert store.truth.tokens == TOKENS


@pytest.mark.parametrize(
    ("version", "has_cost", "has_events"),
    [("1.2.27", 0, 0), ("1.14.48", 0, 0), ("1.15.0", 1, 0), ("1.18.34", 1, 1)],
)
def test_each_version_has_its_columns_and_events(tmp_path: Path, version: str, has_cost: int, has_events: int) -> None:
    store = V1(tmp_path, version=version)
    store.call(store.session("Fix header"))
    columns = {row[1] for row in rows(store, "PRAGMA table_info(session)")}
    assert ("cost" in columns) == bool(has_cost)
    tables = {row[0] for row in rows(store, "SELECT name FROM sqlite_master")}
    found = rows(store, "SELECT count(*) FROM event")[0][0] if "event" in tables else 0
    assert bool(found) == bool(has_events)


def test_a_session_is_touched_when_a_call_ends_but_not_before_1_15(tmp_path: Path) -> None:
    for version, after in [("1.14.48", False), ("1.18.34", True)]:
        store = V1(tmp_path / version, version=version)
        call = store.call(store.session("Fix header"), took=5000)
        ((updated,),) = rows(store, "SELECT time_updated FROM session")
        assert (updated > (store.messages[call].completed or 0)) == after


@EVERY
def test_the_truth_counts_every_call_once_and_rolls_subagents_up(kind: str, tmp_path: Path) -> None:
    store = any_store(kind, tmp_path)
    root = store.session("Fix header")
    child = store.session("look around", parent=root)
    grandchild = store.session("look closer", parent=child)
    store.call(root, cost="0.1", tools=[tool("task", "look around", child=child)])
    store.call(child, cost="0.02", model="opencode/glm-5")
    store.call(grandchild, cost="0.003", model="local/qwen3-coder:30b")
    fork = store.fork(root)
    store.call(fork, cost="0.4")
    truth = store.truth
    assert truth.total_nano == 523_000_000
    assert (truth.calls, truth.copies) == (4, 1)
    assert truth.own == {root: 100_000_000, child: 20_000_000, grandchild: 3_000_000, fork: 400_000_000}
    assert truth.rolled == {root: 123_000_000, child: 23_000_000, grandchild: 3_000_000, fork: 400_000_000}
    assert truth.by_provider == {"local": 3_000_000, "opencode": 520_000_000}


@EVERY
def test_reverts_and_deletes_leave_the_bill_as_it_was(kind: str, tmp_path: Path) -> None:
    store = any_store(kind, tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.1")
    wrong = store.prompt(session)
    store.call(session, cost="0.2", turn=wrong)
    store.revert(session, wrong)
    fork = store.fork(session)
    store.delete(session)
    assert store.truth.total_nano == 300_000_000
    left = store.truth.left
    assert (left.total_nano, left.calls, left.own[fork]) == (100_000_000, 1, 100_000_000)


def test_a_revert_lowers_the_session_and_leaves_the_calls_in_the_events(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.1")
    wrong = store.prompt(session)
    undone = store.call(session, cost="0.2", turn=wrong)
    store.revert(session, wrong, pending=True)
    assert rows(store, "SELECT cost, revert IS NOT NULL FROM session") == [(pytest.approx(0.3), 1)]
    assert rows(store, "SELECT count(*) FROM message")[0] == (4,)
    store.revert(session, wrong)
    assert rows(store, "SELECT cost, revert FROM session") == [(0.1, None)]
    assert rows(store, "SELECT count(*) FROM message WHERE id = ?", undone) == [(0,)]
    (found,) = rows(
        store,
        "SELECT json_extract(data, '$.info.cost') FROM event WHERE type = 'message.updated.1'"
        " AND json_extract(data, '$.info.id') = ? ORDER BY seq DESC LIMIT 1",
        undone,
    )
    assert found == (0.2,)
    removed = "SELECT count(*) FROM event WHERE type = 'message.removed.1'"
    assert rows(store, removed) == [(2,)]
    assert store.truth.left.total_nano == 300_000_000


def test_a_revert_before_events_leaves_no_trace(tmp_path: Path) -> None:
    store = V1(tmp_path, version="1.14.48")
    session = store.session("Fix header")
    store.call(session, cost="0.1")
    wrong = store.prompt(session)
    store.call(session, cost="0.2", turn=wrong)
    store.revert(session, wrong)
    assert (store.truth.total_nano, store.truth.left.total_nano) == (300_000_000, 100_000_000)


def test_a_fork_copies_the_times_and_the_cost_under_new_ids(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    call = store.call(session, cost="0.1", tools=[tool("read", "a.py")])
    fork = store.fork(store.fork(session))
    ((copy, created, data),) = rows(
        store,
        "SELECT id, time_created, data FROM message WHERE session_id = ? AND data LIKE '%assistant%'",
        fork,
    )
    ((opened, title, cost, parent),) = rows(
        store, "SELECT time_created, title, cost, parent_id FROM session WHERE id = ?", fork
    )
    original, copied = data_of(store, "message", call), json.loads(data)
    assert copy != call
    assert created < opened
    assert (title, cost, parent) == ("Fix header (fork #2)", 0.1, None)
    assert {**copied, "parentID": original["parentID"]} == original
    assert store.truth.copied[copy] == call


def test_deleting_a_session_takes_its_children_and_all_their_rows(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    store.call(store.session("look around", parent=session))
    store.delete(session)
    for table in ("session", "message", "part", "event", "event_sequence"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_call_that_finishes_later_keeps_its_row_and_gets_its_cost(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    call = store.call(session, completed=False, tools=[tool("bash", "npm test", ok=None)])
    store.finish(call, cost="0.05", tools=[tool("bash", "npm test")])
    assert data_of(store, "message", call)["cost"] == 0.05
    assert rows(store, "SELECT count(*) FROM part WHERE message_id = ?", call) == [(4,)]
    assert store.truth.total_nano == 50_000_000


def test_a_store_held_open_has_its_wal_beside_it_and_a_closed_one_has_none(tmp_path: Path) -> None:
    store = V1(tmp_path)
    wal = store.path.with_name("opencode.db-wal")
    store.call(store.session("Fix header"))
    assert not wal.exists()
    store.keep_open()
    store.call(store.session("Write docs"))
    assert wal.stat().st_size > 0
    assert rows(store, "SELECT count(*) FROM session") == [(2,)]
    store.close()
    assert not wal.exists()


def test_an_import_of_files_keeps_the_ids_and_the_bill(tmp_path: Path) -> None:
    files = Files(tmp_path)
    call = files.call(files.session("Fix header"), cost="0.1", tokens=TOKENS)
    store = V1(tmp_path, version="1.18.34", imported=files)
    found = data_of(store, "message", call)["tokens"]
    assert (found["output"], "total" in found) == (250, False)
    store.call(store.session("Write docs"), cost="0.2")
    assert files.truth.total_nano == 300_000_000


def test_a_step_of_v2_is_a_row_and_leaves_no_event(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    call = store.call(session, cost="0.2", tokens=TOKENS, tools=[tool("bash", "ls"), tool("read", "a.py")])
    data = data_of(store, "session_message", call)
    assert set(data) == {"agent", "model", "content", "finish", "cost", "tokens", "time"}
    shell, read = data["content"][1:]
    assert (shell["name"], shell["state"]["input"]["command"]) == ("shell", "ls")
    assert (read["name"], read["state"]["input"]["path"]) == ("read", "a.py")
    assert rows(store, "SELECT count(*) FROM event") == [(0,)]


def test_a_v2_fork_copies_rows_as_they_are_but_is_not_charged_for_them(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    call = store.call(session, cost="0.2")
    store.call(session, completed=False)
    fork = store.fork(session)
    sql = "SELECT seq, time_created, time_updated, data FROM session_message WHERE id = ?"
    (copy,) = store.truth.copied
    assert rows(store, sql, copy) == rows(store, sql, call)
    assert copy.endswith(f"_{store.messages[call].seq}")
    found = rows(store, "SELECT fork_session_id, parent_id, cost, title FROM session_v2 WHERE id = ?", fork)
    assert found == [(session, None, 0.0, "Fix header (fork #1)")]
    later = store.call(fork, cost="0.1")
    assert (store.messages[later].seq or 0) > (store.messages[copy].seq or 0)


def test_a_v2_revert_leaves_its_cost_in_the_sum_and_a_gap_before_the_next_prompt(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("Fix header")
    store.call(session, cost="0.1")
    wrong = store.prompt(session)
    undone = store.call(session, cost="0.2", turn=wrong)
    store.revert(session, wrong)
    assert rows(store, "SELECT count(*) FROM session_message WHERE id IN (?, ?)", wrong, undone) == [(0,)]
    assert rows(store, "SELECT cost FROM session_v2") == [(pytest.approx(0.3),)]
    store.prompt(session)
    seqs = [seq for (seq,) in rows(store, "SELECT seq FROM session_message ORDER BY seq")]
    assert seqs[-1] - seqs[-2] == 14
    assert store.truth.left.total_nano == 300_000_000


def test_a_title_of_v2_stands_in_the_sum_alone_and_a_failed_compaction_has_its_cost(tmp_path: Path) -> None:
    store = V2(tmp_path)
    session = store.session("")
    store.title(session, cost="0.001", tokens=Tokens(input=90, output=9), title="Fix header")
    compaction = store.compaction(session, cost="0.03", failed=True)
    data = data_of(store, "session_message", compaction)
    assert (data["status"], data["cost"], "model" in data) == ("failed", 0.03, False)
    assert rows(store, "SELECT count(*) FROM session_message WHERE type = 'assistant'") == [(0,)]
    assert rows(store, "SELECT cost, title FROM session_v2") == [(pytest.approx(0.031), "Fix header")]
    assert store.truth.total_nano == 31_000_000


def test_usage_does_not_touch_a_v2_session(tmp_path: Path) -> None:
    store = V2(tmp_path)
    call = store.call(store.session("Fix header"))
    assert rows(store, "SELECT time_updated FROM session_v2") == [(store.messages[call].created,)]


def test_a_fresh_v2_store_has_no_v1_tables(tmp_path: Path) -> None:
    tables = {name for (name,) in rows(V2(tmp_path), "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables.isdisjoint({"session", "message", "part"})


def test_an_upgraded_store_has_its_calls_twice_under_one_id_but_a_compaction_only_in_v1(
    tmp_path: Path,
) -> None:
    old = V1(tmp_path)
    session = old.session("Fix header")
    call, compaction = old.call(session, cost="0.1"), old.compaction(session, cost="0.02")
    store = V2(tmp_path, upgraded=old)
    later = store.call(session, cost="0.4")
    for row_id, in_v1, in_v2 in [(call, 1, 1), (compaction, 1, 0), (later, 0, 1)]:
        assert rows(store, "SELECT count(*) FROM message WHERE id = ?", row_id) == [(in_v1,)]
        assert rows(store, "SELECT count(*) FROM session_message WHERE id = ?", row_id) == [(in_v2,)]
    assert store.truth.total_nano == 520_000_000


def test_the_same_story_is_written_with_the_same_ids(tmp_path: Path) -> None:
    def contents(root: Path) -> list[str]:
        store = V1(root / "same")
        return [store.call(store.session("Fix header")), *store.sessions]

    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_an_amount_finer_than_a_nano_dollar_is_refused(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header"), cost="0.0000000001")
    with pytest.raises(ValueError, match="nano-dollar"):
        _ = store.truth.total_nano


def test_two_truths_add_up(tmp_path: Path) -> None:
    one, two = V1(tmp_path / "one"), V2(tmp_path / "two")
    one.call(one.session("Fix header"), cost="0.1")
    two.call(two.session("Write docs"), cost="0.2")
    assert (one.truth + two.truth).total_nano == 300_000_000
    assert Truth().total_nano == 0
