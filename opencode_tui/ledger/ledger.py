"""The ledger's file: opened for one thread, created private, migrated when it is older than the program.

While a process has a SQLite database open it must not open and close that file by any other means: closing any
descriptor of a file drops all locks that the process holds on it, and another process then deletes the `-wal` as
if it were the last to leave. So the file is created under another name and linked into place, and its mode and
identity are asked of the path.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from opencode_tui.clock import monotonic_s
from opencode_tui.ledger.schema import LATEST, migrate

_BUSY_S = 20.0
_LEAST_S = 0.1
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class LedgerError(Exception):
    """The ledger cannot be used. The message is one sentence: what, where, what to do."""


class Ledger:
    """A connection to the ledger. One thread each; any number of processes."""

    def __init__(self, path: Path, busy_s: float = _BUSY_S) -> None:
        """`busy_s` is how long another process that has the ledger locked is waited for, until it is free once.

        After that wait the next ones are short, so that a command that meets the lock at each step does not add up.

        Raises LedgerError.
        """
        self.path = path
        self._busy_s = self._left_s = busy_s
        self._wal = path.with_name(path.name + "-wal")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _create_private(path)
            self.connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self._refuse_newer()
            migrate(self.connection)
            _make_private(path)
            self._files = self._files_now()
        except OSError as error:
            raise LedgerError(
                f"the ledger {path} cannot be opened ({error.strerror}); name another file with --ledger"
            ) from error
        except sqlite3.Error as error:
            raise LedgerError(
                f"the ledger {path} cannot be used ({error}); move it away or name another file with --ledger"
            ) from error

    def _refuse_newer(self) -> None:
        version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if version > LATEST:
            raise LedgerError(f"the ledger {self.path} was written by a newer opencode-tui; update this one with pip")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that has the right to write from its start, so that it never fails half way."""
        self._begin()
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        before = self._files_now()
        self.connection.execute("COMMIT")
        if before == self._files:  # a commit may end in a checkpoint
            self._files = self._files_now()

    def _begin(self) -> None:
        began_s = monotonic_s()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            with suppress(sqlite3.Error):
                self._set_patience(max(_LEAST_S, self._left_s - (monotonic_s() - began_s)))
            raise
        if self._left_s != self._busy_s:
            self._set_patience(self._busy_s)

    def _set_patience(self, seconds: float) -> None:
        self._left_s = min(seconds, self._busy_s)
        self.connection.execute(f"PRAGMA busy_timeout = {int(self._left_s * 1000)}")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction in which all queries see the same moment."""
        self.connection.execute("BEGIN")
        try:
            yield self.connection
        finally:
            self.connection.execute("ROLLBACK")

    def data_version(self) -> int:
        """Changes when another process has written; costs microseconds."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def changed_outside(self) -> Literal["no", "touched", "replaced"]:
        """What has become of the ledger's files by other means than this connection; costs microseconds.

        `replaced`: the path leads to other files, so that nobody else would see what is written now. `touched`:
        written in place, by another process's checkpoint or by a backup copied over it; pages that this connection
        has cached may be older. In both cases close it and open the path again.
        """
        now = self._files_now()
        if now[:2] != self._files[:2]:
            return "replaced"
        return "no" if now == self._files else "touched"

    def tidy(self) -> None:
        """Move what stands in the `-wal` into the ledger's file, unless another process reads it just now.

        For idle moments: a ledger that is copied, deleted or restored later then takes nothing with it.
        """
        with suppress(OSError, sqlite3.Error):
            if self._wal.stat().st_size and self.changed_outside() == "no":
                self.connection.execute("PRAGMA busy_timeout = 0")
                try:
                    self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    self._set_patience(self._left_s)
                    self._files = self._files_now()

    def close(self) -> None:
        self.connection.close()

    def _files_now(self) -> tuple[tuple[int, ...] | None, ...]:
        """What identifies the ledger and its `-wal`, and when the ledger was written; None for what is not there."""
        main, wal = _stat(self.path), _stat(self._wal)
        return (
            main and (main.st_dev, main.st_ino),
            wal and (wal.st_dev, wal.st_ino),
            main and (main.st_mtime_ns, main.st_size),
        )


def _create_private(path: Path) -> None:
    """An empty file that only its owner can read, unless there is one. Raises OSError for one that is no use."""
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
        # Not a rename: another process may have created the ledger meanwhile. Where neither works SQLite creates it.
        with suppress(OSError):
            os.link(fresh, path)
    finally:
        Path(fresh).unlink()


def _make_private(path: Path) -> None:
    """Take the ledger's rights from everybody but its owner; one that belongs to somebody else stays as it is."""
    with suppress(OSError):
        mode = path.stat().st_mode
        if mode & _OTHERS:
            for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                file.chmod(stat.S_IRUSR | stat.S_IWUSR)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
