"""OpenCode's checkpoints never wait for us: reads are short, and none is open while rows are decoded or given out."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from opencode_tui.source import sqlite_store, sqlite_v1, sqlite_v2
from opencode_tui.source.cursor import TableCursor
from opencode_tui.source.discovery import generations
from opencode_tui.source.sqlite_store import SqliteStore
from opencode_tui.source.store_cursor import Cursor
from tests.stores import V1, V2, tool
from tests.support.ledgers import assert_truth, reader


@pytest.mark.parametrize("kind", [V1, V2])
def test_a_checkpoint_finds_nobody_reading_between_any_two_steps_of_an_import(
    kind: type[V1 | V2], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "_FIRST_STEP", 10)
    monkeypatch.setattr(sqlite_store, "_STEP", 10)
    store = kind(tmp_path)
    store.keep_open()
    session = store.session("Fix header")
    running = store.call(session, completed=False)
    for _ in range(40):
        store.call(session, cost="0.01", tools=[tool("edit", "a.py")])
    (ours,) = generations(store.path)
    steps = 0
    for _ in ours.read(None, [(session, running)]):
        steps += 1
        store.call(session, cost="0.01")
        other = sqlite3.connect(store.path)
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        other.close()
    assert steps > 4
    ours.close()
    store.close()


def test_the_first_batches_for_a_process_that_waits_are_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_store, "_FIRST_STEP", 10)
    monkeypatch.setattr(sqlite_store, "_STEP", 30)
    store = V1(tmp_path)
    session = store.session("Fix header")
    for _ in range(50):  # each with its prompt
        store.call(session)
    (ours,) = generations(store.path)
    assert isinstance(ours, SqliteStore)
    ours.file.open()
    at = replace(Cursor(ours.file.identity), messages=TableCursor(gaps=((0, 1_000),)))
    assert [rows for _, _, rows in ours.messages_alone(at)] == [10, 20, 30, 30, 10]
    ours.close()
    store.close()


def test_rows_are_decoded_after_the_read_that_fetched_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of OpenCode 1: what OpenCode 2 sums up must be read, and compared, at one moment."""
    store = V1(tmp_path)
    session = store.session("Fix header")
    for _ in range(5):
        store.call(session, cost="0.01", tools=[tool("edit", "a.py")])
    (ours,) = generations(store.path)
    assert isinstance(ours, SqliteStore)
    decoded: list[bool] = []
    for module, name in ((sqlite_v1, "call_from_v1"), (sqlite_v2, "call_from_v2"), (sqlite_v1, "v1_tools")):
        real = getattr(module, name)

        def noted(*args: Any, real: Any = real, **named: Any) -> Any:
            connection = ours.file._connection
            assert connection is not None
            decoded.append(connection.in_transaction)
            return real(*args, **named)

        monkeypatch.setattr(module, name, noted)
    assert sum(len(batch.calls) for batch in ours.read(None, [])) == 5
    assert decoded and not any(decoded)
    ours.close()


@pytest.mark.parametrize("kind", [V1, V2])
def test_a_running_row_is_read_again_by_no_process_until_it_changes(
    kind: type[V1 | V2], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = kind(tmp_path)
    session = store.session("Fix header")
    running = store.call(session, cost="0.02", completed=False)
    table = "message" if kind is V1 else "session_message"
    store.database.run(
        f"UPDATE {table} SET data = json_set(data, '$.cost', 0.02, '$.tokens.input', 7, '$.content', json(?))"
        " WHERE id = ?",
        '["' + "x" * 2_000_000 + '"]',
        running,
    )
    of_kind = sqlite_v1.SqliteV1 if kind is V1 else sqlite_v2.SqliteV2
    real: Any = of_kind._rows_by_id
    read: list[str] = []

    def noted(self: object, database: object, ids: list[str]) -> Any:
        read.extend(ids)
        return real(self, database, ids)

    monkeypatch.setattr(of_kind, "_rows_by_id", noted)
    for times in (0, 1, 1):  # the import itself does not know the row yet
        ours = reader(store.data_dir)
        ours.poll()
        assert (ours.totals.spend_nano, read) == (20_000_000, [running] * times)
        ours.close()
    store.finish(running, cost="0.05")
    ours = reader(store.data_dir)
    ours.poll()
    assert_truth(ours, store.truth)
    ours.close()


def test_a_read_takes_a_bounded_number_of_rows_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_store, "_READ_BYTES", 50_000)
    store = V1(tmp_path)
    with store.database.connection():
        for number in range(1_100):
            if number % 25 == 0:  # this builder adds a session's messages up again with each of them
                session = store.session("Fix header")
            body = "x" * 20_000 if number % 100 == 0 else "x"
            store.call(session, cost="0.01", error={"name": "APIError", "data": {"responseBody": body}})
    (ours,) = generations(store.path)
    fetched: list[tuple[int, int]] = []
    real = sqlite_v1.SqliteV1._rows_between

    def noted(self: Any, *args: Any) -> Any:
        rows = real(self, *args)
        fetched.append((len(rows), sum(len(row[-1]) for row in rows)))
        return rows

    monkeypatch.setattr(sqlite_v1.SqliteV1, "_rows_between", noted)
    calls = [call.id for batch in ours.read(None, []) for call in batch.calls]
    assert len(calls) == len(set(calls)) == 1_100
    assert max(rows for rows, _ in fetched) <= 1_000
    assert max(size for _, size in fetched) < 50_000 + 21_000
    ours.close()
