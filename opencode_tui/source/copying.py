"""Makes a private copy of a database that cannot be opened in place without creating new files beside it."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable
from pathlib import Path

_COPY = "import shutil, sys; shutil.copyfile(*sys.argv[1:])"


class PrivateFolder:
    """A temporary folder, removed by `close` or at the end of the process."""

    def __init__(self) -> None:
        from shutil import rmtree
        from tempfile import mkdtemp

        self.path = Path(mkdtemp(prefix="opencode-tui-"))
        self.close = weakref.finalize(self, rmtree, self.path, ignore_errors=True)


def copy_apart(path: Path, neighbours: Iterable[Path], to: Path) -> Path:
    """Copies a database and those of its neighbours that exist to the directory `to`. Raises OSError.

    A subprocess copies, because closing a file drops all locks that this process holds on it, SQLite's included.
    """
    import shutil  # here, as they are seldom needed
    import subprocess

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
            message = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            if not Path(pair[0]).exists():  # the process that had the database open has closed it
                raise FileNotFoundError(None, "a file beside it has gone")
            raise OSError(None, f"no private copy of it can be made: {message[:200]}")
    return copy
