"""Small files shared with OpenCode's plugin: non-blocking reads and, from `pricing.files`, atomic writes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from opencode_tui.pricing.files import put_in_place as put_in_place

PRIVATE, PUBLIC = 0o600, 0o644
_OTHERS_WRITE = 0o022
_MOST = 16 << 20


def small_text(file: Path, most: int = _MOST) -> str:
    """A file's text; empty if it is unreadable, not a regular file, not UTF-8, or larger than `most` bytes."""
    try:
        return read_small(file, most)
    except (OSError, ValueError):
        return ""


def read_small(file: Path, most: int = _MOST) -> str:
    """Like `small_text`, but raises OSError, and ValueError if it is not a small text file."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # opening a FIFO must not block
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            raise ValueError("it is no file of opencode-tui's")
        return opened.read().decode("utf-8")


def exposure(file: Path) -> str:
    """Why others can change a file, such as `mode 0666`; empty if nobody can or it does not exist."""
    try:
        found = file.stat()
    except OSError:
        return ""
    if found.st_uid not in (os.getuid(), 0):
        return f"it belongs to user {found.st_uid}"
    return f"mode {stat.S_IMODE(found.st_mode):04o}" if found.st_mode & _OTHERS_WRITE else ""
