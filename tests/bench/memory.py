"""The most memory that a process and those that it started had at one time."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

_LOOK_S = 0.05


class PeakMemory:
    """Looks at a process 20 times a second while it is entered; `mb` stays 0 where there is no /proc.

    Pages that two of the processes share count twice.
    """

    def __init__(self, pid: int) -> None:
        self.mb = 0.0
        self._pid, self._is_over = pid, Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(_LOOK_S):
            self.mb = max(self.mb, _resident_mb(self._pid))


def _resident_mb(pid: int) -> float:
    """Of a process and of all below it; 0 of one that has ended."""
    with suppress(OSError, ValueError, IndexError):
        place = Path("/proc") / str(pid)
        pages = int((place / "statm").read_text().split()[1])
        below = " ".join(each.read_text() for each in place.glob("task/*/children")).split()
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2 + sum(_resident_mb(int(child)) for child in below)
    return 0.0
