"""Identifies the process that holds a lease, so that its end can be detected before the lease expires."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


def this_process() -> str:
    """The unique name of this process in a lease."""
    return _named(os.getpid())


def is_gone(holder: str) -> bool:
    """Returns whether the process of that name has certainly ended.

    Returns False for a process on another machine or in another container; there the lease has to expire.
    """
    place, _, rest = holder.rpartition("|")
    pid, _, began = rest.partition("@")
    if place != _place() or not pid.isdecimal():
        return False
    now = _began(int(pid))
    return now is None or now != began.partition("/")[0]


@lru_cache(maxsize=1)
def _named(pid: int) -> str:
    return f"{_place()}|{pid}@{_began(pid) or ''}"


@lru_cache(maxsize=1)
def _place() -> str:
    """The machine and its pid namespace."""
    try:
        namespace = str((_PROC / "self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{os.uname().nodename}|{namespace}"


def _began(pid: int) -> str | None:
    """A process's start time, which distinguishes it from others with the same pid; "" if unknown, None if ended."""
    if (_PROC / "self/stat").exists():
        try:
            state, *fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(") ")[2].split()
        except OSError:
            return None
        return None if state in "ZX" else fields[18]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    return ""
