"""Where an export goes: a file that appears when it is whole, or standard output."""

from __future__ import annotations

import errno
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from opencode_tui.report.export.request import ExportError

_BESIDE = ("", "-wal", "-shm", "-journal")


def is_regular(path: Path) -> bool:
    """Whether a file can be put in the place of `path`: there is none, or one that is no device and no pipe."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return True


def check_place(path: Path, kept: Iterable[Path]) -> Path:
    """The path with links resolved, at which an export may be put. Raises ExportError.

    `kept` are files that must stay as they are: the ledger and OpenCode's stores.
    """
    if path.is_dir():
        raise ExportError(f"{path} is a directory; name a file in it")
    if not is_regular(path):
        return path  # a device or a pipe, such as /dev/stdout
    place = path.resolve()
    if not place.parent.is_dir():
        raise ExportError(f"there is no directory {place.parent}; make it, or name another file")
    if any(_is_part(place, file) for file in kept):
        raise ExportError(f"{path} is the ledger or a store of OpenCode, which stays as it is; name another file")
    return place


def _is_part(place: Path, kept: Path) -> bool:
    """Whether a path is a database, one of the files that SQLite has beside it, or in a directory of JSON files."""
    with suppress(OSError):
        if kept.is_dir():
            return place.is_relative_to(kept.resolve())
        return any(place == kept.resolve().with_name(f"{kept.resolve().name}{end}") for end in _BESIDE)
    return False


@contextmanager
def put_whole(place: Path) -> Iterator[Path]:
    """A path beside `place` to write to, which is moved there at the end and removed after an error.

    The file gets the permissions of the one that it replaces, else those that new files have. Raises OSError, which
    names `place`, if nothing can be written there; also where a database that is written is SQLite's.
    """
    fresh = place.with_name(f".{place.name[:100]}.{secrets.token_hex(4)}")
    try:
        yield fresh
        with suppress(FileNotFoundError):
            fresh.chmod(stat.S_IMODE(place.stat().st_mode))
        fresh.replace(place)
    except BaseException as error:
        with suppress(OSError):
            fresh.unlink()
        _blame(error, fresh, place)
        raise


def _blame(error: BaseException, fresh: Path, place: Path) -> None:
    """Raises OSError about `place` for an error of writing `fresh`, a name that nobody has heard of."""
    if isinstance(error, OSError) and str(fresh) in (error.filename or str(error)):
        reason = os.strerror(error.errno) if error.errno else "cannot be written"
        raise OSError(error.errno or errno.EACCES, reason, str(place)) from error
    if not isinstance(error, sqlite3.OperationalError):
        return
    # These can only be about the new database: the ledger is open by then, and only read.
    if error.sqlite_errorcode == sqlite3.SQLITE_CANTOPEN:
        raise PermissionError(errno.EACCES, str(error), str(place)) from error
    if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
        raise OSError(errno.ENOSPC, "No space left on device") from error


@contextmanager
def text_file(place: Path) -> Iterator[TextIO]:
    """A text file in UTF-8 that appears at `place` when it is whole; a device or a pipe is written to at once."""
    if not is_regular(place):
        with place.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    with put_whole(place) as fresh:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
