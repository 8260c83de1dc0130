"""Calls of OpenCode 2 that were undone after a fork had copied them: the copies tell what the originals were.

The original's cost stays in the sum of its own session, so that the copy must not stand for it as it would for a
session that was deleted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opencode_tui.source.decode import moment

_FORKS = "SELECT id, fork_session_id FROM session_v2 WHERE fork_session_id IS NOT NULL"
_MADE = "SELECT id, time_created FROM session_v2 WHERE id IN (SELECT value FROM json_each(?))"
# Copies whose row is gone from the session that they were copied from.
_ORPHANS = """
  SELECT m.id, m.session_id, m.seq, m.time_created
  FROM session_v2 s JOIN session_message m ON m.session_id = s.id
  WHERE s.id IN (SELECT value FROM json_each(?)) AND m.type IN ('assistant', 'compaction')
    AND m.id LIKE '%\\_' || m.seq ESCAPE '\\' AND NOT EXISTS (
      SELECT 1 FROM session_message o
      WHERE o.session_id = s.fork_session_id AND o.seq = m.seq AND o.time_created = m.time_created)
"""
_STANDS = "SELECT 1 FROM session_message WHERE session_id = ? AND seq = ? AND time_created = ?"


@dataclass(frozen=True, slots=True)
class Orphan:
    """A copy whose original was undone in the session that had made it."""

    copy_id: str
    session_id: str
    """Where the original was made."""
    seq: int


def orphans(connection: sqlite3.Connection, owners: Iterable[str]) -> list[Orphan]:
    """The copies whose originals were undone in one of these sessions, one for each original."""
    parents: dict[str, str] = dict(connection.execute(_FORKS).fetchall())
    wanted = set(owners)
    forks = [id for id in parents if wanted.intersection(_above(id, parents))]
    if not forks:
        return []
    involved = json.dumps(sorted({*forks, *(above for id in forks for above in _above(id, parents))}))
    made = {id: moment(created) for id, created in connection.execute(_MADE, (involved,)).fetchall()}
    found: dict[tuple[str, int], Orphan] = {}
    for copy_id, fork, seq, created in connection.execute(_ORPHANS, (json.dumps(forks),)).fetchall():
        owner = _owner([(id, made[id]) for id in _above(fork, parents) if id in made], created)
        if owner in wanted and connection.execute(_STANDS, (owner, seq, created)).fetchone() is None:
            found.setdefault((owner, seq), Orphan(copy_id, owner, seq))
    return list(found.values())


def _owner(above: Sequence[tuple[str, int | None]], created: object) -> str | None:
    """The first of the sessions, the nearest first, that was there when a call was made.

    One that does not say since when it is there may have copied the call as well, but for the last.
    """
    created_ms = moment(created)
    if created_ms is None:
        return None
    old = (id for id, made_ms in above if made_ms is not None and made_ms <= created_ms)
    return next(old, above[-1][0] if above and above[-1][1] is None else None)


def _above(id: str, parents: dict[str, str]) -> list[str]:
    """The sessions that a fork goes back to, the nearest first."""
    way: list[str] = []
    while (parent := parents.get(id)) is not None and parent not in way:
        way.append(parent)
        id = parent
    return way
