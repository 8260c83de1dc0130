"""Creates the files of our databases without ever opening one that SQLite may have open.

Closing any descriptor of a file drops all POSIX locks that this process has on it, those of SQLite as well.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path


def create_private(path: Path) -> None:
    """Creates an empty file that only its owner can read, if there is none. Raises OSError if it is not usable."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(errno.EINVAL, "not a file")
        if not os.access(path, os.R_OK | os.W_OK):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return
    from tempfile import mkstemp

    handle, fresh = mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(handle)
    try:
        # A link, not a rename: another process may just have created the ledger. If links fail, SQLite creates it.
        with suppress(OSError):
            os.link(fresh, path)
    finally:
        Path(fresh).unlink()
