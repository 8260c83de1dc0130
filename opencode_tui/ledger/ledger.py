"""Opens the ledger's file for one thread, creates it with private permissions and migrates it to the current schema.

While a process has a SQLite database open it must not open and close that file by any other means: closing any
descriptor of a file drops all locks that the process holds on it, and another process then deletes the `-wal` as
if no process used it. So the file is created under another name and linked into place, and its mode and identity are
read with `stat` on the path.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from opencode_tui.clock import monotonic_s
from opencode_tui.ledger.migrations import migrate
from opencode_tui.ledger.private_file import create_private
from opencode_tui.ledger.schema import LATEST
from opencode_tui.ledger.sums import check_rows, settle

if TYPE_CHECKING:
    from opencode_tui.ledger.checkpoints import Checkpoints

_IMPORT_CACHE_KB, _IMPORT_WAL_PAGES = 16_000, 40_000
"""A `-wal` of so many pages is moved by the writing connection itself, should the thread not keep up."""
_BUSY_S = 20.0
_LEAST_S = 0.1
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class LedgerError(Exception):
    """The ledger cannot be used. The message is one sentence that says what is wrong, where, and what to do."""


class Ledger:
    """A connection to the ledger for one thread; any number of processes may have one."""

    def __init__(self, path: Path, busy_s: float = _BUSY_S) -> None:
        """Opens the ledger at `path`, and creates or migrates it if needed. Raises LedgerError.

        `busy_s` is how many seconds to wait in all for a lock held by another process, until the ledger is free once;
        so a command that meets the lock at every step does not wait that long each time.
        """
        self.path = path
        self._busy_s = self._left_s = busy_s
        self._wal = path.with_name(path.name + "-wal")
        self._checkpoints: Checkpoints | None = None
        self._was_ours = False
        """Nobody else had changed the ledger's files when a checkpoint began."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            create_private(path)
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
        """A transaction with the write lock from its start, so that it never fails half way; it keeps the sums."""
        self._begin()
        try:
            check_rows(self.connection)
            yield self.connection
            settle(self.connection)
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        before = self._files_now()
        self.connection.execute("COMMIT")
        if before == self._files:  # a commit may end in a checkpoint
            self._files = self._files_now()
        if self._checkpoints is not None:
            self._move_beside(self._checkpoints)

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
        """A transaction in which all queries see the same snapshot."""
        self.connection.execute("BEGIN")
        try:
            yield self.connection
        finally:
            self.connection.execute("ROLLBACK")

    def data_version(self) -> int:
        """Changes when another process has written; costs microseconds."""
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])

    def changed_outside(self) -> Literal["no", "touched", "replaced"]:
        """Returns whether something other than this connection changed the ledger's files; costs microseconds.

        `replaced`: the path names other files, so that nobody else would see further writes. `touched`: written in
        place, by another process's checkpoint or a backup copied over it, so that pages cached by this connection may
        be outdated. In both cases close it and open the path again.
        """
        now = self._files_now()
        if now[:2] != self._files[:2]:
            return "replaced"
        return "no" if now == self._files else "touched"

    @contextmanager
    def long_import(self) -> Iterator[None]:
        """Makes large transactions faster, at the price of memory and of a larger `-wal`, which is as safe.

        Pages stay in memory until their transaction ends, instead of being written several times, and a thread moves
        them from the `-wal` into the ledger's file in larger portions.
        """
        from opencode_tui.ledger.checkpoints import Checkpoints  # a slow import, which most commands skip

        (pages,) = self.connection.execute("PRAGMA cache_size").fetchone()
        (portion,) = self.connection.execute("PRAGMA wal_autocheckpoint").fetchone()
        self.connection.execute(f"PRAGMA cache_size = -{_IMPORT_CACHE_KB}")
        self.connection.execute(f"PRAGMA wal_autocheckpoint = {_IMPORT_WAL_PAGES}")
        self._checkpoints = Checkpoints(self.path)
        try:
            yield
        finally:
            self._checkpoints.close()
            self._moved_beside()
            self._checkpoints = None
            with suppress(sqlite3.Error):
                self.connection.execute(f"PRAGMA cache_size = {pages}")
                self.connection.execute("PRAGMA shrink_memory")
                self.connection.execute(f"PRAGMA wal_autocheckpoint = {portion}")
                self._checkpoint("PASSIVE")

    def _move_beside(self, checkpoints: Checkpoints) -> None:
        """Lets a thread move what is in the `-wal` from time to time; moves what came in meanwhile."""
        state = checkpoints.committed()
        if state == "due":
            self._was_ours = self.changed_outside() == "no"
            checkpoints.begin()
        elif state == "moved":
            self.connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._moved_beside()

    def _moved_beside(self) -> None:
        """Takes what a checkpoint has written since it began for our own."""
        if self._was_ours:
            self._files = (*self._files[:2], self._files_now()[2])
            self._was_ours = False

    def _checkpoint(self, kind: Literal["PASSIVE", "TRUNCATE"]) -> None:
        """Moves what is in the `-wal` into the file. Raises sqlite3.Error."""
        is_ours = self.changed_outside() == "no"
        self.connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchone()
        if is_ours:
            self._files = self._files_now()

    def tidy(self) -> None:
        """Moves the contents of the `-wal` into the ledger's file, unless another process is reading it.

        Called when idle, so that nothing is lost if the ledger's file alone is copied, deleted or restored later.
        """
        with suppress(OSError, sqlite3.Error):
            if self._wal.stat().st_size and self.changed_outside() == "no":
                self.connection.execute("PRAGMA busy_timeout = 0")
                try:
                    self._checkpoint("TRUNCATE")
                finally:
                    self._set_patience(self._left_s)

    def close(self) -> None:
        self.connection.close()

    def _files_now(self) -> tuple[tuple[int, ...] | None, ...]:
        """(identity of the ledger, identity of its `-wal`, mtime and size of the ledger); None for a missing file."""
        main, wal = _stat(self.path), _stat(self._wal)
        return (
            main and (main.st_dev, main.st_ino),
            wal and (wal.st_dev, wal.st_ino),
            main and (main.st_mtime_ns, main.st_size),
        )


def _make_private(path: Path) -> None:
    """Removes all permissions for group and others; a ledger of another user stays as it is."""
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
