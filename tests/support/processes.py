"""Waiting for processes that a test did not start itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

PATIENCE_S = 20.0


def until(done: Callable[[], bool]) -> None:
    end = monotonic() + PATIENCE_S
    while not done():
        assert monotonic() < end
        sleep(0.01)


def runs(pid: int) -> bool:
    """By its line in /proc, which is still there while nobody has asked how it ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def noted(file: Path) -> list[int]:
    """The processes that a script has noted, once it has."""
    until(lambda: file.exists() and file.read_text().endswith("\n"))
    return [int(pid) for pid in file.read_text().split()]
