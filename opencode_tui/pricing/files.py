"""Reads files that may be absent, unreadable or replaced at any time, and replaces them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

Mark = tuple[int, int, int] | None
"""(mtime in ns, size, inode) of a file, None if it does not exist; changes when the content does."""

_NAMED = 3
_MOST_BYTES = 64 * 1024 * 1024


def file_mark(path: Path) -> Mark:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_text(path: Path) -> str | None:
    """The file's text; None if there is no file. Raises OSError or ValueError if it cannot be read.

    Bytes that are not UTF-8 become U+FFFD and a byte order mark is removed, as in OpenCode. Pipes and sockets raise
    OSError, because reading them could block.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if stat.S_ISCHR(found.st_mode) and found.st_rdev == Path(os.devnull).stat().st_rdev:
            return ""
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        if found.st_size > _MOST_BYTES:
            raise OSError(errno.EFBIG, "it is too large")
        return file.read(_MOST_BYTES).decode("utf-8-sig", errors="replace")


def put_in_place(file: Path, text: str, mode: int) -> None:
    """Write a file atomically, with exactly this mode. Raises OSError."""
    from tempfile import mkstemp  # slow to import

    descriptor, name = mkstemp(prefix=f"{file.name}.", dir=file.parent)  # OpenCode loads no such name as a plugin
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as fresh:
            os.fchmod(descriptor, mode)
            fresh.write(text)
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def reason(error: Exception) -> str:
    """The reason for an error in a few words, without the path."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def shown_path(text: Path | str) -> str:
    """A path or other short foreign text, made safe for a message: no control characters, at most 300 characters."""
    plain = "".join(char if char.isprintable() else "�" for char in str(text))
    return plain if len(plain) <= 300 else plain[:299] + "…"


def first_few(names: Sequence[str]) -> str:
    """The first names of a list, such as `a, b, c and 4 more`."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(dict.fromkeys(names[:_NAMED]))}{more}"


def xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """OpenCode's directory under an XDG base directory, such as `~/.config/opencode`."""
    return Path(environ.get(name) or default) / "opencode"
