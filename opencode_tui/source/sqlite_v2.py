"""Reads SQLite v2, OpenCode 2.x: `session_v2` and `session_message`, in one file with the frozen tables of OpenCode 1.

As observed on 2.0.15 and in its source. Each event changes rows in one transaction; the events themselves are not kept
(the `event` table is empty). Rows change in place, after a reader has passed them, in the ways below. In all of them
the row was first read as a running call, so it is read again:

- An assistant row starts without `time.completed`; cost and tokens arrive when the step and its tools have ended.
- An attempt that fails before an answer leaves its row open; the next attempt restarts it with a new `time.created`.
- A row that a crash left open is closed, without a cost, by the next step of its session.
- A compaction starts with `status: running` and ends `completed` or `failed`, both with the cost of all its attempts
  (a failed one has two), or `failed` without a cost if it was interrupted.
- An undo deletes rows; a fork copies completed rows, under ids that end in their `seq`.

Titles, undone calls and the cost of an interrupted compaction are in no row: see `bills.py`.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from opencode_tui import clock
from opencode_tui.records.calls import Call, undone_id
from opencode_tui.records.reconciliation import Agreement, Standing
from opencode_tui.records.stores import Bill, Unreadable
from opencode_tui.source.batch import Batch
from opencode_tui.source.bills import BillTable, PendingSums, plain_sum
from opencode_tui.source.cursor import advance, rowids, shrink
from opencode_tui.source.decode import BadRow, call_from_v2, json_object, json_value, moment
from opencode_tui.source.histories import History
from opencode_tui.source.imported import imported_from_v1
from opencode_tui.source.originals import orphans
from opencode_tui.source.running_rows import fields_of
from opencode_tui.source.sqlite_file import SqliteFile, columns
from opencode_tui.source.sqlite_store import SqliteStore, fetch_bounded, final_ids
from opencode_tui.source.store_cursor import Cursor
from opencode_tui.source.text import clean_text, identifier, path_text
from opencode_tui.source.tools import v2_parts, v2_tools

_BILLS, _ROWS = 500, 2_000
_CALLS = ("assistant", "compaction")
"""The row types that are calls."""
_OTHERS = (
    *("user", "system", "synthetic", "skill", "shell", "idle"),
    *("agent-switched", "model-switched", "location-switched"),
)
"""The row types that are not calls. A row of an unknown type with a model and a cost or tokens counts as a call."""
# `content` holds the conversation and is large, so only the other fields are read.
_FIELDS = ("agent", "model", "finish", "cost", "tokens", "time", "status", "role")
_SLIM = fields_of((*_FIELDS, "error.name", "error.type"))
_ERROR = """
  CASE json_type(m.data, '$.error') WHEN 'object' THEN '{}'
    WHEN 'text' THEN json_object('name', substr(json_extract(m.data, '$.error'), 1, 200)) END
"""
_IDLE = """
  coalesce((SELECT i.seq FROM session_message i WHERE i.session_id = m.session_id AND i.type = 'idle'
    AND i.seq < m.seq ORDER BY i.seq DESC LIMIT 1), -1)
"""
# A turn starts with a prompt, or with the first notice after an idle row if a background subagent wakes its parent.
_TURN = f"""
  coalesce(
    (SELECT u.id FROM session_message u WHERE u.session_id = m.session_id AND u.type = 'user'
      AND u.seq < m.seq AND u.seq > {_IDLE} ORDER BY u.seq DESC LIMIT 1),
    (SELECT n.id FROM session_message n WHERE n.session_id = m.session_id AND n.type = 'synthetic'
      AND n.seq < m.seq AND n.seq > {_IDLE} ORDER BY n.seq LIMIT 1),
    (SELECT u.id FROM session_message u WHERE u.session_id = m.session_id AND u.type = 'user'
      AND u.seq < m.seq ORDER BY u.seq DESC LIMIT 1))
"""
_SELECT = """
  SELECT m.rowid, m.id, m.session_id, s.id, m.type, m.time_created, {copied}, s.directory, s.model, {turn},
    (SELECT o.id FROM session_message o WHERE o.session_id = s.{fork} AND o.seq = m.seq
      AND o.time_created = m.time_created),
    CASE WHEN json_valid(m.data) THEN {error} END,
    CASE WHEN json_valid(m.data) THEN CASE json_type(m.data) WHEN 'object' THEN {slim} ELSE '{{}}' END END
  FROM session_message m LEFT JOIN session_v2 s ON s.id = m.session_id
"""
_BETWEEN = f"""
  WHERE m.rowid >= ? AND m.rowid <= ?
    AND (m.type NOT IN {_OTHERS}) IS NOT 0 {{only_v2}}
  ORDER BY m.rowid DESC LIMIT ?
"""
_OF_SESSION = f" WHERE m.session_id = ? AND (m.type NOT IN {_OTHERS}) IS NOT 0 {{only_v2}}"
_BY_ID = " WHERE m.id IN (SELECT value FROM json_each(?))"
# An upgrade copies v1's messages without all their fields, so messages still in the v1 table are read from there.
_ONLY_V2 = "AND NOT EXISTS (SELECT 1 FROM message o WHERE o.id = m.id)"
# A call that was running when last read, and completed before the upgrade, is also read from the v1 table.
_NOT_ENDED_IN_V1 = """
  AND NOT EXISTS (SELECT 1 FROM message o WHERE o.id = m.id
    AND CASE WHEN json_valid(o.data) THEN json_type(o.data, '$.time.completed') IN ('integer', 'real') END)
"""
# The id of a fork's copy ends in the number of its row. A fork that was exported and imported is no fork to OpenCode
# any more, and its rows have other numbers. There, as in a session that was forked in OpenCode 1, a copy has to be
# older than its session as well; a session's own calls are older only after the clock was set back.
_IN_FORK = """
  coalesce(m.id LIKE '%\\_' || m.seq ESCAPE '\\', 0)
  OR (typeof(m.seq) <> 'integer' OR m.seq < 0) AND m.id GLOB '*_*_[0-9]*'
"""
_COPIED = (
    "CASE WHEN s.fork_session_id IS NOT NULL OR s.id IS NULL THEN {forked}"
    " ELSE m.time_created < s.time_created AND ({of_v1} OR m.id GLOB '*_*_[0-9]*') END"
)
_PERHAPS_OF_V1 = "(s.version LIKE '0.%' OR s.version LIKE '1.%')"
_COPIED_BY_TIME = "m.time_created < s.time_created"

_IDS = "SELECT id FROM session_message WHERE session_id = ?"
_HISTORY = """
  SELECT id, seq, json_valid(data) AND json_type(data, '$.cost') IS NOT NULL FROM session_message
  WHERE session_id = ? AND typeof(id) = 'text' AND typeof(seq) = 'integer'
"""
_NEWEST = "SELECT id FROM session_v2 WHERE typeof(id) = 'text' ORDER BY time_updated DESC LIMIT ?"
_LAST_EVENT = "SELECT seq FROM event_sequence WHERE aggregate_id = ? AND typeof(seq) = 'integer'"
_SPENT_COLUMNS = (
    *("cost", "tokens_input", "tokens_output", "tokens_reasoning"),
    *("tokens_cache_read", "tokens_cache_write"),
)
_SPENT = f"SELECT {', '.join(_SPENT_COLUMNS)} FROM session_v2 WHERE id = ?"
_PROMPTS = """
  SELECT m.id, substr(json_extract(m.data, '$.text'), 1, 2000) FROM session_message m
  WHERE m.id IN (SELECT value FROM json_each(?)) AND json_valid(m.data) AND m.type = 'user'
"""


class SqliteV2(SqliteStore):
    rank = 2
    has_sums = True
    session_table = "session_v2"
    message_table = "session_message"
    _at_once = True  # the sums of sessions are compared with their calls

    def __init__(self, file: SqliteFile) -> None:
        super().__init__(file)
        self._pending = PendingSums({}, 0, 0)
        """The sessions whose sums still have to be read."""
        self._read: dict[str, object] = {}
        """The sums already written to the ledger, by session."""
        self._yielded: dict[str, object] = {}
        """The sums in the last batch, by session; the ledger may not have written them yet."""
        self._touched: set[str] = set()
        """Sessions that are new or changed, or have new or changed calls, since sums were last read."""

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._is_forked = "fork_session_id" in columns(connection, "session_v2")
        self._select = _SELECT.format(
            fork="fork_session_id" if self._is_forked else "parent_id",
            copied=_copied(connection),
            turn=_TURN,
            slim=_SLIM,
            error=_ERROR,
        )
        v1 = columns(connection, "message")
        only_v2 = _ONLY_V2 if v1 else ""
        self._between = _BETWEEN.format(only_v2=only_v2)
        self._of_session = _OF_SESSION.format(only_v2=only_v2)
        self._by_id = _BY_ID + (_NOT_ENDED_IN_V1 if "data" in v1 else "")
        self._bill_table = BillTable(connection)
        self._pending, self._yielded = PendingSums({}, 0, 0), {}
        self._knows_migration = True

    def standing(self, now_ms: int, agreement: Agreement | None = None) -> Standing:
        from opencode_tui.source.standing import standing_v2

        return standing_v2(self.file, self.key, path_text(self.path), _copied, _OTHERS, now_ms, agreement)

    def rows_of(self, session_id: str) -> list[Call]:
        with self.file.reading() as connection:
            rows = connection.execute(self._select + self._of_session, (session_id,)).fetchall()
        batch = Batch("")
        self._take(batch, rows, with_tools=False)
        return [call for call in batch.calls if not call.copied]

    def _rows_between(self, connection: sqlite3.Connection, above: int, up_to: int, limit: int) -> list[Any]:
        return fetch_bounded(connection.execute(self._select + self._between, (*rowids(above, up_to), limit)))

    def _rows_by_id(self, connection: sqlite3.Connection, ids: list[str]) -> list[Any]:
        return connection.execute(self._select + self._by_id, (json.dumps(ids),)).fetchall()

    def _message_ids(self, connection: sqlite3.Connection, session_id: str) -> list[str]:
        return [row[0] for row in connection.execute(_IDS, (session_id,)).fetchall()]

    def history(self, session_id: str) -> History | None:
        with self.file.reading() as connection:
            rows = connection.execute(_HISTORY, (session_id,)).fetchall()
            if not rows:  # as in each of many backups that lack the session
                return None
            last = None
            if "seq" in columns(connection, "event_sequence"):
                last = connection.execute(_LAST_EVENT, (session_id,)).fetchone()
            spent = None
            if columns(connection, "session_v2").issuperset(_SPENT_COLUMNS):
                spent = connection.execute(_SPENT, (session_id,)).fetchone()
        numbers = {id: seq for id, seq, _ in rows}
        billed = frozenset(id for id, _, has_cost in rows if has_cost)
        return History(numbers, billed, max([*numbers.values(), *(last or ())], default=0), plain_sum(spent))

    def newest_sessions(self, most: int) -> list[str]:
        with self.file.reading() as connection:
            if "time_updated" not in columns(connection, "session_v2"):
                return []
            return [row[0] for row in connection.execute(_NEWEST, (most,)).fetchall()]

    def _prompts(self, connection: sqlite3.Connection, message_ids: Sequence[str]) -> list[Any]:
        return connection.execute(_PROMPTS, (json.dumps(list(message_ids)),)).fetchall()

    def _take(self, batch: Batch, rows: list[Any], *, with_tools: bool = True) -> None:
        for rowid, id, session_id, session, written, created, copied, directory, model, turn_id, origin, *texts in rows:
            try:
                if not isinstance(id, str) or not isinstance(session_id, str):
                    raise BadRow("has no usable id")
                if (kind := _kind(written)) in _OTHERS:
                    continue
                data = _fields(*texts)
                if kind not in _CALLS:
                    if data.get("cost") is None and data.get("tokens") is None:
                        continue
                    if "model" not in data:
                        raise BadRow("is of no known type")
                if kind == "assistant" and not data.keys() & {"model", "time", "cost", "tokens"}:
                    raise BadRow("says nothing of its call")
                call = call_from_v2(
                    data,
                    id=id,
                    session_id=session_id,
                    turn_id=identifier(turn_id),
                    kind=kind,
                    created_ms=created,
                    copied=bool(copied),
                    directory=clean_text(directory, 1000),
                    session_model=_object(model),
                )
            except BadRow as bad:
                name = id if isinstance(id, str) else f"row {rowid}"
                batch.unreadable.append(Unreadable("message", name, str(bad), moment(created)))
                continue
            if session is None:
                reason = "has no row, so that its sum is not known"
                batch.unreadable.append(Unreadable("session", session_id, reason, moment(created)))
            if call is not None:
                batch.calls.append(replace(call, copy_of=identifier(origin)) if call.copied else call)
        if with_tools:
            batch.tools += v2_tools(self.in_pieces(v2_parts, final_ids(batch.calls)))

    def _has_events(self, connection: sqlite3.Connection) -> bool:
        return False

    def _started(self, connection: sqlite3.Connection, batch: Batch, at: Cursor) -> Cursor:
        """Reads the sums of changed sessions, if all their calls have been read by now."""
        # If the clock was set back, a new session can be dated before the watermark.
        self._touched.update(call.session_id for call in batch.calls)
        self._touched.update(session.id for session in batch.sessions)
        if not self._wants_sums:
            return at
        pending = self._bill_table.pending(connection, at.billed_ms, self._touched, clock.now_ms())
        self._knows_migration = pending is not None or self._bill_table.knows_migration(connection)
        if pending is None:
            return at
        touched, self._touched = self._touched, set()
        changed = {id: new for id, new in pending.sums.items() if id in touched or self._read.get(id) != new}
        self._pending = replace(pending, sums=changed)
        if at.messages.gaps or len(changed) > _BILLS:
            return at
        self._take_bills(connection, batch)
        return replace(at, billed_ms=pending.newest_ms)

    def _take_bills(self, connection: sqlite3.Connection, batch: Batch) -> None:
        """Reads the next pending sums into the batch."""
        ids = list(self._pending.sums)
        bills, unreadable = self._bill_table.read(connection, ids[:_BILLS], self._pending.since_ms)
        batch.unreadable += unreadable
        batch.bills = self._with_originals(connection, bills)
        at_rest = [bill.session_id for bill in batch.bills if not bill.is_held]
        self._yielded = {session_id: self._pending.sums[session_id] for session_id in at_rest}
        self._pending = replace(self._pending, sums={id: self._pending.sums[id] for id in ids[_BILLS:]})

    def _with_originals(self, connection: sqlite3.Connection, bills: list[Bill]) -> list[Bill]:
        """Adds to the bills the undone calls of their sessions that are known from copies in forks."""
        owners = [bill.session_id for bill in bills]
        undone = [bill.session_id for bill in bills if bill.undone_before_ms is not None]
        lost = orphans(connection, owners, undone, self._known.fork_of) if self._is_forked else []
        if not lost:
            return bills
        copies = Batch("")
        self._take(copies, self._rows_by_id(connection, sorted({orphan.copy_id for orphan in lost})))
        known = {call.id: call for call in copies.calls}
        originals: dict[tuple[str, str], list[Call]] = defaultdict(list)
        for orphan in (each for each in lost if each.copy_id in known):
            owner = orphan.session_id
            original = replace(known[orphan.copy_id], id=undone_id(owner, orphan.seq), session_id=owner, turn_id=None)
            originals[owner, orphan.doubt].append(replace(original, copied=False, copy_of=None))
        return [
            replace(
                bill,
                originals=tuple(originals[bill.session_id, "none"]),
                likely_originals=tuple(originals[bill.session_id, "some"]),
                possible_originals=tuple(originals[bill.session_id, "much"]),
            )
            for bill in bills
        ]

    def _closing(self, at: Cursor, retry: list[str]) -> Iterator[tuple[Batch, Cursor]]:
        """Reads the sums of many sessions in batches, each together with all calls up to then."""
        if lacking := self._bill_table.lacking:
            with self._reading():
                raise sqlite3.DatabaseError(f"session_v2 lacks {', '.join(lacking)}")
        if not self._knows_migration:
            with self._reading():
                raise sqlite3.DatabaseError("how far its upgrade from OpenCode 1 has come is not readable")
        self._read |= self._yielded
        while self._pending.sums:
            with self._reading() as connection:
                at = replace(at, messages=advance(connection, self.message_table, at.messages))
                batch = Batch("", rechecked=frozenset(retry))
                rows = self._rows_by_id(connection, retry)
                left = _ROWS
                while at.messages.gaps and left > 0:  # all gaps, as a writer may add one at each step
                    new = self._rows_between(connection, *at.messages.gaps[0], left)
                    at = replace(at, messages=shrink(at.messages, new[-1][0] if new else None))
                    rows, left = rows + new, left - max(len(new), 1)
                self._take(batch, rows)
                if not at.messages.gaps:
                    self._take_bills(connection, batch)
            retry = sorted({*retry, *(call.id for call in batch.calls if not call.final)})
            yield batch, at if self._pending.sums else replace(at, billed_ms=self._pending.newest_ms)
            self._read |= self._yielded


def _copied(connection: sqlite3.Connection) -> str:
    """The SQL that tells whether a row `m` of a session `s` is a fork's copy."""
    if "fork_session_id" not in columns(connection, "session_v2"):
        return _COPIED_BY_TIME
    of_v1 = imported_from_v1(connection) if columns(connection, "message") else _PERHAPS_OF_V1
    return _COPIED.format(forked=_IN_FORK, of_v1=of_v1)


def _fields(error: str | None, text: object) -> dict[str, Any]:
    """The fields of a row that are present. Raises BadRow."""
    values = json_value(text)
    if not isinstance(values, list):
        raise BadRow("not a JSON object")
    *others, name, kind = values
    data = {field: value for field, value in zip(_FIELDS, others, strict=True) if value is not None}
    if error is not None:
        data["error"] = {"name": name or kind} | json_object(error)
    return data


def _kind(value: object) -> str:
    """The type of a row, which may be stored as bytes. Raises BadRow."""
    kind = value.decode(errors="replace") if isinstance(value, bytes) else value
    if not isinstance(kind, str):
        raise BadRow("has no usable type")
    return kind


def _object(text: object) -> dict[str, Any]:
    try:
        return json_object(text if isinstance(text, str) else None)
    except BadRow:
        return {}
