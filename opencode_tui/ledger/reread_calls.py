"""The new calls of stores that are read from the start again, from their first batch to their sums.

Only the sums show which of these calls the ledger has in a residual already. They are read last, maybe by another
process: the one that began may be killed, or overtaken. Therefore the calls are noted in the ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from opencode_tui.records.calls import Call, Tokens

CALL_COLUMNS = """
  id, session_id, turn_id, provider, model, agent, directory, created_ms, completed_ms,
  input, output, reasoning, cache_read, cache_write, recorded_nano, copied
"""
"""The columns of a call in the ledger that `call_of` takes."""
_NOTED = f"""
  SELECT {CALL_COLUMNS} FROM reread_call r JOIN call c ON c.id = r.call_id WHERE r.store_id = ? ORDER BY r.number
"""


def begin(connection: sqlite3.Connection, store_id: int) -> None:
    """Marks a store as being read again."""
    connection.execute("INSERT OR IGNORE INTO reread (store_id) VALUES (?)", (store_id,))


def is_under_way(connection: sqlite3.Connection, store_id: int) -> bool:
    """Returns whether a store is being read again."""
    return connection.execute("SELECT 1 FROM reread WHERE store_id = ?", (store_id,)).fetchone() is not None


def note(connection: sqlite3.Connection, store_id: int, calls: Iterable[Call]) -> None:
    """Notes calls that a store which is being read again has shown."""
    query = "INSERT OR IGNORE INTO reread_call (store_id, call_id) VALUES (?, ?)"
    connection.executemany(query, [(store_id, call.id) for call in calls])


def end(connection: sqlite3.Connection, store_id: int) -> list[Call]:
    """Returns the calls that were noted for a store, as the ledger has them, and forgets them."""
    calls = [call_of(row) for row in connection.execute(_NOTED, (store_id,))]
    connection.execute("DELETE FROM reread_call WHERE store_id = ?", (store_id,))
    connection.execute("DELETE FROM reread WHERE store_id = ?", (store_id,))
    return calls


def call_of(values: Sequence[Any]) -> Call:
    """The call that these values of CALL_COLUMNS are."""
    id, session_id, turn_id, provider, model, agent, directory, created_ms, completed_ms, *rest = values
    *counts, nano, copied = rest
    return Call(
        *(id, session_id, turn_id, provider, model, agent, directory, created_ms, completed_ms),
        tokens=Tokens(*counts),
        recorded_nano=nano,
        copied=bool(copied),
    )
