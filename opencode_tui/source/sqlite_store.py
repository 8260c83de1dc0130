"""What the two generations of SQLite stores share: steps by rowid, newest first, fetched in short reads.

The steps of one complete read are: the sessions that changed, the calls that were still running and, where a
generation needs them at the same moment, the new messages; then the rest of the messages; then the new events; and
what a generation adds at the end (`_closing`). A read transaction holds a bounded number of rows and bytes and ends
before its rows are given out, so that OpenCode's checkpoints never wait for us, not even for a process of ours that
is suspended between two steps.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from opencode_tui import clock
from opencode_tui.records.calls import Call, message_id
from opencode_tui.source.batch import Batch
from opencode_tui.source.cursor import BELOW_ALL, LAST, TableCursor, advance, extent, rowids, shrink
from opencode_tui.source.decode import BadRow, loads
from opencode_tui.source.histories import History
from opencode_tui.source.sessions import SessionsCursor, SessionTable
from opencode_tui.source.sqlite_file import SqliteFile, columns
from opencode_tui.source.text import first_line, path_text

_FIRST_STEP, _STEP = 1_000, 8_000
"""Messages that become one batch."""
_READ, _EVENT_READ, _PIECE, _LOOKUP = 1_000, 2_000, 100, 2_000
"""Messages, events, messages with their parts, and known messages that one transaction reads at most."""
_READ_BYTES = 8_000_000
_EVENT_STEP = 20_000
_SIZED = 500


Stamp = tuple[Any, Any]
"""What changes when the row of a running message does: the time of its last update, and its length."""
_KEPT = 50


class Cursor(Struct, frozen=True):
    """How far a SQLite store has been read; kept as JSON in the ledger."""

    identity: str
    sessions: SessionsCursor = SessionsCursor()
    messages: TableCursor = TableCursor()
    events: TableCursor = TableCursor()
    billed_ms: int = 0
    """Up to which change the sums of sessions have been read, in Unix milliseconds."""
    running: Mapping[str, Stamp] = field(default_factory=dict)
    """The newest of the running messages that the ledger has as they are here."""

    def to_json(self) -> str:
        parts = (self.sessions.to_json(), self.messages.to_json(), self.events.to_json(), self.billed_ms)
        newest = [(id, self.running[id]) for id in islice(self.running, _KEPT)]
        return json.dumps([self.identity, *parts, newest], separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | None, identity: str) -> Cursor:
        """The cursor of this very file; a fresh one where another file stands in its place."""
        try:
            saved = json.loads(text or "null")
        except ValueError:
            saved = None
        if not isinstance(saved, list) or len(saved) not in (4, 5, 6) or saved[0] != identity:
            return cls(identity)
        billed_ms = saved[4] if len(saved) > 4 and type(saved[4]) is int else 0
        return cls(
            identity,
            SessionsCursor.from_json(saved[1]),
            TableCursor.from_json(saved[2]),
            TableCursor.from_json(saved[3]),
            billed_ms,
            _running(saved[5]) if len(saved) > 5 else {},
        )


def _running(saved: Any) -> dict[str, Stamp]:
    try:
        return {str(id): (updated, size) for id, (updated, size) in saved}
    except (TypeError, ValueError):
        return {}


class SqliteStore:
    """One generation in one file. A subclass names its tables and turns its rows into records."""

    generation: Literal["sqlite", "json"] = "sqlite"
    rank = 0
    spare = False
    has_sums = False
    session_table = ""
    message_table = ""
    _at_once = False
    """New and changed messages are read in the transaction of the sessions, as something compares the two."""

    def __init__(self, file: SqliteFile) -> None:
        self.file = file
        self.path: Path = file.path
        self.key = f"{path_text(file.path)}#{self.message_table}"
        self.layout = 0
        self._table: SessionTable | None = None
        self._held: sqlite3.Connection | None = None
        self._wants_sums = True
        self._again_from = BELOW_ALL
        """Rows up to this one, all for LAST, had been read before; those that are read now stand in their place."""
        self._is_again = False
        self._looked_at: dict[str, Stamp] = {}
        """The running messages that the ledger has as they are here."""

    def changed(self) -> bool:
        return self.file.changed()

    def close(self) -> None:
        self.file.close()

    def knew_no_steps(self, cursor: str) -> bool:
        try:
            return len(json.loads(cursor)) < 6
        except (TypeError, ValueError):
            return False

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        with self.file.reading() as connection:
            known = connection.execute(f"SELECT 1 FROM {self.session_table} WHERE id = ?", (session_id,)).fetchone()
            return frozenset(self._message_ids(connection, session_id)) if known else None

    def history(self, session_id: str) -> History | None:
        return None

    def rows_of(self, session_id: str) -> list[Call]:
        return []

    def prompts(self, session_id: str, message_ids: Sequence[str]) -> dict[str, str]:
        with self.file.reading() as connection:
            rows = self._prompts(connection, message_ids)
        found: dict[str, str] = {}
        for id, text in rows:
            if line := first_line(text):
                found.setdefault(id, line)
        return found

    def read(self, cursor: str | None, retry: Sequence[tuple[str, str]], *, sums: bool = True) -> Iterator[Batch]:
        self._wants_sums = sums
        self.file.open()
        token = self.file.token()
        at = Cursor.from_json(cursor, self.file.identity)
        self._again_from = at.messages.high if cursor is None or at != Cursor(self.file.identity) else LAST
        again = [call_id for _, call_id in retry]
        with self._reading() as connection:
            self.layout = layout_of(connection)
            self._table = SessionTable(connection, self.session_table, self.message_table)
            self._prepare(connection)
            self._looked_at = {**at.running, **self._looked_at}
            looked_at: dict[str, Stamp] = {}
            batch, at = self._start(connection, at, again if self._at_once else [], looked_at)
            left, total = extent(connection, self.message_table, at.messages)
        yield self._stamped(batch, at, left, total)
        if self._at_once:
            self._looked_at = looked_at
        else:
            yield from self._again(at, again, left, total)
            if at.running != self._looked_at:
                at = replace(at, running=self._looked_at)
                yield self._stamped(Batch(""), at, left, total)
        limit = _FIRST_STEP
        while at.messages.gaps:
            batch, at, rows = self._messages(at, limit)
            again += [call.id for call in batch.calls if not call.final]
            left = max(0, left - rows) if at.messages.width is None else at.messages.width
            yield self._stamped(batch, at, left, total)
            limit = _STEP
        while at.events.gaps:
            batch, at = self._events(at)
            yield self._stamped(batch, at, 0, total)
        for batch, closed in self._closing(at, again):
            yield self._stamped(batch, closed, 0, total)
        if sums or not self.has_sums:
            self.file.seen(token)

    def _start(
        self, connection: sqlite3.Connection, at: Cursor, retry: list[str], looked_at: dict[str, Stamp]
    ) -> tuple[Batch, Cursor]:
        assert self._table is not None
        batch = Batch("")
        messages = advance(connection, self.message_table, at.messages)
        self._is_again = any(bottom < self._again_from for bottom, _ in messages.gaps)
        events = advance(connection, "event", at.events) if self._has_events(connection) else at.events
        batch.sessions, batch.unreadable, batch.present, sessions = self._table.changed_since(
            connection, at.sessions, clock.now_ms()
        )
        batch.looked_at = frozenset(retry)
        at = replace(at, sessions=sessions, messages=messages, events=events)
        if not self._at_once:
            return batch, at
        changed, stamps = self._changed(retry)
        rows = self._rows_by_id(connection, changed) if changed else []
        few = messages.width is not None and messages.width <= _FIRST_STEP and len(messages.gaps) == 1
        while few and at.messages.gaps:
            some = self._rows_between(connection, *at.messages.gaps[0], _FIRST_STEP)
            rows += some
            at = replace(at, messages=shrink(at.messages, some[-1][0] if some else None))
        if rows:
            self._take(batch, rows)
        looked_at |= stamps
        return batch, self._started(connection, batch, replace(at, running=stamps))

    def _started(self, connection: sqlite3.Connection, batch: Batch, at: Cursor) -> Cursor:
        """What a generation adds to the first step, while its transaction lasts."""
        return at

    def _closing(self, at: Cursor, retry: list[str]) -> Iterator[tuple[Batch, Cursor]]:
        """What a generation reads when all messages have been passed."""
        yield from ()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A read transaction, or the one that is open already."""
        if self._held is not None:
            yield self._held
            return
        with self.file.reading() as connection:
            self._held = connection
            try:
                yield connection
            finally:
                self._held = None

    def _again(self, at: Cursor, call_ids: Sequence[str], left: int, total: int) -> Iterator[Batch]:
        """Batches with those of the running calls whose rows are not what they were at the last look.

        All are looked up, as any may have completed, but only those that changed are decoded. A call that stands
        in no row of this store costs a seek in an index.
        """
        changed, stamps = self._changed(call_ids)
        for start in range(0, len(changed), _PIECE):
            with self._reading() as connection:
                rows = self._rows_by_id(connection, changed[start : start + _PIECE])
            batch = Batch("")
            self._take(batch, rows)
            yield self._stamped(batch, at, left, total)
        self._looked_at = stamps

    def _changed(self, call_ids: Sequence[str]) -> tuple[list[str], dict[str, Stamp]]:
        """Those of the messages of running calls that are to be decoded, and all that stand here with their stamps."""
        ids = list(dict.fromkeys(map(message_id, call_ids)))
        stamps: dict[str, Stamp] = {}
        for start in range(0, len(ids), _LOOKUP):
            with self._reading() as connection:
                found = self._row_stamps(connection, ids[start : start + _LOOKUP], sized=start < _SIZED)
            stamps |= {id: found[id] for id in ids[start : start + _LOOKUP] if id in found}
        changed = [id for id, stamp in stamps.items() if self._looked_at.get(id) != stamp]
        new = [id for id in changed if id not in self._looked_at]
        idle = set(self.in_pieces(_idle_rows(self.message_table), new))
        return [id for id in changed if id not in idle], stamps

    def _row_stamps(self, connection: sqlite3.Connection, ids: list[str], *, sized: bool) -> dict[str, Stamp]:
        """(time of the last update, length of the data) by id; the length only where it is not too expensive."""
        updated = "m.time_updated" if "time_updated" in columns(connection, self.message_table) else "NULL"
        query = f"SELECT m.id, {updated}, {'length(m.data)' if sized else 'NULL'} FROM {self.message_table} m"
        query += " WHERE m.id IN (SELECT value FROM json_each(?))"
        rows = connection.execute(query, (json.dumps(ids),)).fetchall()
        return {id: (_plain(updated), size) for id, updated, size in rows}

    def _messages(self, at: Cursor, limit: int) -> tuple[Batch, Cursor, int]:
        """A batch of the newest rows that are left, the cursor below them, and how many they are."""
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
        batch = Batch("")
        done = 0
        while at.events.gaps and done < _EVENT_STEP:
            bottom, top = at.events.gaps[0]
            limit = min(_EVENT_READ, _EVENT_STEP)
            with self._reading() as connection:
                # By the rows that there are: rowids can lie any distance apart.
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

    def in_pieces(self, fetch: Callable[[sqlite3.Connection, list[str]], list[Any]], ids: list[str]) -> list[Any]:
        """The rows that `fetch` finds for ids, a short read for each few of them."""
        rows: list[Any] = []
        for start in range(0, len(ids), _PIECE):
            with self._reading() as connection:
                rows += fetch(connection, ids[start : start + _PIECE])
        return rows

    def _stamped(self, batch: Batch, at: Cursor, left: int, total: int) -> Batch:
        batch.cursor, batch.again = at.to_json(), self._is_again
        batch.total, batch.done = total, total - min(total, left)
        return batch

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Fit the queries to the columns that this file has."""

    def _message_ids(self, connection: sqlite3.Connection, session_id: str) -> list[str]:
        """The ids of a session's rows, from an index alone."""
        raise NotImplementedError

    def _prompts(self, connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
        """(message id, text), cut short, in order of the texts."""
        raise NotImplementedError

    def _take(self, batch: Batch, rows: list[Any]) -> None:
        """Turn message rows into calls of the batch, with the tools of those that are final."""
        raise NotImplementedError

    def _event_rows(self, connection: sqlite3.Connection, above: int, up_to: int) -> list[Any]:
        """The rows of a range of events that tell of calls which stand only there."""
        raise NotImplementedError

    def _take_events(self, batch: Batch, rows: list[Any]) -> None:
        """Recover the calls of event rows."""
        raise NotImplementedError

    def _has_events(self, connection: sqlite3.Connection) -> bool:
        """Whether there is an `event` table with what it takes to recover calls."""
        raise NotImplementedError

    def _rows_between(self, connection: sqlite3.Connection, above: int, up_to: int, limit: int) -> list[Any]:
        """Message rows of a range of rowids, newest first, rowid first; none only where the range has no more."""
        raise NotImplementedError

    def _rows_by_id(self, connection: sqlite3.Connection, ids: list[str]) -> list[Any]:
        raise NotImplementedError


def fields_of(names: Sequence[str]) -> str:
    """SQL for fields of a message's JSON, all at once, as a JSON array: each further call would read a long row again.

    It says what stands there: alone, a cost of `true` would be 1, a dollar.
    """
    paths = ", ".join(f"'$.{name}'" for name in names)
    return f"json_extract(m.data, {paths})"


def _plain(value: object) -> object:
    """A time of the last update that JSON can hold."""
    return value if isinstance(value, int | str) else repr(value)


def layout_of(connection: sqlite3.Connection) -> int:
    """SQLite's own count of the changes to the tables of a file."""
    return int(connection.execute("PRAGMA schema_version").fetchone()[0])


def taken(rows: sqlite3.Cursor) -> list[Any]:
    """The rows of a cursor, text last, until they are more bytes than one transaction should read."""
    found: list[Any] = []
    size = 0
    for row in rows:
        found.append(row)
        size += len(row[-1] or "") if isinstance(row[-1], str | bytes) else 0
        if size > _READ_BYTES:
            break
    rows.close()
    return found


def _idle_rows(table: str) -> Callable[[sqlite3.Connection, list[str]], list[Any]]:
    """Finds those of the ids whose rows have nothing yet that a running call of the ledger could lack."""
    named = fields_of(("time.completed", "error", "cost", "tokens.input", "tokens.output", "status"))
    query = f"SELECT m.id, CASE WHEN json_valid(m.data) THEN {named} END FROM {table} m"
    query += " WHERE m.id IN (SELECT value FROM json_each(?))"

    def idle(connection: sqlite3.Connection, ids: list[str]) -> list[Any]:
        rows = connection.execute(query, (json.dumps(ids),)).fetchall()
        return [id for id, text in rows if text is not None and _is_idle(text)]

    return idle


def _is_idle(text: str) -> bool:
    try:
        completed, error, *counts, status = loads(text)
    except BadRow:
        return False
    return completed is error is None and not any(counts) and status in (None, "running")


def final_ids(calls: list[Call]) -> list[str]:
    return [call.id for call in calls if call.final]
