"""Forks copy calls; this settles which call paid and which are its copies, whatever came first.

Copies are the same in all that a call is but their ids. In each group of equal calls those that are not
copies paid. Where OpenCode has none of them any more (the original session was deleted before the ledger saw
it) the copies of one session stand for them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from opencode_tui.records import Call

_GROUPS = """
  SELECT id, session_id, copied, copied_from, created_ms, completed_ms, provider, model, agent,
    input, output, reasoning, cache_read, cache_write, recorded_nano, finish
  FROM call WHERE created_ms IN (SELECT value FROM json_each(?)) ORDER BY session_id, id
"""
_MOMENTS_WITH_COPIES = """
  SELECT DISTINCT created_ms FROM call INDEXED BY call_copied
  WHERE copied = 1 AND created_ms IN (SELECT value FROM json_each(?))
"""


def link_copies(connection: sqlite3.Connection, calls: Sequence[Call]) -> None:
    """Settle the groups that these calls, already in the ledger, belong to."""
    moments = json.dumps(sorted({call.created_ms for call in calls}))
    touched = [row[0] for row in connection.execute(_MOMENTS_WITH_COPIES, (moments,))]
    if not touched:
        return
    groups: dict[tuple[Any, ...], list[tuple[str, str, int, str | None]]] = defaultdict(list)
    for id, session_id, copied, copied_from, *same in connection.execute(_GROUPS, (json.dumps(touched),)):
        groups[tuple(same)].append((id, session_id, copied, copied_from))
    for members in groups.values():
        _settle(connection, members)


def _settle(connection: sqlite3.Connection, members: list[tuple[str, str, int, str | None]]) -> None:
    paid = [id for id, _, copied, _ in members if not copied]
    copies = [member for member in members if member[2]]
    if not paid and copies:
        by_session: dict[str, list[str]] = defaultdict(list)
        for id, session_id, _, _ in copies:
            by_session[session_id].append(id)
        # A fork holds each call once, so the most that one session holds is how many there were.
        paid = max(by_session.values(), key=len)
    for id, _, _, copied_from in copies:
        origin = None if id in paid else paid[0]
        if origin != copied_from:
            connection.execute("UPDATE call SET copied_from = ? WHERE id = ?", (origin, id))
