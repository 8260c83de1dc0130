"""Reads and replaces the files that levers change: OpenCode's configuration and what stands in a project."""

from __future__ import annotations

import stat
from pathlib import Path

from opencode_tui.cli import Trouble
from opencode_tui.guard.files import PUBLIC, put_in_place
from opencode_tui.paths import tilde

_LARGEST = 1 << 20
_WRITABLE = 0o222


def followed(file: Path) -> Path:
    """The file that a path leads to, so that a link stays one. Raises Trouble for a link that leads nowhere."""
    if file.is_symlink() and not file.exists():
        raise Trouble(f"{tilde(file)} is a link that leads to no file; mend or remove it")
    return file.resolve()


def text_of(file: Path) -> str | None:
    """The text of a file as it is, with its byte order mark and line ends; None if there is none. Raises Trouble."""
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
            raise Trouble(f"{tilde(file)} is not a small plain file; change it by hand")
        return file.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        raise Trouble(f"{tilde(file)} is not UTF-8; change it by hand") from None
    except OSError as error:
        raise Trouble(f"{tilde(file)} cannot be read ({error.strerror}); see to its rights") from None


def replace_text(file: Path, before: str | None, after: str | None) -> None:
    """Put a text in the place of the one that was shown, with the same mode. None stands for no file.

    Raises Trouble if the file has another text by now, is read-only or cannot be written.
    """
    if text_of(file) != before:
        raise Trouble(f"{tilde(file)} was changed meanwhile and stays as it is; run this again")
    try:
        if after is None:
            file.unlink(missing_ok=True)
            return
        mode = PUBLIC if before is None else stat.S_IMODE(file.stat().st_mode)
        if not mode & _WRITABLE:
            raise Trouble(f"{tilde(file)} is read-only and stays as it is; make it writable first")
        file.parent.mkdir(parents=True, exist_ok=True)
        put_in_place(file, after, mode)
    except OSError as error:
        raise Trouble(f"{tilde(file)} cannot be written ({error.strerror}); see to the rights of its folder") from None
