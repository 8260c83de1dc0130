"""Who holds a lease: a process by a name that no other has, so that its end can be seen before the lease ends."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

_PROC = Path("/proc")


def this_process() -> str:
    """This process's name in a lease."""
    return _named(os.getpid())


def is_gone(holder: str) -> bool:
    """Whether the process of that name has certainly ended.

    Of another machine, or of another container, that cannot be seen: there only the lease's own end counts.
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
    """The machine, and the namespace that process ids are of."""
    try:
        namespace = str((_PROC / "self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{os.uname().nodename}|{namespace}"


def _began(pid: int) -> str | None:
    """What tells a process from a later one with its number, empty where the system does not say; None for none."""
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
