"""What the ledger knows of sessions, for a store that is being read."""

from __future__ import annotations

import sqlite3


class SessionsInLedger:
    """The sessions in the ledger, seen from one store. Each question is a query."""

    def __init__(self, connection: sqlite3.Connection, store_id: int) -> None:
        self._connection, self._store_id = connection, store_id

    def fork_of(self, session_id: str) -> str | None:
        """The session that a session was forked from; None if it is no fork or no store has shown it."""
        row = self._connection.execute("SELECT fork_of FROM session WHERE id = ?", (session_id,)).fetchone()
        return None if row is None else row[0]

    def present(self) -> frozenset[str]:
        """The ids of the sessions that were in the store when it was last read."""
        query = "SELECT id FROM session WHERE store_id = ? AND present = 1"
        return frozenset(row[0] for row in self._connection.execute(query, (self._store_id,)))
