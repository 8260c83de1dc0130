"""A large store is read by a process of its own, which changes nothing of what is read, whatever becomes of it."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO

import msgspec
import pytest

from opencode_tui.source import read_ahead, sqlite_store
from opencode_tui.source.batch import Batch
from opencode_tui.source.discovery import generations
from opencode_tui.source.pieces import LENGTH_BYTES, ReadPiece, ReadRequest
from tests.source.test_hostile_stores import loose, put_anything
from tests.stores import V1, V2, tool


@dataclass
class Started:
    """The processes that were started, by their ids, and how many rows they have read."""

    pids: list[int] = field(default_factory=list)
    rows: int = 0


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """A few rows are enough for a process."""
    monkeypatch.setattr(sqlite_store, "_FIRST_STEP", 4)
    monkeypatch.setattr(read_ahead, "WORTH_IT", 1)
    monkeypatch.setattr(read_ahead, "_cores", lambda: 2)
    seen, start, pieces = Started(), read_ahead._start, read_ahead._pieces

    def noted_start(request: ReadRequest) -> object:
        process = start(request)
        seen.pids.append(process.pid)
        return process

    def noted_pieces(pipe: IO[bytes]) -> Iterator[ReadPiece]:
        for piece in pieces(pipe):
            seen.rows += piece.rows
            yield piece

    monkeypatch.setattr(read_ahead, "_start", noted_start)
    monkeypatch.setattr(read_ahead, "_pieces", noted_pieces)
    return seen


def fill(store: V1 | V2) -> None:
    session = store.session("Fix header")
    for _ in range(6):
        store.call(session, cost="0.01", tools=[tool("edit", "a.py"), tool("bash", "npm test")])
    store.call(session, completed=False)
    store.call(store.session("Zeile ü 💥"), cost="0.02")


def batches(path: Path, *, alone: bool = False) -> list[Batch]:
    (store,) = generations(path)
    with pytest.MonkeyPatch.context() as patch:
        if alone:
            patch.setattr(read_ahead, "WORTH_IT", 10**9)
        found = list(store.read(None, []))
    store.close()
    return found


def is_running(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.mark.parametrize("kind", [V1, V2])
def test_it_reads_what_this_process_would(kind: type[V1 | V2], tmp_path: Path, started: Started) -> None:
    store = kind(tmp_path)
    fill(store)
    ahead = batches(store.path)
    assert started.rows > 0 and not is_running(started.pids[0])
    assert ahead == batches(store.path, alone=True)
    assert sum(len(batch.calls) for batch in ahead) >= 8


def test_it_reads_rows_of_anything_as_this_process_would(tmp_path: Path, started: Started) -> None:
    dice = random.Random(1)
    store = V1(tmp_path)
    fill(store)
    with loose(store) as connection:
        connection.execute("BEGIN")
        for number in range(300):
            put_anything(connection, dice, V1, number, 1_000 + number)
        connection.execute("COMMIT")
    connection.close()
    ahead = batches(store.path)
    assert started.rows >= 300
    assert ahead == batches(store.path, alone=True)
    assert sum(len(batch.unreadable) for batch in ahead) > 20


def test_this_process_reads_on_where_the_other_one_stops(
    tmp_path: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = V1(tmp_path)
    fill(store)
    whole = [batch.calls for batch in batches(store.path, alone=True)]
    real = read_ahead._start

    def killed(request: ReadRequest) -> object:
        process = real(request)
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(read_ahead, "_start", killed)
    assert [batch.calls for batch in batches(store.path)] == whole
    assert started.rows == 0
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(read_ahead, "_start", real)
    assert [batch.calls for batch in batches(store.path)] == whole


def test_it_ends_when_the_reading_is_broken_off(tmp_path: Path, started: Started) -> None:
    store = V1(tmp_path)
    fill(store)
    (ours,) = generations(store.path)
    reading = ours.read(None, [])
    for batch in reading:
        if batch.calls:
            break
    assert is_running(started.pids[0])
    reading.close()  # type: ignore[attr-defined]
    assert not is_running(started.pids[0])
    ours.close()


def test_nothing_of_the_current_folder_is_imported(
    tmp_path: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = V1(tmp_path / "opencode")
    fill(store)
    project = tmp_path / "project"
    (project / "opencode_tui").mkdir(parents=True)
    for name in ("opencode_tui/__init__.py", "signal.py", "msgspec.py"):
        (project / name).write_text(f"open({str(project / 'imported')!r}, 'w')")
    monkeypatch.chdir(project)
    assert sum(len(batch.calls) for batch in batches(store.path)) == 8
    assert started.rows > 0 and not (project / "imported").exists()


def test_what_is_no_piece_is_not_taken_for_one() -> None:
    encoded = msgspec.msgpack.encode(ReadPiece([], [], [], 3, "[]"))
    sound = len(encoded).to_bytes(LENGTH_BYTES, "big") + encoded
    for rest in (b"", sound[:-1], sound[:5], b"usage: opencode-tui", bytes(8) + b"x", bytes(7) + b"\1\xc0"):
        assert [piece.rows for piece in read_ahead._pieces(BytesIO(sound + rest))] == [3]
