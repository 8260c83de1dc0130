"""OpenCode 2: sums and rows in another form are read, or make totals a lower bound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.ledger.residuals import TITLE
from tests.stores import V1, V2, Tokens
from tests.support.ledgers import assert_truth
from tests.support.opencode2 import TITLE_TOKENS, synced, unlisted


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
