"""What the two generations of SQLite stores share: steps by rowid, newest first, each in one short read.

A step reads a bounded number of rows. The steps of one complete read are: the sessions that changed, the calls that
were still running and, where they are few, the new messages; then the rest of the messages; then the new events; and
what a generation adds at the end (`_closing`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from opencode_tui import clock
from opencode_tui.records import Call
from opencode_tui.source.batch import Batch
from opencode_tui.source.cursor import TableCursor, advance, shrink
from opencode_tui.source.sessions import SessionsCursor, SessionTable
from opencode_tui.source.sqlite_file import SqliteFile
from opencode_tui.source.text import first_line

_FIRST_STEP, _STEP = 1_000, 8_000
_EVENT_STEP = 20_000


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a SQLite store has been read; kept as JSON in the ledger."""

    identity: str
    sessions: SessionsCursor = SessionsCursor()
    messages: TableCursor = TableCursor()
    events: TableCursor = TableCursor()
    billed_ms: int = 0
    """Up to which change the sums of sessions have been read, in Unix milliseconds."""

    def to_json(self) -> str:
        parts = (self.sessions.to_json(), self.messages.to_json(), self.events.to_json(), self.billed_ms)
        return json.dumps([self.identity, *parts], separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | None, identity: str) -> Cursor:
        """The cursor of this very file; a fresh one where another file stands in its place."""
        try:
            saved = json.loads(text or "null")
        except ValueError:
            saved = None
        if not isinstance(saved, list) or len(saved) not in (4, 5) or saved[0] != identity:
            return cls(identity)
        billed_ms = saved[4] if len(saved) == 5 and type(saved[4]) is int else 0
        return cls(
            identity,
            SessionsCursor.from_json(saved[1]),
            TableCursor.from_json(saved[2]),
            TableCursor.from_json(saved[3]),
            billed_ms,
        )


class SqliteStore:
    """One generation in one file. A subclass names its tables and turns its rows into records."""

    generation: Literal["sqlite", "json"] = "sqlite"
    rank = 0
    session_table = ""
    message_table = ""

    def __init__(self, file: SqliteFile) -> None:
        self.file = file
        self.path: Path = file.path
        self.key = f"{file.path}#{self.message_table}"
        self._table: SessionTable | None = None

    def changed(self) -> bool:
        return self.file.changed()

    def close(self) -> None:
        self.file.close()

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        with self.file.reading() as connection:
            known = connection.execute(f"SELECT 1 FROM {self.session_table} WHERE id = ?", (session_id,)).fetchone()
            return frozenset(self._message_ids(connection, session_id)) if known else None

    def prompts(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        with self.file.reading() as connection:
            rows = self._prompts(connection, message_ids)
        found: dict[str, str] = {}
        for id, text in rows:
            if line := first_line(text):
                found.setdefault(id, line)
        return found

    def read(self, cursor: str | None, retry: Sequence[tuple[str, str]]) -> Iterator[Batch]:
        self.file.open()
        token = self.file.token()
        at = Cursor.from_json(cursor, self.file.identity)
        again = [call_id for _, call_id in retry]
        with self.file.reading() as connection:
            self._table = SessionTable(connection, self.session_table)
            self._prepare(connection)
            batch, at = self._start(connection, at, again)
        total = max(at.messages.high, 1)
        left_of_events = at.events.left
        yield self._stamped(batch, at, total)
        limit = _FIRST_STEP
        while at.messages.gaps:
            with self.file.reading() as connection:
                batch, at = self._messages(connection, at, limit)
            yield self._stamped(batch, at, total)
            limit = _STEP
        while at.events.gaps:
            with self.file.reading() as connection:
                batch, at = self._events(connection, at)
            if batch.calls or batch.unreadable or not at.events.gaps or left_of_events > _EVENT_STEP:
                yield self._stamped(batch, at, total)
        for batch, closed in self._closing(at, again):
            yield self._stamped(batch, closed, total)
        self.file.seen(token)

    def _start(self, connection: sqlite3.Connection, at: Cursor, retry: list[str]) -> tuple[Batch, Cursor]:
        assert self._table is not None
        batch = Batch("")
        messages = advance(connection, self.message_table, at.messages)
        events = advance(connection, "event", at.events) if self._has_events(connection) else at.events
        batch.sessions, batch.unreadable, batch.present, sessions = self._table.changed_since(
            connection, at.sessions, clock.now_ms()
        )
        rows = self._rows_by_id(connection, retry) if retry else []
        batch.looked_at = frozenset(retry)
        at = replace(at, sessions=sessions, messages=messages, events=events)
        if 0 < messages.left <= _FIRST_STEP and len(messages.gaps) == 1:
            rows += self._rows_between(connection, *messages.gaps[0], _FIRST_STEP)
            at = replace(at, messages=shrink(messages, None))
        if rows:
            self._take(connection, batch, rows)
        return batch, self._started(connection, batch, at)

    def _started(self, connection: sqlite3.Connection, batch: Batch, at: Cursor) -> Cursor:
        """What a generation adds to the first step, while its transaction lasts."""
        return at

    def _closing(self, at: Cursor, retry: list[str]) -> Iterator[tuple[Batch, Cursor]]:
        """What a generation reads when all messages have been passed."""
        yield from ()

    def _messages(self, connection: sqlite3.Connection, at: Cursor, limit: int) -> tuple[Batch, Cursor]:
        bottom, top = at.messages.gaps[0]
        rows = self._rows_between(connection, bottom, top, limit)
        batch = Batch("")
        self._take(connection, batch, rows)
        lowest = rows[-1][0] if len(rows) == limit else None
        return batch, replace(at, messages=shrink(at.messages, lowest))

    def _events(self, connection: sqlite3.Connection, at: Cursor) -> tuple[Batch, Cursor]:
        bottom, top = at.events.gaps[0]
        floor = max(bottom, top - _EVENT_STEP)
        batch = Batch("")
        self._take_events(connection, batch, floor, top)
        return batch, replace(at, events=shrink(at.events, floor + 1 if floor > bottom else None))

    def _stamped(self, batch: Batch, at: Cursor, total: int) -> Batch:
        batch.cursor = at.to_json()
        batch.total, batch.done = total, total - min(total, at.messages.left)
        return batch

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Fit the queries to the columns that this file has."""

    def _message_ids(self, connection: sqlite3.Connection, session_id: str) -> list[str]:
        """The ids of a session's rows, from an index alone."""
        raise NotImplementedError

    def _prompts(self, connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
        """(message id, text), cut short, in order of the texts."""
        raise NotImplementedError

    def _take(self, connection: sqlite3.Connection, batch: Batch, rows: list[Any]) -> None:
        """Turn message rows into calls of the batch, with the tools of those that are final."""
        raise NotImplementedError

    def _take_events(self, connection: sqlite3.Connection, batch: Batch, above: int, up_to: int) -> None:
        """Recover the calls that stand only in the events of a range of rowids."""
        raise NotImplementedError

    def _has_events(self, connection: sqlite3.Connection) -> bool:
        """Whether there is an `event` table with what it takes to recover calls."""
        raise NotImplementedError

    def _rows_between(self, connection: sqlite3.Connection, above: int, up_to: int, limit: int) -> list[Any]:
        """Message rows of a range of rowids, newest first, rowid first."""
        raise NotImplementedError

    def _rows_by_id(self, connection: sqlite3.Connection, ids: list[str]) -> list[Any]:
        raise NotImplementedError


def final_ids(calls: list[Call]) -> list[str]:
    return [call.id for call in calls if call.final]
