"""Moves the `-wal` of a long import into the ledger's file beside the writing, which would wait for the disk else.

SQLite's own checkpoints are made by the connection that commits, and wait twice until the disk has everything. Here a
thread with a connection of its own makes them while the next transactions are written. What these have added by then is
little, and is moved by the writing connection, so that the `-wal` begins again at its start and stays small.
"""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Literal

_COMMITS = 8
"""So many transactions of an import are about 30 MB."""


class Checkpoints:
    """The checkpoints during a long import. For the thread that writes, which closes it at the end."""

    def __init__(self, ledger: Path) -> None:
        self._uri = f"{ledger.absolute().as_uri()}?mode=rw"
        self._commits = 0
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None
        self._connection: sqlite3.Connection | None = None

    def committed(self) -> Literal["due", "moved"] | None:
        """Call this after each transaction.

        Returns `due` when the caller has to `begin` a checkpoint, and `moved` once it has ended, when the caller has to
        move the rest.
        """
        self._commits += 1
        if self._running is None:
            return "due" if self._commits >= _COMMITS else None
        if not self._running.done():
            return None
        self._commits, self._running = 0, None
        return "moved"

    def begin(self) -> None:
        self._running = self._pool.submit(self._move)

    def close(self) -> None:
        """Waits for a checkpoint that is being made."""
        self._pool.shutdown()
        if self._connection is not None:
            self._connection.close()

    def _move(self) -> None:
        with suppress(sqlite3.Error):  # the next one moves more
            if self._connection is None:
                self._connection = sqlite3.connect(self._uri, uri=True, isolation_level=None, check_same_thread=False)
                self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            for _ in range(2):  # the second one moves what was written during the first
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
