"""Reads the session rows of SQLite stores; v1's `session` and v2's `session_v2` differ by a few columns."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from msgspec import Struct

from opencode_tui.records.stores import Session, Unreadable
from opencode_tui.source.cursor import BELOW_ALL, LAST, mark
from opencode_tui.source.decode import moment
from opencode_tui.source.session_times import made_ms
from opencode_tui.source.sqlite_file import columns
from opencode_tui.source.text import clean_text, raw_id

_PRIME = 2_147_483_647
_FIELDS = 2
"""Raise it when more of a session is read, so that all are read again."""
_EXTENT = f"SELECT count(*), max(rowid), coalesce(sum(rowid % {_PRIME}), 0) FROM {{}}"


class SessionsCursor(Struct, frozen=True):
    """How far the sessions have been read: the watermark of their updates, and what shows that some were deleted."""

    updated_ms: int = 0
    count: int = 0
    top: int = 0
    top_id: str = ""
    rowids: int = 0
    """The sum of all rowids, each modulo a prime, as they may be huge."""

    def to_json(self) -> list[int | str]:
        return [self.updated_ms, self.count, self.top, self.top_id, self.rowids, _FIELDS]

    @classmethod
    def from_json(cls, value: object) -> SessionsCursor:
        if isinstance(value, list) and [type(item) for item in value] == [int, int, int, str, int, int]:
            *place, fields = value
            return cls(*place) if fields == _FIELDS else cls()
        return cls()


class SessionTable:
    """Reads one session table, using whichever columns this version of OpenCode has."""

    def __init__(self, connection: sqlite3.Connection, table: str, messages: str) -> None:
        self.table = table
        self._messages = messages
        self._has_messages = {"session_id", "time_created"} <= columns(connection, messages)
        has = columns(connection, table)
        projects = columns(connection, "project")

        def column(name: str) -> str:
            return f"s.{name}" if name in has else "NULL"

        worktree = "p.worktree" if {"id", "worktree"} <= projects and "project_id" in has else "NULL"
        join = "LEFT JOIN project p ON p.id = s.project_id" if worktree != "NULL" else ""
        names = ("parent_id", "fork_session_id", "title", "directory", "version")
        times = ("time_created", "time_updated", "time_archived")
        wanted = ", ".join([*map(column, names), worktree, *map(column, times), column("permission")])
        wanted += f", {column('revert')} IS NOT NULL"
        self._select = f"SELECT s.rowid, s.id, {wanted} FROM {table} s {join} "
        # Archiving a session does not set its time_updated.
        self._changes = [name for name in ("time_updated", "time_archived") if name in has]

    def changed_since(
        self,
        connection: sqlite3.Connection,
        cursor: SessionsCursor,
        now_ms: int,
        known: Callable[[], frozenset[str]] = frozenset,
    ) -> tuple[list[Session], list[Unreadable], frozenset[str] | None, SessionsCursor]:
        """Returns new or changed sessions, unreadable rows, the ids of all if some went, and the new cursor.

        A session that is there again, because the store was restored, is new if it is not in `known`, the ids of those
        that were there. A time in the future (after a clock jump) does not become the watermark, as nothing would be
        newer than that.
        """
        total, top, rowids = connection.execute(_EXTENT.format(self.table)).fetchone()
        top_row = connection.execute(f"SELECT id FROM {self.table} WHERE rowid = ?", (cursor.top,)).fetchone()
        held = top_row is not None and mark(top_row[0]) == cursor.top_id
        new, _, added = connection.execute(_EXTENT.format(self.table) + " WHERE rowid > ?", (cursor.top,)).fetchone()
        same = held and total == cursor.count + new and rowids == cursor.rowids + added
        present = None
        if cursor.count and not same:
            present = frozenset(
                row[0] for row in connection.execute(f"SELECT id FROM {self.table}") if isinstance(row[0], str)
            )
        # If the last possible rowid is in use, new rows can be anywhere.
        floor = cursor.top if held and cursor.top < LAST else BELOW_ALL
        if held and cursor.top == LAST and total == cursor.count:
            floor = LAST - 1
        back = sorted(present - known()) if present is not None else []
        rows = self._changed_rows(connection, cursor.updated_ms, floor, back)
        sessions, unreadable = _records(rows, now_ms, lambda id: self._rows_made(connection, id))
        updated = max((max(s.updated_ms, s.archived_ms or 0) for s in sessions), default=0)
        top_id = ""
        if top is not None:
            (id,) = connection.execute(f"SELECT id FROM {self.table} WHERE rowid = ?", (top,)).fetchone()
            top_id = mark(id)
        after = SessionsCursor(
            max(cursor.updated_ms, min(updated, now_ms)),
            total,
            top or 0,
            top_id,
            rowids,
        )
        return sessions, unreadable, present, after

    def _changed_rows(
        self, connection: sqlite3.Connection, updated_ms: int, floor: int, back: list[str]
    ) -> list[tuple[object, ...]]:
        """The rows changed at or after a watermark, those above a rowid, and some by their ids."""
        if updated_ms <= 0:
            return connection.execute(self._select).fetchall()
        # Each column by itself and no list where there is none: this reads all sessions at every new call.
        conditions = [*(f"+s.{name} >= ?" for name in self._changes), "s.rowid >= ?"]
        values: list[object] = [*(updated_ms for _ in self._changes), floor + 1]
        if back:
            conditions.append("s.id IN (SELECT value FROM json_each(?))")
            values.append(json.dumps(back))
        return connection.execute(f"{self._select} WHERE {' OR '.join(conditions)}", values).fetchall()

    def _rows_made(self, connection: sqlite3.Connection, id: str) -> object:
        """When the first message of a session was created; None if it has none."""
        query = f"SELECT min(time_created) FROM {self._messages} WHERE session_id = ? AND time_created > 0"
        query += " AND typeof(time_created) IN ('integer', 'real')"
        return connection.execute(query, (id,)).fetchone()[0] if self._has_messages else None


def _records(
    rows: list[tuple[object, ...]], now_ms: int, rows_made: Callable[[str], object]
) -> tuple[list[Session], list[Unreadable]]:
    sessions, unreadable = [], []
    for row in rows:
        rowid, id, parent, fork, title, directory, version, worktree, created, updated, archived, permission, undo = row
        created_ms = made_ms(id, created, updated, now_ms) or moment(updated)
        if created_ms is None and isinstance(id, str):
            created_ms = moment(rows_made(id))
        if not isinstance(id, str) or created_ms is None:
            name = id if isinstance(id, str) else f"row {rowid}"
            unreadable.append(Unreadable("session", name, "has no usable id or time", created_ms))
            continue
        place = clean_text(directory, 1000)
        tree = clean_text(worktree, 1000)
        sessions.append(
            Session(
                id=id,
                parent_id=raw_id(parent),
                fork_of=raw_id(fork),
                title=clean_text(title),
                directory=place,
                project=project_of(tree, place),
                version=clean_text(version, 60),
                created_ms=created_ms,
                updated_ms=moment(updated) or created_ms,
                archived_ms=moment(archived),
                unattended=is_unattended(permission),
                has_undo=bool(undo),
            )
        )
    return sessions, unreadable


def is_unattended(permission: object) -> bool:
    """Returns whether a session's permissions, as JSON or as its value, deny every question, as `opencode run` sets."""
    rules = permission
    if isinstance(permission, str | bytes):
        try:
            rules = json.loads(permission)
        except (ValueError, RecursionError):
            return False
    if not isinstance(rules, list):
        return False
    wanted = {"permission": "question", "pattern": "*", "action": "deny"}
    return any(isinstance(rule, dict) and all(rule.get(key) == of for key, of in wanted.items()) for rule in rules)


def project_of(worktree: str, directory: str) -> str:
    """The project's path: its worktree, or the session's directory if it is in no repository."""
    return worktree if worktree not in ("", "/") else directory or worktree
