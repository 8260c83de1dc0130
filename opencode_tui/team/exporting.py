"""Writes what a seat shares: a small SQLite file with the tables that a ledger has, and no more in them than it shares.

A call's figures and ids are in it whatever is shared: merging and the checksum need them. Paths are not: a project is
the name of its folder.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from opencode_tui.clock import Span
from opencode_tui.ledger.digests import DIGEST_FIELDS
from opencode_tui.paths import last_part
from opencode_tui.records.team_choices import SeatShare
from opencode_tui.team.ledger_reader import without_titles

_FIELDS = (*DIGEST_FIELDS, "machine_id", "completed_ms", "copied_from")
_TEXTS = ("id", "session_id", "provider", "model", "agent", "copied_from")
_SCHEMA = f"""
CREATE TABLE seat (share TEXT NOT NULL, exported_ms INTEGER NOT NULL) STRICT;
CREATE TABLE machine (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE session (id TEXT PRIMARY KEY, project TEXT NOT NULL, title TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE call ({", ".join(f"{name} {'TEXT' if name in _TEXTS else 'INTEGER'}" for name in _FIELDS)}) STRICT;
CREATE TABLE alert (
  rule TEXT NOT NULL, period TEXT NOT NULL, level TEXT NOT NULL, at_ms INTEGER NOT NULL, line INTEGER NOT NULL,
  cause TEXT NOT NULL
) STRICT;
CREATE TABLE unread (at_ms INTEGER) STRICT;
"""
_INDEX = "CREATE INDEX call_created ON call(created_ms)"
_INSERT_CALL = f"INSERT INTO call ({', '.join(_FIELDS)}) VALUES ({', '.join('?' * len(_FIELDS))})"
_DAYS_RULE = "day"


class SeatTables:
    """Fills the tables of a seat's file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def machine(self, id: int, name: str) -> None:
        self._connection.execute("INSERT INTO machine VALUES (?, ?)", (id, name))

    def session(self, id: str, project: str, title: str) -> None:
        self._connection.execute("INSERT INTO session VALUES (?, ?, ?)", (id, project, title))

    def call(
        self, fields: tuple[Any, ...], machine: int, completed_ms: int | None, copied_from: str | None = None
    ) -> None:
        """`fields` are the values of DIGEST_FIELDS."""
        self._connection.execute(_INSERT_CALL, (*fields, machine, completed_ms, copied_from))

    def calls(self, rows: Iterator[tuple[Any, ...]]) -> None:
        """Rows of the digest's fields, the machine, when it completed, and what it is a copy of."""
        self._connection.executemany(_INSERT_CALL, rows)

    def alert(self, day: str, level: str, at_ms: int, cause: str, line: int = 0) -> None:
        """An alert of the day's spend."""
        values = (_DAYS_RULE, day, level, at_ms, line, cause)
        self._connection.execute("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?)", values)

    def unread(self, moments: Iterator[tuple[int | None]]) -> None:
        """The moments of what could not be read completely."""
        self._connection.executemany("INSERT INTO unread VALUES (?)", moments)

    @property
    def paid_calls(self) -> int:
        (paid,) = self._connection.execute("SELECT count(*) FROM call WHERE copied_from IS NULL").fetchone()
        return int(paid)


@contextmanager
def new_seat_file(place: Path, share: SeatShare, now_ms: int) -> Iterator[SeatTables]:
    """The tables of a new file, which is whole at the end of the block."""
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # what is not whole is thrown away
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO seat VALUES (?, ?)", (share, now_ms))
        yield SeatTables(connection)
        connection.execute(_INDEX)
        connection.execute("COMMIT")


def write_seat(ledger: sqlite3.Connection, place: Path, share: SeatShare, span: Span, now_ms: int) -> int:
    """Writes the calls of a span; returns how many were paid."""
    within = (span.start_ms, span.end_ms)
    with new_seat_file(place, share, now_ms) as tables:
        for id, name in ledger.execute("SELECT id, name FROM machine"):
            tables.machine(id, name)
        fields = ", ".join(_FIELDS)
        tables.calls(ledger.execute(f"SELECT {fields} FROM call WHERE created_ms >= ? AND created_ms < ?", within))
        for id, project, title in ledger.execute(_SESSIONS, within):
            tables.session(id, last_part(project), title if share == "titles" else "")
        for day, level, at_ms, cause, line in ledger.execute(_ALERTS, (_DAYS_RULE, *within)):
            tables.alert(day, level, at_ms, cause if share == "titles" else without_titles(cause), line)
        tables.unread(ledger.execute(_UNREAD, within))
        return tables.paid_calls


_SESSIONS = """
  SELECT c.session_id, coalesce(nullif(s.project, ''), c.directory), coalesce(s.title, '')
  FROM (SELECT session_id, min(directory) AS directory FROM call WHERE created_ms >= ? AND created_ms < ?
    GROUP BY session_id) c LEFT JOIN session s ON s.id = c.session_id
"""
_ALERTS = "SELECT period, level, at_ms, cause, line FROM alert WHERE rule = ? AND at_ms >= ? AND at_ms < ?"
_UNREAD = """
  SELECT at_ms FROM (SELECT at_ms FROM unreadable UNION ALL SELECT created_ms FROM call WHERE missing IS NOT NULL)
  WHERE at_ms IS NULL OR at_ms >= ? AND at_ms < ?
"""
