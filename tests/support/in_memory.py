"""Where the files of tests are: in memory where there is room, as each of thousands costs a disk its time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2 << 30


def use_memory() -> None:
    """Let `tmp_path` and all that `tempfile` makes be in memory, unless a variable names another place for it."""
    if has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
        os.environ.setdefault("TMPDIR", str(MEMORY))
        tempfile.tempdir = None  # pytest has asked for it before


def has_room(place: Path) -> bool:
    """Whether this file system is large enough and lets programs run, which that of a container may not."""
    try:
        found = os.statvfs(place)
    except OSError:
        return False
    room = found.f_bavail * found.f_frsize >= ENOUGH_BYTES
    return room and not found.f_flag & os.ST_NOEXEC and os.access(place, os.W_OK | os.X_OK)
