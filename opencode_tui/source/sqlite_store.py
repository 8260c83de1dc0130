"""The base of both generations of SQLite stores: reads by rowid, newest first, in short transactions.

One complete read consists of: the changed sessions, the running calls and, for a generation that needs them in the
same transaction, the new messages; then the remaining messages; then the new events; then what a generation adds at
the end (`_closing`). Each read transaction covers a bounded number of rows and bytes and ends before its rows are
yielded, so that OpenCode's checkpoints never wait for us, even if our process is suspended between two batches.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from opencode_tui import clock
from opencode_tui.records.calls import Call, message_id
from opencode_tui.records.reconciliation import Agreement, Standing
from opencode_tui.source.batch import NOTHING_KNOWN, Batch, KnownSessions
from opencode_tui.source.cursor import BELOW_ALL, LAST, advance, extent, rowids, shrink
from opencode_tui.source.histories import History
from opencode_tui.source.pieces import gaps_of
from opencode_tui.source.read_ahead import reading_ahead
from opencode_tui.source.running_rows import idle_rows, row_stamps
from opencode_tui.source.sessions import SessionTable
from opencode_tui.source.shown_messages import shown_ids
from opencode_tui.source.sqlite_file import SqliteFile
from opencode_tui.source.store_cursor import Cursor, Stamp
from opencode_tui.source.text import first_line, path_text

_FIRST_STEP, _STEP = 1_000, 5_000
"""Messages per batch, the first and the later ones."""
_READ, _EVENT_READ, PIECE, _LOOKUP = 1_000, 2_000, 100, 2_000
"""The most that one transaction reads: messages, events, messages with their parts, messages looked up by id."""
_READ_BYTES = 8_000_000
_EVENT_STEP = 20_000
_SIZED = 500


_Step = tuple[Batch, Cursor, int]
"""A batch of the newest unread messages, the cursor below them, and how many rows they are."""


class SqliteStore:
    """One generation in one file. A subclass names its tables and decodes its rows."""

    generation: Literal["sqlite", "json"] = "sqlite"
    rank = 0
    is_backup = False
    has_sums = False
    session_table = ""
    message_table = ""
    _at_once = False
    """Read new and changed messages in the same transaction as the sessions, so that both can be compared."""

    def __init__(self, file: SqliteFile) -> None:
        self.file = file
        self.path: Path = file.path
        self.key = f"{path_text(file.path)}#{self.message_table}"
        self.layout = 0
        self._table: SessionTable | None = None
        self._held: sqlite3.Connection | None = None
        self._wants_sums = True
        self._known: KnownSessions = NOTHING_KNOWN
        self._reread_to = BELOW_ALL
        """Rowids up to this one were read before (LAST: all of them), so reading them now is a re-read."""
        self._is_reread = False
        self._last_stamps: dict[str, Stamp] = {}
        """Stamps of the running messages, as last written to the ledger."""

    def changed(self) -> bool:
        return self.file.changed()

    def close(self) -> None:
        self.file.close()

    def predates_steps(self, cursor: str) -> bool:
        try:
            return len(json.loads(cursor)) < 6
        except (TypeError, ValueError):
            return False

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        with self.file.reading() as connection:
            known = connection.execute(f"SELECT 1 FROM {self.session_table} WHERE id = ?", (session_id,)).fetchone()
            return frozenset(self._message_ids(connection, session_id)) if known else None

    def shown_ids(self, session_id: str) -> frozenset[str] | None:
        with self.file.reading() as connection:
            return shown_ids(connection, self.message_table, session_id)

    def history(self, session_id: str) -> History | None:
        return None

    def newest_sessions(self, most: int) -> list[str]:
        return []

    def rows_of(self, session_id: str) -> list[Call]:
        return []

    def standing(self, now_ms: int, agreement: Agreement | None = None) -> Standing:
        raise NotImplementedError

    def prompts(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        with self.file.reading() as connection:
            rows = self._prompts(connection, message_ids)
        found: dict[str, str] = {}
        for id, text in rows:
            if line := first_line(text):
                found.setdefault(id, line)
        return found

    def read(
        self,
        cursor: str | None,
        retry: Sequence[tuple[str, str]],
        *,
        sums: bool = True,
        known: KnownSessions = NOTHING_KNOWN,
    ) -> Iterator[Batch]:
        self._wants_sums, self._known = sums, known
        self.file.open()
        token = self.file.token()
        at = Cursor.from_json(cursor, self.file.identity)
        self._reread_to = at.messages.high if cursor is None or at != Cursor(self.file.identity) else LAST
        running = [call_id for _, call_id in retry]
        with self._reading() as connection:
            self.layout = layout_of(connection)
            self._table = SessionTable(connection, self.session_table, self.message_table)
            self._prepare(connection)
            self._last_stamps = {**at.running, **self._last_stamps}
            stamps: dict[str, Stamp] = {}
            batch, at = self._start(connection, at, running if self._at_once else [], stamps)
            left, total = extent(connection, self.message_table, at.messages)
        yield self._stamped(batch, at, left, total)
        if self._at_once:
            self._last_stamps = stamps
        else:
            yield from self._reread(at, running, left, total)
            if at.running != self._last_stamps:
                at = replace(at, running=self._last_stamps)
                yield self._stamped(Batch(""), at, left, total)
        for batch, now, rows in self._newest_messages(at):
            at = now
            running += [call.id for call in batch.calls if not call.final]
            left = max(0, left - rows) if at.messages.width is None else at.messages.width
            yield self._stamped(batch, at, left, total)
        while at.events.gaps:
            batch, at = self._events(at)
            yield self._stamped(batch, at, 0, total)
        for batch, closed in self._closing(at, running):
            yield self._stamped(batch, closed, 0, total)
        if sums or not self.has_sums:
            self.file.seen(token)

    def _start(
        self, connection: sqlite3.Connection, at: Cursor, retry: list[str], stamps: dict[str, Stamp]
    ) -> tuple[Batch, Cursor]:
        """Reads the first batch; puts the stamps of the running messages into `stamps`."""
        assert self._table is not None
        batch = Batch("")
        messages = advance(connection, self.message_table, at.messages)
        self._is_reread = any(bottom < self._reread_to for bottom, _ in messages.gaps)
        events = advance(connection, "event", at.events) if self._has_events(connection) else at.events
        batch.sessions, batch.unreadable, batch.present, sessions = self._table.changed_since(
            connection, at.sessions, clock.now_ms(), self._known.present
        )
        batch.rechecked = frozenset(retry)
        at = replace(at, sessions=sessions, messages=messages, events=events)
        if not self._at_once:
            return batch, at
        changed, now = self._changed(retry)
        rows = self._rows_by_id(connection, changed) if changed else []
        few = messages.width is not None and messages.width <= _FIRST_STEP and len(messages.gaps) == 1
        while few and at.messages.gaps:
            some = self._rows_between(connection, *at.messages.gaps[0], _FIRST_STEP)
            rows += some
            at = replace(at, messages=shrink(at.messages, some[-1][0] if some else None))
        if rows:
            self._take(batch, rows)
        stamps |= now
        return batch, self._started(connection, batch, replace(at, running=now))

    def _started(self, connection: sqlite3.Connection, batch: Batch, at: Cursor) -> Cursor:
        """Hook for what a generation adds to the first batch, within its transaction."""
        return at

    def _closing(self, at: Cursor, retry: list[str]) -> Iterator[tuple[Batch, Cursor]]:
        """Hook for what a generation reads after all messages."""
        yield from ()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Opens a read transaction, or reuses the open one."""
        if self._held is not None:
            yield self._held
            return
        with self.file.reading() as connection:
            self._held = connection
            try:
                yield connection
            finally:
                self._held = None

    def _reread(self, at: Cursor, call_ids: Sequence[str], left: int, total: int) -> Iterator[Batch]:
        """Yields batches with the running calls whose rows changed since they were last read.

        All are looked up, as any may have completed, but only changed ones are decoded. A call without a row in this
        store costs one index seek.
        """
        changed, stamps = self._changed(call_ids)
        for start in range(0, len(changed), PIECE):
            with self._reading() as connection:
                rows = self._rows_by_id(connection, changed[start : start + PIECE])
            batch = Batch("")
            self._take(batch, rows)
            yield self._stamped(batch, at, left, total)
        self._last_stamps = stamps

    def _changed(self, call_ids: Sequence[str]) -> tuple[list[str], dict[str, Stamp]]:
        """The ids of those messages of running calls that have to be decoded, and the stamps of all in this store."""
        ids = list(dict.fromkeys(map(message_id, call_ids)))
        stamps: dict[str, Stamp] = {}
        for start in range(0, len(ids), _LOOKUP):
            with self._reading() as connection:
                found = row_stamps(connection, self.message_table, ids[start : start + _LOOKUP], sized=start < _SIZED)
            stamps |= {id: found[id] for id in ids[start : start + _LOOKUP] if id in found}
        changed = [id for id, stamp in stamps.items() if self._last_stamps.get(id) != stamp]
        new = [id for id in changed if id not in self._last_stamps]
        idle = set(self.in_pieces(idle_rows(self.message_table), new))
        return [id for id in changed if id not in idle], stamps

    def _newest_messages(self, at: Cursor) -> Iterator[_Step]:
        """All unread messages in batches; another process reads ahead while many are left."""
        if not at.messages.gaps:
            return
        first = self._messages(at, _FIRST_STEP)
        at = first[1]
        with reading_ahead(self.file, self.message_table, at.messages) as ahead:
            yield first
            for piece in ahead:
                at = replace(at, messages=replace(at.messages, gaps=gaps_of(piece.gaps)))
                yield Batch("", calls=piece.calls, tools=piece.tools, unreadable=piece.unreadable), at, piece.rows
        yield from self._messages_in_steps(at, _STEP)

    def messages_alone(self, at: Cursor) -> Iterator[_Step]:
        """All unread messages in batches, without anything else that a complete read consists of.

        The first batches are small, so that the process that waits for them can begin.
        """
        with self._reading() as connection:
            self._prepare(connection)
        yield from self._messages_in_steps(at, _FIRST_STEP)

    def _messages_in_steps(self, at: Cursor, limit: int) -> Iterator[_Step]:
        """All unread messages in batches; each has up to twice the rows of the one before, but no more than _STEP."""
        while at.messages.gaps:
            step = self._messages(at, limit)
            at = step[1]
            yield step
            limit = min(2 * limit, _STEP)

    def _messages(self, at: Cursor, limit: int) -> _Step:
        """A batch of the newest unread rows, the cursor below them, and their number."""
        rows: list[Any] = []
        while at.messages.gaps and len(rows) < limit:
            bottom, top = at.messages.gaps[0]
            with self._reading() as connection:
                some = self._rows_between(connection, bottom, top, min(_READ, limit - len(rows)))
            rows += some
            at = replace(at, messages=shrink(at.messages, some[-1][0] if some else None))
        batch = Batch("")
        self._take(batch, rows)
        return batch, at, len(rows)

    def _events(self, at: Cursor) -> tuple[Batch, Cursor]:
        batch = Batch("", is_of_events=True)
        done = 0
        while at.events.gaps and done < _EVENT_STEP:
            bottom, top = at.events.gaps[0]
            limit = min(_EVENT_READ, _EVENT_STEP)
            with self._reading() as connection:
                # Steps by existing rows, because rowids can be any distance apart.
                lowest = connection.execute(
                    "SELECT rowid FROM event WHERE rowid >= ? AND rowid <= ? ORDER BY rowid DESC LIMIT 1 OFFSET ?",
                    (*rowids(bottom, top), limit - 1),
                ).fetchone()
                floor = bottom if lowest is None else lowest[0] - 1
                rows = self._event_rows(connection, floor, top)
            self._take_events(batch, rows)
            done += limit
            at = replace(at, events=shrink(at.events, None if lowest is None else lowest[0]))
        return batch, at

    def in_pieces(self, fetch: Callable[[sqlite3.Connection, list[Any]], list[Any]], ids: list[Any]) -> list[Any]:
        """The rows that `fetch` finds for these ids, in several short read transactions."""
        rows: list[Any] = []
        for start in range(0, len(ids), PIECE):
            with self._reading() as connection:
                rows += fetch(connection, ids[start : start + PIECE])
        return rows

    def _stamped(self, batch: Batch, at: Cursor, left: int, total: int) -> Batch:
        batch.cursor, batch.is_reread = at.to_json(), self._is_reread
        batch.total, batch.done = total, total - min(total, left)
        return batch

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Builds the queries for the columns of this file."""

    def _message_ids(self, connection: sqlite3.Connection, session_id: str) -> list[str]:
        """The ids of a session's rows, read from an index only."""
        raise NotImplementedError

    def _prompts(self, connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
        """(message id, truncated text), in order of the texts."""
        raise NotImplementedError

    def _take(self, batch: Batch, rows: list[Any]) -> None:
        """Adds the calls of message rows to the batch, and the tools of those that are final."""
        raise NotImplementedError

    def _event_rows(self, connection: sqlite3.Connection, above: int, up_to: int) -> list[Any]:
        """The events in a range that hold calls without a message row."""
        raise NotImplementedError

    def _take_events(self, batch: Batch, rows: list[Any]) -> None:
        """Adds the calls of event rows to the batch."""
        raise NotImplementedError

    def _has_events(self, connection: sqlite3.Connection) -> bool:
        """Returns whether there is an `event` table with the columns needed to recover calls."""
        raise NotImplementedError

    def _rows_between(self, connection: sqlite3.Connection, above: int, up_to: int, limit: int) -> list[Any]:
        """Message rows in a range of rowids, newest first, rowid as first column; empty only if the range is."""
        raise NotImplementedError

    def _rows_by_id(self, connection: sqlite3.Connection, ids: list[str]) -> list[Any]:
        raise NotImplementedError


def layout_of(connection: sqlite3.Connection) -> int:
    """SQLite's counter of schema changes in a file."""
    return int(connection.execute("PRAGMA schema_version").fetchone()[0])


def fetch_bounded(rows: sqlite3.Cursor) -> list[Any]:
    """Fetches rows, whose text is in the last column, up to the bytes that one transaction should read."""
    found: list[Any] = []
    size = 0
    for row in rows:
        found.append(row)
        size += len(row[-1] or "") if isinstance(row[-1], str | bytes) else 0
        if size > _READ_BYTES:
            break
    rows.close()
    return found


def final_ids(calls: list[Call]) -> list[str]:
    return [call.id for call in calls if call.final]
