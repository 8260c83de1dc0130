"""Our own file of what was collected from the seats' files: sums by day, so that only files that changed are read.

It can be deleted at any time: it is made again from the seats' files. Titles are in it only of seats that share them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger.private_file import create_private
from opencode_tui.ledger.sums import MOST_NANO
from opencode_tui.team.calls import DayCause

_VERSION = 3
_BUSY_S = 10.0
_MOST_CACHED = 5_000
ANY_DAY = 0
"""Stands for the day of what is at a moment that nobody knows."""
_SCHEMA = """
CREATE TABLE file (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, share TEXT NOT NULL, zone TEXT NOT NULL,
  from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, calls INTEGER NOT NULL, first_call TEXT NOT NULL,
  first_call_ms INTEGER, last_call_ms INTEGER, sync_ms INTEGER NOT NULL, ahead_ms INTEGER NOT NULL,
  remark TEXT NOT NULL, collected_ms INTEGER NOT NULL
) STRICT;
-- `day` is the date's ordinal; `stamp` is a digest of the calls of that machine on that day.
CREATE TABLE day (
  file_id INTEGER NOT NULL, machine TEXT NOT NULL, day INTEGER NOT NULL, calls INTEGER NOT NULL, stamp TEXT NOT NULL,
  PRIMARY KEY (file_id, machine, day)
) STRICT, WITHOUT ROWID;
-- `session` is empty unless the seat shares its sessions.
CREATE TABLE part (
  file_id INTEGER NOT NULL, machine TEXT NOT NULL, day INTEGER NOT NULL, model TEXT NOT NULL, project TEXT NOT NULL,
  session TEXT NOT NULL, calls INTEGER NOT NULL, spend_nano INTEGER NOT NULL,
  PRIMARY KEY (file_id, day, machine, model, project, session)
) STRICT, WITHOUT ROWID;
CREATE TABLE cause (
  file_id INTEGER NOT NULL, day TEXT NOT NULL, level TEXT NOT NULL, sentence TEXT NOT NULL
) STRICT;
CREATE INDEX cause_file ON cause(file_id, day);
CREATE TABLE title (
  file_id INTEGER NOT NULL, session TEXT NOT NULL, title TEXT NOT NULL, PRIMARY KEY (file_id, session)
) STRICT, WITHOUT ROWID;
-- `day` 0 is any day.
CREATE TABLE unread (
  file_id INTEGER NOT NULL, day INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (file_id, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE worked_out (key TEXT PRIMARY KEY, value TEXT NOT NULL, made_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
"""
_TABLES = ("file", "day", "part", "cause", "title", "unread", "worked_out")
_FILE = (
    "identity, share, zone, from_ms, to_ms, calls, first_call, first_call_ms, last_call_ms, sync_ms, ahead_ms, remark,"
    " collected_ms"
)


class CollectedFile(Struct, frozen=True):
    """What was last read of a file without trouble."""

    id: int
    path: str
    identity: str
    share: str
    zone: str
    from_ms: int
    """Its calls between these moments were collected."""
    to_ms: int
    calls: int
    first_call: str
    first_call_ms: int | None
    last_call_ms: int | None
    sync_ms: int
    ahead_ms: int
    """By how much its last call is later than the moment at which it was written, or read."""
    remark: str
    collected_ms: int


class DayStamp(Struct, frozen=True, gc=False):
    file_id: int
    machine: str
    day: int
    calls: int
    stamp: str


class SummedPart(Struct, frozen=True, gc=False):
    model: str
    project: str
    session: str
    calls: int
    spend_nano: int


class FilePart(Struct, frozen=True, gc=False):
    file_id: int
    machine: str
    day: int
    part: SummedPart


class CollectedStore:
    """The file at `path`; one in memory where that cannot be written."""

    def __init__(self, path: Path) -> None:
        self._connection = _connection(path)

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def files(self) -> dict[str, CollectedFile]:
        """By path."""
        rows = self._connection.execute(f"SELECT id, path, {_FILE} FROM file")
        return {row[1]: CollectedFile(*row) for row in rows}

    def put(
        self,
        file: CollectedFile,
        stamps: Iterable[DayStamp],
        parts: Iterable[FilePart],
        causes: Iterable[DayCause],
        titles: dict[str, str],
        unread: Mapping[int, int],
    ) -> CollectedFile:
        """Replaces all that is known of a file; the ids in the arguments are those of the file as it will be."""
        values = (file.path, *(getattr(file, name.strip()) for name in _FILE.split(",")))
        with self._writing() as connection:
            self._delete(connection, file.path)
            marks = ", ".join("?" * (len(values) + 1))
            connection.execute(f"INSERT INTO file (id, path, {_FILE}) VALUES ({marks})", (file.id, *values))
            connection.executemany(
                "INSERT INTO day VALUES (?, ?, ?, ?, ?)",
                ((file.id, each.machine, each.day, each.calls, each.stamp) for each in stamps),
            )
            connection.executemany(
                "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (_part_row(file.id, each) for each in parts)
            )
            connection.executemany(
                "INSERT INTO cause VALUES (?, ?, ?, ?)",
                ((file.id, each.day, each.level, each.sentence) for each in causes),
            )
            connection.executemany(
                "INSERT INTO title VALUES (?, ?, ?)", ((file.id, id, title) for id, title in titles.items())
            )
            connection.executemany(
                "INSERT INTO unread VALUES (?, ?, ?)", ((file.id, day, count) for day, count in unread.items())
            )
        return file

    def next_id(self) -> int:
        """An id that no file has had in what is worked out."""
        found: int = self._connection.execute("SELECT coalesce(max(id), 0) + 1 FROM file").fetchone()[0]
        return found

    def forget(self, paths: Iterable[str]) -> None:
        with self._writing() as connection:
            for path in paths:
                self._delete(connection, path)

    def _delete(self, connection: sqlite3.Connection, path: str) -> None:
        found = connection.execute("SELECT id FROM file WHERE path = ?", (path,)).fetchone()
        if found is not None:
            for table in ("day", "part", "cause", "title", "unread"):
                connection.execute(f"DELETE FROM {table} WHERE file_id = ?", found)
            connection.execute("DELETE FROM file WHERE id = ?", found)

    def stamps(self, first: int, last: int) -> Iterator[DayStamp]:
        """Those of the days from the first to the last, which are ordinals."""
        rows = self._connection.execute(
            "SELECT file_id, machine, day, calls, stamp FROM day WHERE day >= ? AND day <= ?", (first, last)
        )
        return (DayStamp(*row) for row in rows)

    def parts(self, file_id: int, first: int, last: int) -> Iterator[FilePart]:
        rows = self._connection.execute(
            "SELECT machine, day, model, project, session, calls, spend_nano FROM part"
            " WHERE file_id = ? AND day >= ? AND day <= ?",
            (file_id, first, last),
        )
        return (FilePart(file_id, machine, day, SummedPart(*rest)) for machine, day, *rest in rows)

    def causes(self, file_id: int, first: str, last: str) -> tuple[DayCause, ...]:
        rows = self._connection.execute(
            "SELECT day, level, sentence FROM cause WHERE file_id = ? AND day >= ? AND day <= ? ORDER BY rowid",
            (file_id, first, last),
        )
        return tuple(DayCause(*row) for row in rows)

    def unread(self, file_id: int, first: int, last: int) -> dict[int, int]:
        """How many rows and calls of these days, and of ANY_DAY, were not read completely."""
        rows = self._connection.execute(
            "SELECT day, count FROM unread WHERE file_id = ? AND (day >= ? AND day <= ? OR day = ?)",
            (file_id, first, last, ANY_DAY),
        )
        return dict(rows.fetchall())

    def title(self, file_id: int, session: str) -> str:
        found = self._connection.execute(
            "SELECT title FROM title WHERE file_id = ? AND session = ?", (file_id, session)
        ).fetchone()
        return found[0] if found else ""

    def worked_out(self, key: str) -> str | None:
        """What was kept under a key, which names all that it was worked out from."""
        found = self._connection.execute("SELECT value FROM worked_out WHERE key = ?", (key,)).fetchone()
        return found[0] if found else None

    def keep(self, values: dict[str, str], now_ms: int) -> None:
        """Keeps what was worked out, and as much of earlier values as there is room for."""
        if not values:
            return
        with self._writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO worked_out VALUES (?, ?, ?)",
                ((key, value, now_ms) for key, value in values.items()),
            )
            connection.execute(
                "DELETE FROM worked_out WHERE made_ms < ? AND key NOT IN"
                " (SELECT key FROM worked_out ORDER BY made_ms DESC LIMIT ?)",
                (now_ms, _MOST_CACHED),
            )


def has_collected(file: CollectedFile, span: Span) -> bool:
    """Whether all calls of a span were collected."""
    return file.from_ms <= span.start_ms and span.end_ms <= file.to_ms


def _part_row(file_id: int, each: FilePart) -> tuple[object, ...]:
    part, most = each.part, MOST_NANO
    spend = min(max(part.spend_nano, -most), most)
    return file_id, each.machine, each.day, part.model, part.project, part.session, part.calls, spend


def _connection(path: Path) -> sqlite3.Connection:
    with suppress(sqlite3.Error, OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _usable(path)
    with suppress(sqlite3.Error, OSError):  # damaged: it is made again
        path.unlink()
        return _usable(path)
    return _prepared(sqlite3.connect(":memory:", isolation_level=None))


def _usable(path: Path) -> sqlite3.Connection:
    create_private(path)
    connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
    try:
        return _prepared(connection)
    except sqlite3.Error:
        connection.close()
        raise


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            for table in _TABLES:
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _SCHEMA.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return connection
