"""Writes what a seat shares: a small SQLite file with the tables that a ledger has, and no more in them than it shares.

A call's figures and ids are in it whatever is shared: merging and the checksum need them. Paths are not: a project is
the name of its folder.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from opencode_tui.clock import Span
from opencode_tui.config.settings import SeatShare
from opencode_tui.ledger.digests import DIGEST_FIELDS
from opencode_tui.paths import last_part
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
"""
_INDEX = "CREATE INDEX call_created ON call(created_ms)"


def write_seat(ledger: sqlite3.Connection, place: Path, share: SeatShare, span: Span, now_ms: int) -> int:
    """Writes the calls of a span; returns how many were paid."""
    within = (span.start_ms, span.end_ms)
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # what is not whole is thrown away
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute("INSERT INTO seat VALUES (?, ?)", (share, now_ms))
        connection.executemany("INSERT INTO machine VALUES (?, ?)", ledger.execute("SELECT id, name FROM machine"))
        fields = ", ".join(_FIELDS)
        connection.executemany(
            f"INSERT INTO call ({fields}) VALUES ({', '.join('?' * len(_FIELDS))})",
            ledger.execute(f"SELECT {fields} FROM call WHERE created_ms >= ? AND created_ms < ?", within),
        )
        connection.execute(_INDEX)
        connection.executemany("INSERT INTO session VALUES (?, ?, ?)", _sessions(ledger, share, within))
        connection.executemany("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?)", _alerts(ledger, share, within))
        (paid,) = connection.execute("SELECT count(*) FROM call WHERE copied_from IS NULL").fetchone()
        connection.execute("COMMIT")
    return int(paid)


def _sessions(ledger: sqlite3.Connection, share: SeatShare, within: tuple[int, int]) -> Iterator[tuple[str, str, str]]:
    rows = ledger.execute(
        """SELECT c.session_id, coalesce(nullif(s.project, ''), c.directory), coalesce(s.title, '')
        FROM (SELECT session_id, min(directory) AS directory FROM call WHERE created_ms >= ? AND created_ms < ?
          GROUP BY session_id) c LEFT JOIN session s ON s.id = c.session_id""",
        within,
    )
    for id, project, title in rows:
        yield id, last_part(project), title if share == "titles" else ""


def _alerts(ledger: sqlite3.Connection, share: SeatShare, within: tuple[int, int]) -> Iterator[tuple[object, ...]]:
    rows = ledger.execute(
        "SELECT rule, period, level, at_ms, line, cause FROM alert WHERE rule = 'day' AND at_ms >= ? AND at_ms < ?",
        within,
    )
    for *rest, cause in rows:
        yield *rest, cause if share == "titles" else without_titles(cause)
