"""Any order and repetition of syncs, two at once, and a kill at any moment give the same ledger."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opencode_tui.ledger import queries
from opencode_tui.source import sqlite_store
from tests.stores import V1, V2, Files, Store
from tests.support.ledgers import assert_truth, reader

ACTIONS = ("call", "child", "fork", "revert", "delete", "running", "finish", "sync", "sync", "new")
plays = st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 7)), min_size=5, max_size=25)


def play(store: Store, steps: list[tuple[str, int]], sync: object) -> None:
    """Let a history happen, with a sync where the steps say so. Money is only ever added."""
    running: list[str] = []
    store.call(store.session("First"), cost="0.01")
    for action, number in steps:
        sessions = list(store.sessions)
        session = sessions[number % len(sessions)] if sessions else store.session("Again")
        if action == "call":
            store.call(session, cost=f"0.00{number}3")
        elif action == "child":
            store.call(store.session("dig", parent=session), cost="0.002")
        elif action == "fork":
            store.call(store.fork(session), cost="0.004")
        elif action == "new":
            store.call(store.session("New"), cost="0.005")
        elif action == "running":
            running.append(store.call(session, completed=False))
        elif action == "finish" and running:
            call = running.pop()
            if call in store.messages and store.messages[call].session_id in store.sessions:
                store.finish(call, cost="0.006")
        elif action == "revert":
            turn = store.prompt(session)
            store.call(session, cost="0.007", turn=turn)
            sync()  # type: ignore[operator]
            store.revert(session, turn)
            store.call(session, cost="0.008")
        elif action == "delete" and len(sessions) > 1:
            sync()  # type: ignore[operator]
            store.delete(session)
        elif action == "sync":
            sync()  # type: ignore[operator]


@pytest.mark.parametrize("generation", [V1, V2], ids=["v1", "v2"])
@given(steps=plays)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_the_ledger_is_the_truth(
    generation: type[V1 | V2], steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("play")
    store = generation(root)
    ours = reader(store.data_dir)
    play(store, steps, ours.poll)
    ours.poll()
    finished = list(store.truth.bills)
    assert ours.totals.spend_nano == store.truth.total_nano
    assert len(ours.rows("SELECT 1 FROM call WHERE copied_from IS NULL AND completed_ms IS NOT NULL")) == len(finished)
    ours.close()


def history(root: Path) -> V1:
    """All generations in one directory, with forks and nested subagents, some of it gone."""
    files = Files(root, version="1.1.65")
    first = files.session("First")
    for number in range(6):
        files.call(first, cost=f"0.0{number}1")
    v1 = V1(root, imported=files)
    fork = v1.fork(first)
    v1.call(fork, cost="0.02")
    v1.call(v1.session("dig", parent=fork), cost="0.03")
    second = v1.fork(fork)
    v1.delete(first)
    v1.call(second, cost="0.04")
    return v1


def test_one_sync_or_many_small_ones_give_the_same_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = history(tmp_path)
    whole = reader(store.data_dir, tmp_path / "whole.db")
    whole.poll()
    monkeypatch.setattr(sqlite_store, "_FIRST_STEP", 1)
    monkeypatch.setattr(sqlite_store, "_STEP", 2)
    monkeypatch.setattr(sqlite_store, "_EVENT_STEP", 3)
    steps = reader(store.data_dir, tmp_path / "steps.db")
    steps.poll()
    steps.poll()
    assert steps.contents() == whole.contents()
    again = reader(store.data_dir, tmp_path / "steps.db")
    again.poll()
    assert again.contents() == whole.contents()


def test_two_readers_in_turn_give_the_same_ledger_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = history(tmp_path)
    alone = reader(store.data_dir, tmp_path / "alone.db")
    alone.poll()
    monkeypatch.setattr(sqlite_store, "_FIRST_STEP", 1)
    monkeypatch.setattr(sqlite_store, "_STEP", 1)
    second = reader(store.data_dir, tmp_path / "shared.db")
    interrupted: list[bool] = []

    def meanwhile() -> None:
        if not interrupted:
            interrupted.append(True)
            second.poll()

    first = reader(store.data_dir, tmp_path / "shared.db")
    monkeypatch.setattr("opencode_tui.sync.batch_writer._LARGE", -1)
    monkeypatch.setattr("opencode_tui.ledger.writing.LEASE_MS", 300)  # which the second one waits for
    first.poll(meanwhile)
    assert interrupted
    assert first.contents() == alone.contents()


def _sync_forever(data_dir: Path, ledger: Path) -> None:
    sqlite_store._FIRST_STEP = sqlite_store._STEP = 3
    while True:
        ours = reader(data_dir, ledger)
        ours.poll()
        ours.close()


def test_kill_9_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    with store.database.connection():
        for _ in range(150):
            store.call(session, cost="0.01")
    fork = store.fork(session)
    store.call(fork, cost="0.02")
    ledger = tmp_path / "ledger.db"
    context = multiprocessing.get_context("fork")
    for attempt in range(8):
        child = context.Process(target=_sync_forever, args=(store.data_dir, ledger))
        child.start()
        time.sleep(0.01 + 0.013 * attempt)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
    ours = reader(store.data_dir, ledger)
    ours.poll()
    assert_truth(ours, store.truth)
    assert ours.rows("PRAGMA integrity_check") == [("ok",)]


def _sync_once(data_dir: Path, ledger: Path) -> None:
    sqlite_store._FIRST_STEP = sqlite_store._STEP = 5
    ours = reader(data_dir, ledger)
    ours.poll()
    ours.close()


def test_four_processes_on_a_new_ledger_at_once(tmp_path: Path) -> None:
    store = V1(tmp_path)
    session = store.session("Fix header")
    with store.database.connection():
        for _ in range(150):
            store.call(session, cost="0.01")
    store.fork(session)
    ledger = tmp_path / "ledger.db"
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_sync_once, args=(store.data_dir, ledger)) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0, 0, 0]
    ours = reader(store.data_dir, ledger)
    assert_truth(ours, store.truth)
    ours.poll()
    assert_truth(ours, store.truth)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How many steps SQLite takes in OpenCode's stores, to the next thousand: rows walked and rows returned."""
    counts = {"steps": 0}
    connect = sqlite3.connect

    class Counting(sqlite3.Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.set_progress_handler(self._tick, 1000)

        def _tick(self) -> int:
            counts["steps"] += 1000
            return 0

    def counting(path: str | Path, **options: Any) -> Any:
        if "mode=ro" not in str(path) and "immutable" not in str(path):
            return connect(path, **options)
        return connect(path, factory=Counting, **options)

    monkeypatch.setattr("opencode_tui.source.sqlite_file.sqlite3.connect", counting)
    return counts


def test_one_new_call_costs_the_same_whatever_the_size_of_the_store(tmp_path: Path, counted: dict[str, int]) -> None:
    work = {}
    for size in (60, 600):
        store = V1(tmp_path / str(size))
        with store.database.connection():
            for number in range(size):
                if number % 30 == 0:  # a session is written with the sums of its calls after each of them
                    session = store.session("Old one")
                store.call(session, cost="0.01")
        session = store.session("Now")
        store.keep_open()
        ours = reader(store.data_dir)
        ours.poll()
        store.call(session, cost="0.02")
        counted["steps"] = 0
        ours.poll()
        work[size] = counted["steps"]
        assert_truth(ours, store.truth)
        store.close()
    assert work[600] <= work[60] + 1000


def test_a_poll_that_finds_nothing_new_asks_one_pragma(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header"))
    store.keep_open()
    store.call(store.session("Now"))
    ours = reader(store.data_dir)
    ours.poll()
    connection = next(iter(ours.sync._known.stores.values())).file._connection  # type: ignore[attr-defined]
    asked: list[str] = []
    connection.set_trace_callback(asked.append)
    ledger_asked: list[str] = []
    ours.ledger.connection.set_trace_callback(ledger_asked.append)
    assert not ours.poll()
    assert asked == ["PRAGMA data_version"]
    assert ledger_asked == []
    store.close()


def test_the_queries_of_every_poll_go_by_an_index(tmp_path: Path) -> None:
    store = V1(tmp_path)
    store.call(store.session("Fix header"))
    ours = reader(store.data_dir)
    ours.poll()
    statements: list[str] = []
    ours.ledger.connection.set_trace_callback(statements.append)
    store.call(store.session("Now"))
    ours.poll()
    from opencode_tui.config.settings import Settings
    from opencode_tui.readings.context import Context
    from opencode_tui.readings.day import read_day
    from opencode_tui.records.requests import DayRequest

    with ours.ledger.reading() as connection:
        read_day(DayRequest(), Context(connection, store.now, Settings()))
    ours.ledger.connection.set_trace_callback(None)
    selects = [sql for sql in statements if sql.lstrip().startswith(("SELECT", "WITH"))]
    assert len(selects) > 10
    for sql in selects:
        for row in ours.rows(f"EXPLAIN QUERY PLAN {sql}"):
            step = row[3]
            assert "USING" in step or not step.startswith(("SCAN call", "SCAN tool", "SCAN session")), (step, sql)
            assert "SCAN call USING INDEX" not in step, (step, sql)
    assert queries.count_calls(ours.ledger.connection) == 2
