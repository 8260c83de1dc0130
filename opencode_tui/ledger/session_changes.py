"""A log of the sessions that changed, so that who has read all of them reads only these again.

Triggers note a session whose own row changed, `settle` (ledger/sums.py) those whose calls or tools did, and
`keep_turns` (ledger/turns.py) those whose turns were classified. Only the last changes are kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

MOST_CHANGES = 500
"""Of more changes than this, it is not said which sessions they are of."""
_KEPT = 5_000
_NOTE_SUMMED = "INSERT INTO session_change (session_id) SELECT DISTINCT session_id FROM unsummed"
_NOTE = "INSERT INTO session_change (session_id) SELECT value FROM json_each(?)"
_FORGET = f"DELETE FROM session_change WHERE number <= (SELECT max(number) FROM session_change) - {_KEPT}"
_LAST = "SELECT coalesce(max(number), 0) FROM session_change"
_SINCE = """
  SELECT session_id FROM session_change WHERE number > ?1
  UNION SELECT s.id FROM session_change c CROSS JOIN session s ON s.parent_id = c.session_id WHERE c.number > ?1
"""


def note_summed(connection: sqlite3.Connection) -> None:
    """Notes the sessions in `unsummed`. Must run in a write transaction."""
    connection.execute(_NOTE_SUMMED)
    connection.execute(_FORGET)


def note_classified(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Notes sessions whose turns were classified. Must run in the transaction that did so."""
    connection.execute(_NOTE, (json.dumps(list(ids)),))
    connection.execute(_FORGET)


def last_change(connection: sqlite3.Connection) -> int:
    """The number of the last change; 0 if there was none."""
    return int(connection.execute(_LAST).fetchone()[0])


def changed_since(connection: sqlite3.Connection, number: int) -> frozenset[str] | None:
    """The ids of the sessions that changed after a change, and of their subagents; None if these are too many."""
    if not 0 <= last_change(connection) - number <= MOST_CHANGES:
        return None
    return frozenset(row[0] for row in connection.execute(_SINCE, (number,)))
