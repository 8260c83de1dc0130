"""A SQLite store's file: WAL, closed cleanly after each write, or held open as a live OpenCode does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from tests.stores.ids import Ids
from tests.stores.tools import Json

SCHEMA = Path(__file__).parent / "schema"


@cache
def _laid_out(schema: str) -> bytes:
    """A file with the tables of one generation and no rows, made once a process."""
    with TemporaryDirectory() as place:
        path = Path(place) / "empty.db"
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript((SCHEMA / schema).read_text())
        return path.read_bytes()


@cache
def _upsert(table: str, names: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(names))
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changes}"


def dumps(data: object) -> str:
    """As JavaScript writes it: without blanks, and with every letter as it is."""
    return orjson.dumps(data).decode()


class Database:
    """Row-wise writing to one file; `sequence` numbers the events of a session."""

    def __init__(self, path: Path, ids: Ids) -> None:
        self.path = path
        self.ids = ids
        self._open: sqlite3.Connection | None = None
        self._current: sqlite3.Connection | None = None
        self._dates_events: bool | None = None
        """Whether an event has a column for its time, as since OpenCode 2."""

    def create(self, schema: str) -> None:
        """Lay out the tables of one generation; a file that has other tables keeps them."""
        self._dates_events = None
        if not self.path.exists():
            self.path.write_bytes(_laid_out(schema))
            return
        with self.connection() as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript((SCHEMA / schema).read_text())

    def keep_open(self) -> None:
        """Hold a connection from now on: -wal and -shm stay, as beside a running OpenCode."""
        if self._open is None:
            self._open = self._connect()
            self._open.execute("SELECT count(*) FROM sqlite_master").fetchone()

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def connection(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection inside one transaction, which the outermost of nested ones commits."""
        return self._transaction() if self._current is None else nullcontext(self._current)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._open or self._connect()
        self._current = db
        try:
            with db:
                yield db
        finally:
            self._current = None
            if db is not self._open:
                db.close()

    def columns(self, table: str) -> set[str]:
        """The names of a table's columns; none where there is no such table."""
        with self.connection() as db:
            return {name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")}

    def put(self, table: str, row: Mapping[str, object]) -> None:
        """Insert, or update by `id` in place as OpenCode does."""
        with self.connection() as db:
            db.execute(_upsert(table, tuple(row)), tuple(row.values()))

    def remove(self, table: str, column: str, value: str) -> None:
        self.run(f"DELETE FROM {table} WHERE {column} = ?", value)

    def run(self, sql: str, *values: object) -> None:
        """One statement, committed."""
        with self.connection() as db:
            db.execute(sql, values)

    def event(self, session_id: str, kind: str, data: Json, at: int) -> tuple[str, int]:
        """Append an event, of a type such as `message.updated.1`; returns its id and `seq`."""
        with self.connection() as db:
            ((seq,),) = db.execute(
                "INSERT INTO event_sequence (aggregate_id, seq) VALUES (?, 0)"
                " ON CONFLICT (aggregate_id) DO UPDATE SET seq = seq + 1 RETURNING seq",
                (session_id,),
            )
            event_id = self.ids.event(at)
            row: dict[str, object] = {
                "id": event_id,
                "aggregate_id": session_id,
                "seq": seq,
                "type": kind,
                "data": dumps(data),
            }
            if self._dates_events is None:
                self._dates_events = "created" in self.columns("event")
            if self._dates_events:
                row["created"] = at
            self.put("event", row)
        return event_id, int(seq)

    def pass_events(self, session_id: str, count: int) -> int:
        """Use up sequence numbers for events that are not kept; returns the last."""
        with self.connection() as db:
            db.execute(
                "INSERT INTO event_sequence (aggregate_id, seq) VALUES (?1, ?2)"
                " ON CONFLICT (aggregate_id) DO UPDATE SET seq = seq + ?2",
                (session_id, count),
            )
            (seq,) = db.execute("SELECT seq FROM event_sequence WHERE aggregate_id = ?", (session_id,)).fetchone()
        return int(seq)

    def reserve(self, session_id: str, seq: int) -> None:
        """Let the next event of a session come after `seq`."""
        with self.connection() as db:
            db.execute(
                "INSERT INTO event_sequence (aggregate_id, seq) VALUES (?, ?)"
                " ON CONFLICT (aggregate_id) DO UPDATE SET seq = max(seq, excluded.seq)",
                (session_id, seq),
            )

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=10)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = OFF")
        return db
