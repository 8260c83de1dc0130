"""Notices when the program opens a SQLite database by other means while SQLite has it open in the same process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import FrameType

import opencode_tui

PACKAGE = str(Path(opencode_tui.__file__).parent)
SUFFIXES = (".db", "-wal", "-shm", "-journal")
_seen: list[str] = []


def watch_opens() -> None:
    """From now on for as long as this process lives: an audit hook cannot be taken away."""
    sys.addaudithook(_look)


def forget_opens() -> list[str]:
    """What was opened since the last time this was asked."""
    seen = list(_seen)
    _seen.clear()
    return seen


def _look(event: str, values: tuple[object, ...]) -> None:
    if event != "open" or not isinstance(values[0], str | bytes):
        return
    path = os.fsdecode(values[0])
    if path.endswith(SUFFIXES) and (frame := _frame_of_ours(sys._getframe(1))) and _is_open(path):
        _seen.append(f"{path} at {frame.f_code.co_filename}:{frame.f_lineno}")


def _is_open(path: str) -> bool:
    """Whether this process has a descriptor of the file already."""
    try:
        wanted = Path(path).stat()
    except OSError:
        return False
    for descriptor in Path("/proc/self/fd").glob("*"):
        try:
            found = descriptor.stat()
        except OSError:
            continue
        if (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
    return False


def _frame_of_ours(frame: FrameType | None) -> FrameType | None:
    while frame is not None and not frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame
