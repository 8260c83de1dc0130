"""The messages of a session that OpenCode shows: an undo leaves the rows of what it took back until the next prompt.

Until then a redo can bring them back.
"""

from __future__ import annotations

import sqlite3

_V1_UNDO = """
  SELECT CASE WHEN json_valid(revert) THEN json_extract(revert, '$.messageID') END,
    CASE WHEN json_valid(revert) THEN json_extract(revert, '$.partID') END IS NOT NULL
  FROM session WHERE id = ?
"""
_V1 = "SELECT id FROM message WHERE session_id = ?1 AND (?2 IS NULL OR id < ?2 OR (?3 AND id = ?2))"
_V2_UNDO = """
  SELECT CASE WHEN json_valid(revert) THEN json_extract(revert, '$.messageID') END, 0 FROM session_v2 WHERE id = ?
"""
_V2 = """
  SELECT id FROM session_message
  WHERE session_id = ?1
    AND (?2 IS NULL OR ?3 OR seq < coalesce((SELECT seq FROM session_message WHERE id = ?2), seq + 1))
"""
_QUERIES = {"message": (_V1_UNDO, _V1), "session_message": (_V2_UNDO, _V2)}


def shown_ids(connection: sqlite3.Connection, message_table: str, session_id: str) -> frozenset[str] | None:
    """The ids of the messages of a session that are not taken back; None if the store does not hold it.

    Of an undo that begins within a message, the message itself stays. Raises sqlite3.OperationalError.
    """
    undo, shown = _QUERIES[message_table]
    found = connection.execute(undo, (session_id,)).fetchone()
    if found is None:
        return None
    return frozenset(row[0] for row in connection.execute(shown, (session_id, *found)))
