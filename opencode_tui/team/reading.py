"""Reads a seat's file of any kind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opencode_tui.team.calls import SeatReader
from opencode_tui.team.export_reader import PARQUET, READERS, read_exported_sqlite
from opencode_tui.team.finding import SeatFile
from opencode_tui.team.ledger_reader import LedgerReader
from opencode_tui.team.opening import UnreadableFile, file_identity, opened_sqlite


@contextmanager
def reading(file: SeatFile) -> Iterator[SeatReader]:
    """A reader of one state of the file. Raises UnreadableFile, also from within the block."""
    path = file.path
    reader = READERS.get(path.suffix.lower())
    if reader is not None:
        yield _exported(path)
    else:
        if path.suffix.lower() == ".parquet":
            raise UnreadableFile(PARQUET)
        with opened_sqlite(path, is_own=file.is_own) as connection:
            try:
                yield _of_sqlite(connection)
            except (TypeError, AttributeError, OverflowError, UnicodeError):
                raise UnreadableFile("has values that no ledger has; it may be damaged") from None


def _exported(path: Path) -> SeatReader:
    before = file_identity(path)
    try:
        found = READERS[path.suffix.lower()](path)
    except UnicodeError:
        raise UnreadableFile("is half-copied, or no text") from None
    except OSError as error:
        raise UnreadableFile(f"cannot be read ({error.strerror})") from None
    if file_identity(path) != before:
        raise UnreadableFile("is being written; it is read the next time")
    return found


def _of_sqlite(connection: sqlite3.Connection) -> SeatReader:
    columns = {row[1] for row in connection.execute("PRAGMA table_xinfo(calls)")}
    if {"created_at", "cost_nano", "session_id"} <= columns:
        return read_exported_sqlite(connection)
    return LedgerReader(connection)
