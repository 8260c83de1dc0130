"""A private copy of a database, for one that cannot be opened where it is without leaving new files beside it."""

from __future__ import annotations

import shutil
import sys
import weakref
from collections.abc import Iterable
from pathlib import Path

_COPY = "import shutil, sys; shutil.copyfile(*sys.argv[1:])"


class PrivateFolder:
    """A temporary folder, removed by `close`, or else at the end of the process."""

    def __init__(self) -> None:
        from tempfile import mkdtemp

        self.path = Path(mkdtemp(prefix="opencode-tui-"))
        self.close = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def copy_apart(path: Path, neighbours: Iterable[Path], to: Path) -> Path:
    """The copy, in the directory `to`, of a database and of those of its neighbours that exist. Raises OSError.

    A process of its own copies: closing a file drops all locks that this process has on it, SQLite's as well.
    """
    import subprocess  # here, as it is seldom needed

    copy = to / "copy.db"
    pairs = [(path, copy)]
    for neighbour in neighbours:
        if neighbour.exists():
            pairs.append((neighbour, copy.with_name(copy.name + neighbour.name.removeprefix(path.name))))
    tool = shutil.which("cp")
    command = [tool, "--"] if tool else [sys.executable, "-I", "-S", "-c", _COPY]
    for pair in pairs:
        done = subprocess.run([*command, *pair], capture_output=True, check=False)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            if not Path(pair[0]).exists():  # whoever had the database open has closed it meanwhile
                raise FileNotFoundError(None, "a file beside it has gone")
            raise OSError(None, f"no private copy of it can be made: {said[:200]}")
    return copy
