"""Which call pays for its copies: the first that did, for ever, whatever an upgrade rewrites or a backup restores."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.ledger.copies import link_paying_copies
from tests.stores import V1, V2, Files, Store, Tokens
from tests.support.ledgers import Reader, assert_truth, reader

CENT = 10_000_000
MAKE = {"files": Files, "v1": V1, "v2": V2}


@pytest.fixture(params=MAKE, ids=list(MAKE))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    made: Store = MAKE[request.param](tmp_path)
    return made


def synced(store: Store) -> Reader:
    ours = reader(store.data_dir)
    ours.poll()
    return ours


def test_a_fork_that_pays_for_a_deleted_original_pays_for_ever(store: Store) -> None:
    root = store.session("Fix header")
    for _ in range(3):
        store.call(root, cost="0.20")
    fork = store.fork(root)
    store.delete(root)
    ours = synced(store)
    assert ours.spend_by("session") == {fork: 60 * CENT}
    # The fork of it sorts first and holds more of the same calls than any other.
    for _ in range(6):
        later = store.fork(fork)
        store.call(later, cost="0.01")
        ours.poll()
        assert ours.spend_by("session")[fork] == 60 * CENT
    assert ours.totals.spend_nano == 66 * CENT
    store.delete(fork)
    ours.poll()
    assert ours.spend_by("session")[fork] == 60 * CENT
    assert ours.totals.spend_nano == 66 * CENT


def test_the_oldest_fork_stands_for_an_original_that_was_gone_before_the_first_look(store: Store) -> None:
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    fork = store.fork(root)
    store.call(fork, cost="0.05")
    later = store.fork(fork)
    store.call(later, cost="0.01")
    store.delete(root)
    assert synced(store).spend_by("session") == {fork: 25 * CENT, later: CENT}


def test_an_original_that_is_restored_takes_nothing_over(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    store.call(root, cost="0.11")
    store.close()
    backup = shutil.copyfile(store.path, tmp_path / "backup")
    fork = store.fork(root)
    store.call(fork, cost="0.05")
    store.delete(root)
    ours = synced(store)
    assert ours.spend_by("session") == {fork: 36 * CENT}
    store.close()
    Path(backup).rename(store.path)
    ours.poll()
    assert ours.spend_by("session") == {fork: 36 * CENT}
    assert ours.rows("SELECT count(*) FROM call WHERE session_id = ?", root) == [(2,)]
    assert (ours.totals.spend_nano, ours.totals.calls) == (36 * CENT, 3)


def test_the_original_pays_where_an_import_meets_its_fork_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in ("source.sqlite_store._FIRST_STEP", "source.sqlite_store._STEP", "source.files._STEP"):
        monkeypatch.setattr(f"opencode_tui.{step}", 1)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    store.call(store.fork(root), cost="0.05")
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert ours.rows("SELECT count(*) FROM call WHERE settled = 1") == [(0,)]


@pytest.mark.parametrize(
    "rewrite",
    ["finish = 'stop-rewritten'", "agent = 'plan'", "output = output + 5", "completed_ms = completed_ms + 9"],
)
def test_what_an_upgrade_rewrites_makes_no_copy_count_twice(store: Store, rewrite: str) -> None:
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    ours = synced(store)
    ours.ledger.connection.execute(f"UPDATE call SET {rewrite}")
    store.call(store.fork(root), cost="0.05")
    ours.poll()
    assert ours.totals.spend_nano == 25 * CENT
    assert ours.totals.copied_calls == 1


@pytest.mark.parametrize("broken", ["the original", "the copy", "both"])
def test_tokens_that_cannot_be_read_make_no_copy_count_twice(broken: str, tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    calls = {"the original": [store.call(root, cost="0.20")]}
    fork = store.fork(root)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        rows = connection.execute("SELECT id FROM message WHERE session_id = ?", (fork,))
        calls["the copy"] = [row[0] for row in rows]
        calls["both"] = calls["the original"] + calls["the copy"]
        for id in calls[broken]:
            connection.execute("UPDATE message SET data = json_set(data, '$.tokens.input', 'x') WHERE id = ?", (id,))
            connection.execute("DELETE FROM part WHERE message_id = ?", (id,))
    store.call(fork, cost="0.05")
    ours = synced(store)
    assert ours.totals.spend_nano == 25 * CENT
    assert ours.totals.copied_calls == 1


@pytest.mark.parametrize("name", ["providerID", "modelID"])
@pytest.mark.parametrize("broken", [0, 1, 2])
def test_a_model_that_cannot_be_read_makes_no_copy_count_twice(broken: int, name: str, tmp_path: Path) -> None:
    store = V1(tmp_path)
    forked(store)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        update = f"UPDATE message SET data = json_set(data, '$.{name}', 7)"
        of = ("", " WHERE rowid = (SELECT min(rowid) FROM message WHERE data LIKE '%cost%')", " WHERE rowid > 2")[
            broken
        ]
        connection.execute(update + of)
    ours = synced(store)
    assert ours.totals.spend_nano == 25 * CENT
    assert ours.totals.copied_calls == 1


def test_a_fork_by_a_later_version_that_counts_reasoning_apart_is_a_copy(tmp_path: Path) -> None:
    """The version of a session says how its output is counted, and a fork has the version that made the fork."""
    files = Files(tmp_path, version="1.1.65")
    root = files.session("Fix header")
    files.call(root, cost="0.20", tokens=Tokens(input=500, output=177, reasoning=11))
    v1 = V1(tmp_path, version="1.18.34", imported=files)
    v1.call(v1.fork(root), cost="0.05")
    ours = synced(v1)
    assert ours.totals.spend_nano == 25 * CENT
    assert ours.totals.copied_calls == 1


ODD_TIMES = ["'yesterday'", "-1", "0", "1", "9e999", "x'00'", "9223372036854775807"]


@pytest.mark.parametrize("odd", ODD_TIMES)
@pytest.mark.parametrize("make", [V1, V2])
def test_a_session_without_a_usable_time_has_that_of_its_id(
    make: type[V1] | type[V2], odd: str, tmp_path: Path
) -> None:
    store = make(tmp_path)
    root, fork = forked(store)
    table = "session" if make is V1 else "session_v2"
    store.database.run(f"UPDATE {table} SET time_created = {odd}, time_updated = {odd}")
    ours = synced(store)
    assert_truth(ours, store.truth)
    assert ours.spend_by("session") == {root: 20 * CENT, fork: 5 * CENT}
    made = [(root, store.sessions[root].created), (fork, store.sessions[fork].created)]
    assert sorted(ours.rows("SELECT id, created_ms FROM session")) == sorted(made)
    assert ours.rows("SELECT * FROM unreadable") == []


@pytest.mark.parametrize(
    "break_it", ["UPDATE session SET time_created = 'x', time_updated = 'y'", "DELETE FROM session"]
)
def test_where_nothing_shows_when_a_session_was_made_equal_calls_of_two_are_one(break_it: str, tmp_path: Path) -> None:
    store = V1(tmp_path)
    forked(store)
    ids = {}
    for number, id in enumerate(store.sessions):
        ids[id] = f"session{number}"
        with closing(sqlite3.connect(store.path)) as connection, connection:
            connection.execute("UPDATE message SET session_id = ? WHERE session_id = ?", (ids[id], id))
            connection.execute("UPDATE session SET id = ? WHERE id = ?", (ids[id], id))
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(break_it)
    ours = synced(store)
    assert ours.totals.spend_nano == 25 * CENT
    assert ours.totals.copied_calls == 1
    assert ours.rows("SELECT * FROM unreadable") == []


@pytest.mark.parametrize("text", ['{"time": {"created": "x"}}', "{", '{"time": {"created": -1, "updated": "x"}}'])
def test_files_of_sessions_without_a_time_make_no_copy_count_twice(text: str, tmp_path: Path) -> None:
    store = Files(tmp_path)
    root, fork = forked(store)
    for id in (root, fork):
        store.path_of("session", store.sessions[id].project_id, id).write_text(text)
    ours = synced(store)
    assert ours.totals.spend_nano == 25 * CENT
    assert ours.totals.copied_calls == 1


def test_rows_of_sessions_that_are_missing_make_no_copy_count_twice_and_their_sums_are_missed(tmp_path: Path) -> None:
    store = V2(tmp_path)
    root, fork = forked(store)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("DELETE FROM session_v2")
    ours = synced(store)
    assert ours.totals.spend_nano == 25 * CENT
    assert ours.totals.copied_calls == 1
    missed = ours.rows("SELECT kind, id, reason FROM unreadable")
    reason = "has no row, so that its sum is not known"
    assert sorted(missed) == sorted([("session", root, reason), ("session", fork, reason)])


def forked(store: Store) -> tuple[str, str]:
    """A session of 20 cents, and its fork with a call of 5."""
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    fork = store.fork(root)
    store.call(fork, cost="0.05")
    return root, fork


def test_a_ledger_in_which_copies_were_counted_twice_is_put_right(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    fork = store.fork(root)
    store.call(fork, cost="0.05")
    ours = synced(store)
    ours.ledger.connection.execute("UPDATE call SET copied_from = NULL, finish = 'rewritten' WHERE copied = 1")
    assert ours.totals.spend_nano == 45 * CENT
    with ours.ledger.writing() as connection:
        link_paying_copies(connection)
    assert json.dumps(ours.spend_by("session")) == json.dumps({root: 20 * CENT, fork: 5 * CENT})


def test_nobody_pays_for_ever_while_a_store_that_another_process_found_is_unread(tmp_path: Path) -> None:
    store = V1(tmp_path)
    root = store.session("Fix header")
    store.call(root, cost="0.20")
    fork = store.fork(root)
    store.delete(root)
    ours = reader(store.data_dir)
    ours.ledger.connection.execute("INSERT INTO store (key) VALUES ('/elsewhere/opencode.db#message')")
    ours.poll()
    assert ours.rows("SELECT count(*) FROM call WHERE settled = 1") == [(0,)]
    ours.ledger.connection.execute("UPDATE store SET cursor = '[]' WHERE cursor IS NULL")
    store.call(fork, cost="0.01")
    ours.poll()
    assert ours.rows("SELECT count(*) FROM call WHERE settled = 1") == [(1,)]
