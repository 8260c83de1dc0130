"""Opens somebody's SQLite file without writing beside it: no lock, no `-shm`, no `-wal` of ours in a synced folder.

A file alone is opened as immutable. One with a `-wal` is copied with it and opened there, unless a process of this
machine has it open and so keeps a `-shm` beside it, in which the readers are noted as always.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

_HEADER = b"SQLite format 3\0"
_BUSY_S = 2.0


class UnreadableFile(Exception):
    """A seat's file cannot be read now. The message is the end of a sentence about it."""


def file_identity(path: Path) -> str:
    """Differs once a file, or the `-wal` beside it, was written again. Raises UnreadableFile."""
    try:
        found = path.stat()
    except OSError as error:
        raise UnreadableFile(f"cannot be read ({error.strerror})") from None
    key = f"{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"
    with suppress(OSError):
        wal = _beside(path, "-wal").stat()
        key += f":{wal.st_size}:{wal.st_mtime_ns}" if wal.st_size else ""
    return key


def written_ms(path: Path) -> int:
    """When a file, or the `-wal` beside it, was last written, in Unix milliseconds."""
    times = []
    for place in (path, _beside(path, "-wal")):
        with suppress(OSError):
            times.append(place.stat().st_mtime_ns // 1_000_000)
    return max(times, default=0)


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as those of SQLite do, though it may be half-copied. Raises UnreadableFile."""
    return _head(path).startswith(_HEADER)


@contextmanager
def opened_sqlite(path: Path, *, is_own: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection that reads one state of the file. Raises UnreadableFile if it is half-copied, locked or broken.

    The own ledger is opened by SQLite alone: see ledger/ledger.py.
    """
    before = file_identity(path)
    try:
        if is_own:
            with _connection(path, "mode=ro") as connection:
                connection.execute("BEGIN")
                yield connection
            return
        _check_size(path)
        with _connected(path) as connection:
            yield connection
    except sqlite3.Error as error:
        raise UnreadableFile(_reason(error)) from None
    except OSError as error:
        raise UnreadableFile(f"cannot be read ({error.strerror})") from None
    if file_identity(path) != before:
        raise UnreadableFile("is being written; it is read the next time")


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    wal = _beside(path, "-wal")
    if _size(_beside(path, "-journal")):  # SQLite says whether it is locked, or has to be rolled back
        with _connection(path, "mode=ro") as connection:
            connection.execute("BEGIN")
            yield connection
    elif not _size(wal):
        with _connection(path, "mode=ro&immutable=1") as connection:
            yield connection
    elif _beside(path, "-shm").exists():
        with _connection(path, "mode=ro") as connection:
            connection.execute("BEGIN")
            yield connection
    else:
        with TemporaryDirectory(prefix="opencode-tui-") as place:
            copy = Path(place) / "ledger.db"
            for end in ("", "-wal"):
                shutil.copyfile(_beside(path, end), _beside(copy, end))
            with _connection(copy, "mode=rw") as connection:
                yield connection


@contextmanager
def _connection(path: Path, how: str) -> Iterator[sqlite3.Connection]:
    uri = f"file:{quote(str(path.absolute()))}?{how}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_BUSY_S, isolation_level=None)) as connection:
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA trusted_schema = 0")
        yield connection


def _check_size(path: Path) -> None:
    """Raises UnreadableFile if a database is shorter than its header says."""
    head = _head(path)
    if not head:
        raise UnreadableFile("is empty: half-copied, or a program is about to write it")
    if not head.startswith(_HEADER) or len(head) < 100:
        raise UnreadableFile("is half-copied, or no ledger")
    page = int.from_bytes(head[16:18], "big")
    page = 65_536 if page == 1 else page
    whole, there = page * int.from_bytes(head[28:32], "big"), _size(path)
    # The count in the header is right if the file was last written by a version of SQLite that keeps it.
    if head[24:28] == head[92:96] and there < whole and not _size(_beside(path, "-wal")):
        raise UnreadableFile(f"is half-copied ({_megabytes(there)} of {_megabytes(whole)})")


def _head(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # opening a FIFO must not block
        with os.fdopen(descriptor, "rb") as file:
            return file.read(100)
    except OSError as error:
        raise UnreadableFile(f"cannot be read ({error.strerror})") from None


def _reason(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "is locked by another process"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        return "was left half-written by a program that was interrupted; it is read once that program has opened it"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "is half-copied or damaged"
    return f"cannot be read ({error})"


def _beside(path: Path, end: str) -> Path:
    return path.with_name(f"{path.name}{end}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
