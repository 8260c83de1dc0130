"""Reads files safely from a directory that may hold pipes, devices, unreadable or huge files, and any file name."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from msgspec import Struct

from opencode_tui.source.decode import BadRow

_MOST_BYTES = 64_000_000
"""A larger file is not a message of OpenCode's."""


class Entry(Struct, frozen=True):
    """A file or folder in a directory, with its mtime in Unix nanoseconds."""

    path: Path
    is_folder: bool
    changed_ns: int

    @property
    def changed_ms(self) -> int:
        return self.changed_ns // 1_000_000


def entries(folder: Path) -> list[Entry]:
    """The entries of a folder, ordered by name. Raises OSError if it cannot be listed."""
    found = []
    with os.scandir(folder) as listing:
        for each in listing:
            try:
                info = each.stat()
            except FileNotFoundError:
                try:
                    info = each.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
            except OSError:
                info = each.stat(follow_symlinks=False)
            found.append(Entry(Path(each.path), stat.S_ISDIR(info.st_mode), info.st_mtime_ns))
    found.sort(key=lambda entry: entry.path.name)
    return found


def json_files(folder: Path) -> list[Entry]:
    """The entries named `*.json` of a folder; none if it does not exist. Raises OSError."""
    try:
        return [entry for entry in entries(folder) if entry.path.name.endswith(".json")]
    except (FileNotFoundError, NotADirectoryError):
        return []


def read_file(file: Path) -> bytes:
    """The bytes of a regular file; never blocks. Raises OSError, or BadRow if it is not a regular file or too large."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise BadRow("is not a file")
    # The file may just have been replaced by a pipe, where a blocking open would wait for a writer.
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0))
    with os.fdopen(descriptor, "rb") as opened:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise BadRow("is not a file")
        if info.st_size > _MOST_BYTES:
            raise BadRow("is larger than a message can be")
        return opened.read(_MOST_BYTES)


def file_name(id: str) -> str | None:
    """The id, if it is valid as the name of a file or folder, else None."""
    try:
        raw = os.fsencode(id)
    except ValueError:
        return None
    if not raw or len(raw) > 250 or b"\0" in raw or b"/" in raw or raw in (b".", b".."):
        return None
    return id


def mtime_ns(path: Path) -> int:
    """The mtime of a file or folder in Unix nanoseconds; 0 if it is not available."""
    try:
        return path.stat().st_mtime_ns
    except (OSError, ValueError):
        return 0
