"""Forks copy calls; this settles which call paid and which are its copies, whatever came first.

Copies are the same in all that a call is but their ids. In each group of equal calls those that are not
copies paid. Where OpenCode has none of them any more (the original session was deleted before the ledger saw
it) the copies of one session stand for them.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opencode_tui.records import Call

# When a call ended is no part of what it is: an upgrade to OpenCode 2 changes that of old copies.
_EQUALS = """
  SELECT id, session_id, copied, copied_from, copy_of, created_ms, provider, model, agent,
    input, output, reasoning, cache_read, cache_write, recorded_nano, finish
  FROM call WHERE created_ms IN (SELECT value FROM json_each(?)) ORDER BY session_id, id
"""
_MOMENTS_WITH_COPIES = """
  SELECT DISTINCT created_ms FROM call INDEXED BY call_copied
  WHERE copied = 1 AND created_ms IN (SELECT value FROM json_each(?))
"""


@dataclass(frozen=True, slots=True)
class _Member:
    id: str
    session_id: str
    copied: int
    copied_from: str | None


def link_copies(connection: sqlite3.Connection, calls: Sequence[Call]) -> None:
    """Settle the groups that these calls, already in the ledger, belong to."""
    moments = json.dumps(sorted({call.created_ms for call in calls}))
    touched = [row[0] for row in connection.execute(_MOMENTS_WITH_COPIES, (moments,))]
    if not touched:
        return
    members: dict[str, _Member] = {}
    likeness: dict[str, tuple[Any, ...]] = {}
    named: dict[str, str] = {}
    for id, session_id, copied, copied_from, copy_of, *same in connection.execute(_EQUALS, (json.dumps(touched),)):
        members[id] = _Member(id, session_id, copied, copied_from)
        likeness[id] = tuple(same)
        if copied and copy_of:
            named[id] = copy_of
    groups: dict[tuple[Any, ...], list[_Member]] = defaultdict(list)
    for id, member in members.items():
        groups[likeness[_origin(id, named, members)]].append(member)
    for group in groups.values():
        _settle(connection, group)


def _origin(id: str, named: Mapping[str, str], members: Mapping[str, _Member]) -> str:
    """The first of the calls that this one was copied from, as far as the store names them."""
    way = [id]
    while (origin := named.get(way[-1], "")) in members and origin not in way:
        way.append(origin)
    return way[-1]


def _settle(connection: sqlite3.Connection, group: list[_Member]) -> None:
    copies = [member for member in group if member.copied]
    paid = [member.id for member in group if not member.copied]
    if not paid and copies:
        by_session: dict[str, list[str]] = defaultdict(list)
        for copy in copies:
            by_session[copy.session_id].append(copy.id)
        # A fork holds each call once, so the most that one session holds is how many there were.
        paid = max(by_session.values(), key=len)
    for copy in copies:
        origin = None if copy.id in paid else paid[0]
        if origin != copy.copied_from:
            connection.execute("UPDATE call SET copied_from = ? WHERE id = ?", (origin, copy.id))
