"""Splits messages again that the ledger holds as fewer calls than they have steps.

Such a message was written by an older version, or read from a store without its steps. Its whole cost is in the ledger
already, so the new calls must replace the old ones. That happens only if nothing but the tokens changes; else the
message stays as it is.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from opencode_tui.pricing.book import Priced
from opencode_tui.records.calls import Call, message_id

_WHOLE = """
  SELECT c.session_id, c.id FROM session s JOIN call c ON c.session_id = s.id
  WHERE s.version LIKE '0.%' AND c.completed_ms IS NOT NULL AND instr(c.id, '#') = 0
    AND NOT EXISTS (SELECT 1 FROM call o WHERE o.id = c.id || '#2')
"""
# '$' follows '#'.
_OF_MESSAGE = """
  SELECT id, recorded_nano, amount_nano, created_ms, basis = 'recorded' AND copied = 0 AND copied_from IS NULL
      AND completed_ms IS NOT NULL AND missing IS NULL
  FROM call WHERE id = ?1 OR id > ?1 || '#' AND id < ?1 || '$'
"""
_BESIDE = """
  SELECT 1 FROM call WHERE created_ms = ? AND id NOT IN (SELECT value FROM json_each(?))
"""


def possibly_unsplit(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """(session id, call id) of calls that may be whole messages of several steps, as OpenCode 0.x wrote them."""
    return connection.execute(_WHOLE).fetchall()


def resplit_messages(calls: Sequence[Call], final: Collection[str]) -> frozenset[str]:
    """The messages of these calls that the ledger has, but not with all their calls."""
    first = {message for call in calls if "#" in call.id and (message := message_id(call.id)) in final}
    if not first:
        return frozenset()
    new = {message_id(call.id) for call in calls if call.id not in final}
    return frozenset(first & new)


def reopen_messages(
    connection: sqlite3.Connection, calls: Sequence[tuple[Call, Priced]], messages: Iterable[str]
) -> list[tuple[Call, Priced]]:
    """Returns the calls that may be written, and marks the calls that they replace as running, so that they can be.

    Must run in the transaction that writes the calls.
    """
    by_message: dict[str, list[tuple[Call, Priced]]] = defaultdict(list)
    for call, priced in calls:
        by_message[message_id(call.id)].append((call, priced))
    for message in messages:
        known = connection.execute(_OF_MESSAGE, (message,)).fetchall()
        if {row[0] for row in known} >= {call.id for call, _ in by_message[message]}:
            continue
        ids = json.dumps([row[0] for row in known])
        if _is_same(known, by_message[message]) and not connection.execute(_BESIDE, (known[0][3], ids)).fetchone():
            query = "UPDATE call SET completed_ms = NULL WHERE id IN (SELECT value FROM json_each(?))"
            connection.execute(query, (ids,))
        else:
            del by_message[message]
    return [(call, priced) for call, priced in calls if message_id(call.id) in by_message]


def _is_same(known: Sequence[tuple[str, int, int, int, int]], new: Sequence[tuple[Call, Priced]]) -> bool:
    """Returns whether the new calls include all known ones, and more, at the same total cost."""
    return (
        bool(known)
        and {row[0] for row in known} < {call.id for call, _ in new}
        and all(row[4] for row in known)
        and all(call.final and call.missing is None and not call.copied for call, _ in new)
        and all(priced.basis == "recorded" and call.created_ms == known[0][3] for call, priced in new)
        and sum(row[1] for row in known) == sum(call.recorded_nano for call, _ in new)
        and sum(row[2] for row in known) == sum(priced.amount_nano for _, priced in new)
    )
