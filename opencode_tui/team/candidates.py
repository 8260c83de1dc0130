"""Tells what can never be a seat, before the settings name it."""

from __future__ import annotations

import stat
from pathlib import Path

from opencode_tui.team.export_reader import PARQUET, READERS
from opencode_tui.team.opening import UnreadableFile, is_sqlite

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def why_no_seat(path: Path) -> str:
    """The end of a sentence about a path that is no ledger, no export and no folder; empty for one that may be.

    A folder may be filled later, and a file that begins as SQLite's do may be half-copied. Raises OSError.
    """
    found = path.stat()
    if kind := next((name for is_kind, name in _KINDS if is_kind(found.st_mode)), ""):
        return f"is {kind}"
    if path.is_dir():
        return ""
    if not found.st_size:
        return "is an empty file"
    if path.suffix.lower() == ".parquet":
        return PARQUET
    reader = READERS.get(path.suffix.lower())
    try:
        if reader is None:
            return "" if is_sqlite(path) else "is no ledger and no export"
        reader(path)
    except UnicodeError:
        return "is no ledger and no export"
    except UnreadableFile as problem:
        return str(problem)
    return ""
