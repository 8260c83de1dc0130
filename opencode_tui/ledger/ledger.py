"""The ledger's file: opened for one thread, created private, migrated when it is older than the program."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opencode_tui.ledger.schema import LATEST, migrate

_BUSY_S = 20.0


class LedgerError(Exception):
    """The ledger cannot be used. The message is one sentence: what, where, what to do."""


class Ledger:
    """A connection to the ledger. One thread each; any number of processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self.connection = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self.connection.execute("PRAGMA synchronous = NORMAL")
            self._refuse_newer()
            migrate(self.connection)
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
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

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

    def close(self) -> None:
        self.connection.close()
