"""Files that may be absent, unreadable or replaced at any time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

Mark = tuple[int, int, int] | None
"""(modified in ns, size, inode) of a file, None when it is not there: a change of content changes it."""


def mark(path: Path) -> Mark:
    try:
        stat = path.stat()
    except (OSError, ValueError):
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def read_text(path: Path) -> str | None:
    """The file's text, None when there is no file. Raises OSError or ValueError when it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None


def reason(error: Exception) -> str:
    """Why, in a few words that do not repeat the path."""
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def xdg(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """OpenCode's directory under an XDG base directory, such as `~/.config/opencode`."""
    return Path(environ.get(name) or default) / "opencode"
