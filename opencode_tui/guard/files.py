"""Small files that OpenCode's plugin and we share: read without waiting, replaced whole, never a half of one."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

PRIVATE, PUBLIC = 0o600, 0o644
_OTHERS_WRITE = 0o022
_MOST = 16 << 20


def small_text(file: Path, most: int = _MOST) -> str:
    """What a file holds; empty where it cannot be read, is no regular file, not UTF-8, or larger than `most` bytes."""
    try:
        return read_small(file, most)
    except (OSError, ValueError):
        return ""


def read_small(file: Path, most: int = _MOST) -> str:
    """The same. Raises OSError, and ValueError for what is no small text."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO must not be waited for
    with os.fdopen(descriptor, "rb") as opened:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            raise ValueError("it is no file of opencode-tui's")
        return opened.read().decode("utf-8")


def put_in_place(file: Path, text: str, mode: int) -> None:
    """Replace a file by a text, whole or not at all, with exactly this mode. Raises OSError."""
    from tempfile import mkstemp  # takes longer to import than most commands have

    descriptor, name = mkstemp(prefix=f"{file.name}.", dir=file.parent)  # no .js at its end: OpenCode loads it not
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as fresh:
            os.fchmod(descriptor, mode)
            fresh.write(text)
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def exposure(file: Path) -> str:
    """Who else can change a file, such as `mode 0666`; empty where nobody can, or where there is none."""
    try:
        found = file.stat()
    except OSError:
        return ""
    if found.st_uid not in (os.getuid(), 0):
        return f"it belongs to user {found.st_uid}"
    return f"mode {stat.S_IMODE(found.st_mode):04o}" if found.st_mode & _OTHERS_WRITE else ""
