"""Remembers which calls were sent to a collector, so that each is sent once in each signal.

One process sends at a time: it takes a lease, notes each batch once the collector has taken it, and renews the lease
with it. If a process ends between the two, the next one sends that batch again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from opencode_tui.ledger.call_export import EXPORTED, exported_call
from opencode_tui.ledger.holder import is_gone, this_process
from opencode_tui.records.exports import ExportedCall

SENDER_LEASE_MS = 120_000
"""Longer than a collector takes for one batch."""
_PAYS = "c.copied_from IS NULL AND (c.copied = 0 OR c.settled = 1)"
"""A fork's copy is no call of its own; one that pays for a lost original is, once that is settled."""
_UNSENT = f"""
  {EXPORTED}
  WHERE c.created_ms >= ?1 AND (c.created_ms, c.id) > (?1, ?2) AND c.completed_ms IS NOT NULL AND {_PAYS}
    AND NOT EXISTS (SELECT 1 FROM sent_call s WHERE s.signal = ?3 AND s.call_id = c.id)
  ORDER BY c.created_ms, c.id LIMIT ?4
"""
_TAKE = """
  INSERT INTO sender (id, holder, lease_until_ms) VALUES (1, ?, ?)
  ON CONFLICT DO UPDATE SET holder = excluded.holder, lease_until_ms = excluded.lease_until_ms
"""


def take_lease(connection: sqlite3.Connection, now_ms: int) -> bool:
    """Makes this process the sender, or renews that; returns False while another one is.

    Must run in a write transaction. A lease that ends later than any new one would was written by a wrong clock.
    """
    row = connection.execute("SELECT holder, lease_until_ms FROM sender").fetchone()
    if row is not None:
        holder, until_ms = row
        if holder != this_process() and 0 < until_ms - now_ms <= SENDER_LEASE_MS and not is_gone(holder):
            return False
    connection.execute(_TAKE, (this_process(), now_ms + SENDER_LEASE_MS))
    return True


def end_lease(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM sender WHERE holder = ?", (this_process(),))


def unsent_calls(
    connection: sqlite3.Connection, signal: str, after: tuple[int, str], most: int
) -> tuple[ExportedCall, ...]:
    """The next completed and paid calls after (Unix ms, id) that were not sent in a signal, oldest first."""
    return tuple(map(exported_call, connection.execute(_UNSENT, (*after, signal, most))))


def note_sent(connection: sqlite3.Connection, signal: str, calls: Iterable[ExportedCall]) -> None:
    """Notes that the collector has taken these calls. Must run in a write transaction."""
    rows = [(signal, call.id) for call in calls]
    connection.executemany("INSERT OR IGNORE INTO sent_call (signal, call_id) VALUES (?, ?)", rows)


def waiting_calls(connection: sqlite3.Connection, since_ms: int) -> int:
    """The number of paid calls that have not completed, and so cannot be sent yet."""
    query = f"SELECT count(*) FROM call c WHERE c.created_ms >= ? AND c.completed_ms IS NULL AND {_PAYS}"
    return int(connection.execute(query, (since_ms,)).fetchone()[0])
