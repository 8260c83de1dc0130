"""A log of the sessions that changed, so that who has read all of them reads only these again.

Triggers note a session whose own row changed, whose calls were summed again (it leaves `unsummed`), and whose turns
were classified: so it is noted whoever wrote, also an older version of this program that was left open. Only the last
changes are kept.
"""

from __future__ import annotations

import sqlite3

MOST_CHANGES = 1_000
"""Of more changes than this, it is not said which sessions they are of."""
_KEPT = 10_000
_FORGET = f"DELETE FROM session_change WHERE number <= (SELECT max(number) FROM session_change) - {_KEPT}"
_LAST = "SELECT coalesce(max(number), 0) FROM session_change"
_SINCE = """
  SELECT session_id FROM session_change WHERE number > ?1
  UNION SELECT s.id FROM session_change c CROSS JOIN session s ON s.parent_id = c.session_id WHERE c.number > ?1
"""


def forget_oldest(connection: sqlite3.Connection) -> None:
    """Keeps the log short. Must run in a write transaction."""
    connection.execute(_FORGET)


def last_change(connection: sqlite3.Connection) -> int:
    """The number of the last change; 0 if there was none."""
    return int(connection.execute(_LAST).fetchone()[0])


def changed_since(connection: sqlite3.Connection, number: int) -> frozenset[str] | None:
    """The ids of the sessions that changed after a change, and of their subagents; None if these are too many."""
    if not 0 <= last_change(connection) - number <= MOST_CHANGES:
        return None
    return frozenset(row[0] for row in connection.execute(_SINCE, (number,)))
