"""Writes the file that a command's `-o` names."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from opencode_tui.cli import Trouble
from opencode_tui.guard.files import put_in_place
from opencode_tui.paths import tilde


def write_output(file: Path, text: str) -> None:
    """Write a whole file or leave it as it was; a link stays one, and a device is written to. Raises Trouble."""
    try:
        place = file.resolve()
        mode = _mode(place)
        if stat.S_ISREG(mode):
            put_in_place(place, text, stat.S_IMODE(mode))
        else:
            place.write_text(text, encoding="utf-8")
    except (OSError, RuntimeError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise Trouble(f"{tilde(file)} cannot be written ({reason}); name another place with -o") from None


def _mode(file: Path) -> int:
    """The file's type and permissions; those of a new file if it is not there."""
    try:
        return file.stat().st_mode
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return stat.S_IFREG | 0o666 & ~mask
