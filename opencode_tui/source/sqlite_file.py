"""Opens one of OpenCode's SQLite files without ever writing to it, to the files beside it, or blocking a writer.

Live (with a `-wal` and a `-shm` beside it): a `mode=ro` connection that is kept open and always consistent.
Quiet (no `-wal`, so no process has it open): `immutable=1`, which unlike `mode=ro` creates no new files and works in a
read-only directory; it is safe while the file does not change, which is checked after every read.
Left over from a crash (a `-wal` without a `-shm`, or a journal to roll back): a private copy, because SQLite would
create new files beside the original.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from opencode_tui.clock import monotonic_s
from opencode_tui.source.batch import StoreTrouble
from opencode_tui.source.copying import PrivateFolder, copy_apart
from opencode_tui.source.text import path_text

_BUSY_S, _SHORT_S = 1.0, 0.1
_MAPPED_BYTES, _READS_MAPPED = 1 << 40, 8
"""The most that is mapped of a file, of which SQLite takes what it allows, and for how many reads at a time."""
_Stamp = tuple[int, int, int, int]


class SqliteFile:
    """A read-only connection that is reopened when its file is replaced, or changes between live and quiet.

    Waits a second for a locked file, but less for each if several are locked at once.
    """

    _locked_s = -_BUSY_S
    """When any file was last found locked (monotonic seconds)."""

    def __init__(self, path: Path, *, maps: bool = False) -> None:
        """With `maps` the file is read as mapped memory, which spares copying its pages.

        A process that maps a file is killed if another one cuts it off or the disk fails, so only one that may be does.
        """
        self.path = path
        self._name = path_text(path)
        self._wal = path.with_name(path.name + "-wal")
        self._journal = path.with_name(path.name + "-journal")
        self._shm = path.with_name(path.name + "-shm")
        self._connection: sqlite3.Connection | None = None
        self._stamp: _Stamp | None = None
        self._quiet = False
        self._copy: PrivateFolder | None = None
        self._seen: object = None
        self._maps, self._reads = maps, 0
        self._lenient = False
        """The file holds text that is not UTF-8, so invalid bytes are escaped, which is slower."""

    @property
    def identity(self) -> str:
        """A text that changes when the file is replaced by another. Raises StoreTrouble when it is gone."""
        stamp = self._main_stamp()
        return f"{stamp[0]}:{stamp[1]}"

    @property
    def is_copied(self) -> bool:
        """Whether a private copy of the file is read instead of the file."""
        return self._copy is not None

    def token(self) -> object:
        """A value that differs from an earlier one if anything was committed since; None if the file is unreadable."""
        try:
            main = self._main_stamp()
            if self._quiet or self._copy is not None or self._connection is None or main[:2] != (self._stamp or ())[:2]:
                return (main, _stamp(self._wal))
            return (main[:2], self._connection.execute("PRAGMA data_version").fetchone()[0])
        except (StoreTrouble, sqlite3.Error, OSError):
            return None

    def seen(self, token: object) -> None:
        """Remembers the token from the start of a complete read."""
        self._seen = token

    def changed(self) -> bool:
        token = self.token()
        return token is None or token != self._seen

    def open(self) -> None:
        """Connects, or reconnects if the open file is no longer the one at the path. Raises StoreTrouble."""
        main = self._main_stamp()
        try:
            live = self._in_use()
        except OSError as error:
            raise self._trouble(error) from error
        if self._connection is not None and self._stamp is not None:
            same = main[:2] == self._stamp[:2] if not self._quiet else main == self._stamp and not live
            if same and self._copy is None:
                return
        self.close()
        try:
            if not os.access(self.path, os.R_OK, effective_ids=os.access in os.supports_effective_ids):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            self._connection = self._connect(live)
        except StoreTrouble:
            self.close()
            raise
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise self._trouble(error) from error
        self._stamp = main
        self._quiet = not live

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A short read transaction with one consistent snapshot. Fetch all rows before it ends.

        Raises StoreTrouble for SQLite's errors, and if a quiet file was written during the read.
        """
        if self._connection is None:
            self.open()
        connection = self._connection
        assert connection is not None
        try:
            connection.execute(f"PRAGMA busy_timeout = {int(self._busy_s() * 1000)}")
            if self._maps:
                self._map_again(connection)
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            moved = self._was_touched()
            self.close()
            raise (self._touched() if moved else self._trouble(error)) from error
        if self._was_touched():
            self.close()
            raise self._touched()

    def _map_again(self, connection: sqlite3.Connection) -> None:
        """Maps the file, and from time to time again, as the pages that were read count as memory of this process."""
        if self._reads % _READS_MAPPED == 0:
            connection.execute("PRAGMA mmap_size = 0")
            connection.execute(f"PRAGMA mmap_size = {_MAPPED_BYTES}")
        self._reads += 1

    def close(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        if self._copy is not None:
            self._copy.close()
        self._connection, self._stamp, self._copy, self._seen = None, None, None, None

    @staticmethod
    def _busy_s() -> float:
        return _SHORT_S if monotonic_s() - SqliteFile._locked_s < _BUSY_S else _BUSY_S

    def _connect(self, live: bool) -> sqlite3.Connection:
        if not live:
            return _connect(self.path, "immutable=1", self._busy_s(), self._lenient)
        if _stamp(self._shm) is not None or _stamp(self._wal) is None:
            try:
                return _connect(self.path, "mode=ro", self._busy_s(), self._lenient)
            except sqlite3.OperationalError as error:
                # The process that left these files has ended, and only a writer could open them: read a copy instead.
                if not error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
                    raise
        before = self._stamps()
        self._copy = PrivateFolder()
        copy = copy_apart(self.path, (self._wal, self._journal), self._copy.path)
        if before != self._stamps():
            raise self._touched()
        return _connect(copy, "mode=rw", self._busy_s(), self._lenient)

    def _was_touched(self) -> bool:
        """Returns whether a quiet file changed since it was opened, so that the rows read may be inconsistent."""
        try:
            return self._quiet and (self._main_stamp() != self._stamp or self._in_use())
        except OSError as error:
            raise self._trouble(error) from error

    def _touched(self) -> StoreTrouble:
        sentence = f"{self._name} was opened by OpenCode just now; reading it again"
        return StoreTrouble("locked", sentence, again=True)

    def _stamps(self) -> tuple[object, ...]:
        return tuple(_stamp(path) for path in (self.path, self._wal, self._journal))

    def _in_use(self) -> bool:
        return _stamp(self._wal) is not None or _stamp(self._journal) is not None

    def _main_stamp(self) -> _Stamp:
        try:
            stamp = _stamp(self.path)
        except OSError as error:
            raise self._trouble(error) from error
        if stamp is None:
            raise StoreTrouble("gone", f"{self._name} is not there any more; what it said before is kept in the ledger")
        return stamp

    def _trouble(self, error: Exception) -> StoreTrouble:
        if isinstance(error, FileNotFoundError):
            return StoreTrouble("locked", f"{self._name} was opened by OpenCode just now; reading it again", again=True)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            return StoreTrouble("broken", f"{self._name} cannot be read ({reason}); see who may read it")
        reason = str(error)
        if "Could not decode" in reason and not self._lenient:
            self._lenient = True
            return StoreTrouble("broken", f"{self._name} holds text that is not UTF-8", again=True)
        if "locked" in reason or "busy" in reason:
            SqliteFile._locked_s = monotonic_s()
            return StoreTrouble("locked", f"{self._name} is locked by another program; trying again")
        with suppress(OSError):
            if _stamp(self.path) is None:
                return StoreTrouble("gone", f"{self._name} is not there any more; what it said is kept in the ledger")
        return StoreTrouble(
            "broken", f"{self._name} cannot be read ({reason}); see whether OpenCode itself still opens it"
        )


def _connect(path: Path, how: str, busy_s: float, lenient: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path.absolute().as_uri() + "?" + how,
        uri=True,
        timeout=busy_s,
        isolation_level=None,
        check_same_thread=False,
    )
    if lenient:
        connection.text_factory = _decode
    connection.execute("PRAGMA query_only = 1")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _decode(raw: bytes) -> str:
    # Escapes instead of U+FFFD, so that two different ids stay different.
    return raw.decode("utf-8", "backslashreplace")


def _stamp(path: Path) -> _Stamp | None:
    """A value that changes when a file is written or replaced; None if there is no file.

    Raises OSError, also for anything but a regular file: opening a pipe could block without end.
    """
    try:
        info = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(info.st_mode):
        raise OSError(errno.EINVAL, f"{path.name} is no file")
    return (info.st_dev, info.st_ino, info.st_mtime_ns, info.st_size)


def columns(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """The names of a table's columns; empty if there is no such table."""
    return frozenset(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
