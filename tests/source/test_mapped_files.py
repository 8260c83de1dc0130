"""A store can be read as mapped memory, which changes nothing of what is read; only the reading process does it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.source.batch import StoreTrouble
from opencode_tui.source.sqlite_file import SqliteFile

READS = 20


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "opencode.db"
    with closing(sqlite3.connect(place)) as connection:
        connection.execute("CREATE TABLE message (id TEXT)")
    return place


def _count(file: SqliteFile) -> int:
    with file.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM message").fetchone()[0])


def _mapped_bytes(file: SqliteFile) -> int:
    with file.reading() as connection:
        return int(connection.execute("PRAGMA mmap_size").fetchone()[0])


def test_only_a_file_that_is_to_be_mapped_is_and_stays_so(place: Path) -> None:
    plain, mapped = SqliteFile(place), SqliteFile(place, maps=True)
    assert [_mapped_bytes(plain) for _ in range(READS)] == [0] * READS
    assert all(_mapped_bytes(mapped) > place.stat().st_size for _ in range(READS))
    plain.close()
    mapped.close()


def test_rows_that_are_written_meanwhile_are_read(place: Path) -> None:
    file = SqliteFile(place, maps=True)
    with closing(sqlite3.connect(place, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        for number in range(1, READS):
            writer.executemany("INSERT INTO message VALUES (?)", [("x" * 1000,)] * 10)
            if number % 3 == 0:
                writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
            assert _count(file) == 10 * number
    file.close()


def test_one_that_is_written_while_nobody_has_it_open_is_read_again(place: Path) -> None:
    file = SqliteFile(place, maps=True)
    assert _count(file) == 0
    with closing(sqlite3.connect(place)) as writer, writer:
        writer.execute("INSERT INTO message VALUES ('msg_1')")
    with pytest.raises(StoreTrouble):
        _count(file)
    assert _count(file) == 1
    file.close()
