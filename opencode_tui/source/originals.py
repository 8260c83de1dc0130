"""Finds calls of OpenCode 2 that were undone after a fork had copied them, by the copies that remain in the fork.

The original's cost stays in the sum of its own session, so the copy must not pay for it, as it would if the session had
been deleted. If the copy is in a fork of a fork and the fork between them was deleted, the id of the deleted one shows
whether it is older than the call, and the rows that both sessions share show in which one the call was made.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from opencode_tui.source.batch import NOTHING_KNOWN
from opencode_tui.source.decode import moment
from opencode_tui.source.session_times import made_by_id
from opencode_tui.source.sqlite_file import columns

ForkOf = Callable[[str], str | None]
"""Gives the session that a session was forked from, by id."""

_FORKS = "SELECT id, fork_session_id FROM session_v2 WHERE typeof(id) = 'text' AND typeof(fork_session_id) = 'text'"
_CUT_OFF = "SELECT id FROM session_v2 WHERE fork_session_id NOT IN (SELECT id FROM session_v2 WHERE id IS NOT NULL)"
_IS_THERE = "SELECT 1 FROM session_v2 WHERE id = ?"
_MADE = "SELECT id, time_created FROM session_v2 WHERE id IN (SELECT value FROM json_each(?))"
# Copies whose original row no longer exists in the session they were copied from.
_ORPHANS = """
  SELECT m.id, m.session_id, m.seq, m.time_created
  FROM session_v2 s JOIN session_message m ON m.session_id = s.id
  WHERE s.id IN (SELECT value FROM json_each(?)) AND m.type IN ('assistant', 'compaction')
    AND typeof(m.seq) = 'integer' AND typeof(m.time_created) = 'integer' AND m.id LIKE '%\\_' || m.seq ESCAPE '\\'
    AND NOT EXISTS (
      SELECT 1 FROM session_message o
      WHERE o.session_id = s.fork_session_id AND o.seq = m.seq AND o.time_created = m.time_created)
  ORDER BY m.session_id, m.seq
"""
_FIRST_OWN = """
  SELECT session_id, min(seq) FROM session_message
  WHERE session_id IN (SELECT value FROM json_each(?)) AND typeof(seq) = 'integer'
    AND id NOT LIKE '%\\_' || seq ESCAPE '\\'
  GROUP BY session_id
"""
_HAS_ROW = "SELECT 1 FROM session_message WHERE session_id = ? AND seq = ? AND time_created = ?"
_PROMPTED_AT_ONCE_MS = 10_000
_MOST_FORKS = 100
# A fork and a session are related if they share rows, including rows that the session itself had copied. If all of the
# session's rows up to that point were undone, they are related if their titles match, or (as titles can change) if the
# session was created when the fork's first prompt was written.
_RELATED = f"""
  SELECT s.id, shares, at_once, s.title, f.title FROM (
    SELECT id, title, EXISTS (SELECT 1 FROM session_message own JOIN session_message copy
          ON copy.session_id = ?2 AND copy.seq = own.seq AND copy.time_created = own.time_created
        WHERE own.session_id IN (c.id, c.fork_session_id) AND own.seq < ?3) AS shares,
      NOT EXISTS (SELECT 1 FROM session_message WHERE session_id = c.id AND seq < ?3) AS is_empty,
      (SELECT time_created FROM session_message WHERE session_id = ?2 ORDER BY seq LIMIT 1)
          BETWEEN time_created AND time_created + {_PROMPTED_AT_ONCE_MS} AS at_once
    FROM session_v2 c WHERE id IN (SELECT value FROM json_each(?1)) AND id <> ?2) s
  JOIN session_v2 f ON f.id = ?2 WHERE shares OR is_empty
"""
_FORK_NUMBER = re.compile(r"( \(fork #\d+\))+$")
# The copy's number has no row, a later number has one, and the times are in the order of the numbers.
_HAS_GAP = """
  SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM session_message WHERE session_id = ?1 AND seq = ?2)
    AND EXISTS (SELECT 1 FROM session_message WHERE session_id = ?1 AND seq > ?2)
    AND (?3 < ?4 OR EXISTS (SELECT 1 FROM session_message WHERE session_id = ?1 AND seq > ?2 AND time_created >= ?3)
      AND NOT EXISTS (SELECT 1 FROM session_message WHERE session_id = ?1 AND seq < ?2 AND time_created > ?3))
"""


_DOUBTS = ("none", "some", "much")


class Orphan(Struct, frozen=True):
    """A copied call whose original was undone in its own session."""

    copy_id: str
    session_id: str
    """The session of the original."""
    seq: int
    doubt: Literal["none", "some", "much"] = "none"
    """How far the session is a guess, because a fork between the two is gone or the clock was set back.

    With some doubt the session's sum must have room for the call; with much doubt, for exactly all such calls.
    """


def orphans(
    connection: sqlite3.Connection,
    owners: Iterable[str],
    undone: Iterable[str] = (),
    fork_of: ForkOf = NOTHING_KNOWN.fork_of,
) -> list[Orphan]:
    """The copies whose originals were undone in one of these sessions, one per original, most likely first.

    `undone` are the sessions in which an undo left a gap. `fork_of` gives the origins of sessions that are deleted here
    but that another store has, such as a backup copy.
    """
    parents: dict[str, str] = dict(connection.execute(_FORKS).fetchall())
    wanted, gapped = set(owners), sorted(undone)
    if "title" not in columns(connection, "session_v2"):
        gapped = []
    ends = {row[0] for row in connection.execute(_CUT_OFF)} if gapped and parents else set()
    ends = {id for id in ends if not _leads_back(connection, parents[id], parents, fork_of)}
    ancestry = {id: _ancestors(id, parents) for id in parents}
    forks = [id for id, above in ancestry.items() if wanted.intersection(above) or ends.intersection((id, *above))]
    if not forks:
        return []
    involved = json.dumps(sorted({*forks, *gapped, *(above for id in forks for above in ancestry[id])}))
    made = {id: moment(created) for id, created in connection.execute(_MADE, (involved,)).fetchall()}
    first_own: dict[str, int] = dict(connection.execute(_FIRST_OWN, (involved,)).fetchall())
    found: dict[tuple[str, int], Orphan] = {}

    def add(orphan: Orphan) -> None:
        known = found.setdefault((orphan.session_id, orphan.seq), orphan)
        if _DOUBTS.index(orphan.doubt) < _DOUBTS.index(known.doubt):
            found[orphan.session_id, orphan.seq] = orphan

    related: dict[str, list[tuple[str, Literal["some", "much"]]]] = {}
    makers: dict[str, str] = {}
    for copy_id, fork, seq, created in connection.execute(_ORPHANS, (json.dumps(forks),)).fetchall():
        ancestors = _makers(ancestry[fork], first_own, seq)
        # A call after a session's own calls was made in that session or nearer to the fork, whatever its date.
        maker = makers.get(fork)
        owner = _owner(ancestors, made, created) or (maker if maker in ancestors else None)
        if owner is not None:
            makers[fork] = owner
            if owner in made and (owner not in wanted or _has_row(connection, owner, seq, created)):
                continue
            if owner in made:
                add(Orphan(copy_id, owner, seq))
            between = (fork, *ancestors[: ancestors.index(owner)])
            for id in _in_between(connection, between, seq, created, made, wanted, is_gone=owner not in made):
                add(Orphan(copy_id, id, seq, "some"))
            continue
        # If the clock was set back, a session's own calls are dated before it. A row in an ancestor is the original.
        if any(_has_row(connection, id, seq, created) for id in ancestors if id in made):
            continue
        for id in ancestors:
            if id in made and id in wanted:
                add(Orphan(copy_id, id, seq, "some"))
        if ends.intersection((fork, *ancestors)):
            if fork not in related:  # the lowest number comes first
                related[fork] = _related(connection, gapped, fork, seq)
            for id, doubt in related[fork]:
                since = made.get(id) or 0
                # A fork may have copied the rows it shares, and made no call that is older than itself.
                if id not in made or (id in parents and created < since):
                    continue
                if _has_gap(connection, id, seq, created, since):
                    add(Orphan(copy_id, id, seq, doubt))
    return list(found.values())


def _leads_back(connection: sqlite3.Connection, id: str, parents: dict[str, str], fork_of: ForkOf) -> bool:
    """Adds to `parents` what is known of a deleted session's origins; returns whether they lead to one in the store."""
    for _ in range(_MOST_FORKS):
        origin = parents.get(id) or fork_of(id)
        if origin is None:
            return False
        parents[id] = origin
        if connection.execute(_IS_THERE, (origin,)).fetchone():
            return True
        id = origin
    return False


def _in_between(
    connection: sqlite3.Connection,
    line: Sequence[str],
    seq: int,
    created_ms: int,
    made: Mapping[str, int | None],
    wanted: Set[str],
    *,
    is_gone: bool,
) -> Iterator[str]:
    """The wanted sessions of a line, from a fork to below the owner of a call by its date, that may have made the call.

    If the clock was set back, a call is dated before its session. If its seeming owner is gone, that shows only in a
    fork that is dated before its own origin.
    """
    for below, id in pairwise(line):
        if id in made and id in wanted and not _has_row(connection, id, seq, created_ms):
            since = made[id] or 0
            is_back = created_ms <= (made.get(below) or since) < since
            if not is_gone or (is_back and _has_gap(connection, id, seq, created_ms, since)):
                yield id


def _related(
    connection: sqlite3.Connection, gapped: Sequence[str], fork: str, seq: int
) -> list[tuple[str, Literal["some", "much"]]]:
    """The sessions with a gap that may be an ancestor of a fork whose own ancestors are gone; `seq` is its first call.

    Without any sign of it, a session may still be one if its rows before that call were all undone.
    """
    rows = connection.execute(_RELATED, (json.dumps(gapped), fork, seq)).fetchall()
    signs = {id: any(found) or _is_same_title(own, other) for id, *found, own, other in rows}
    return [(id, "some" if has_sign else "much") for id, has_sign in signs.items()]


def _makers(ancestors: Sequence[str], first_own: Mapping[str, int], seq: int) -> Sequence[str]:
    """The ancestors that may have made what a fork copied: up to the first that had a row of its own before it.

    A session copies all it copies when it begins, so what follows its own rows is not from its origins.
    """
    ends = (place for place, id in enumerate(ancestors) if first_own.get(id, seq) < seq)
    return ancestors[: next(ends, len(ancestors)) + 1]


def _owner(ancestors: Sequence[str], made: Mapping[str, int | None], created_ms: int) -> str | None:
    """The nearest ancestor of a fork that existed when a call was made.

    An ancestor of unknown age may itself have copied the call, so it counts only if it is the last one.
    """
    for id in ancestors:
        made_ms = made.get(id) or made_by_id(id, created_ms)
        if created_ms >= made_ms if made_ms is not None else id == ancestors[-1]:
            return id
    return None


def _is_same_title(*titles: object) -> bool:
    """Returns whether the titles are equal apart from the number that OpenCode appends to a fork's title."""
    bare = {_FORK_NUMBER.sub("", title) if isinstance(title, str) else "" for title in titles}
    return len(bare) == 1 and "" not in bare


def _has_row(connection: sqlite3.Connection, session_id: str, seq: int, created_ms: int) -> bool:
    return connection.execute(_HAS_ROW, (session_id, seq, created_ms)).fetchone() is not None


def _has_gap(connection: sqlite3.Connection, session_id: str, seq: int, created_ms: int, since_ms: int) -> bool:
    return connection.execute(_HAS_GAP, (session_id, seq, created_ms, since_ms)).fetchone() is not None


def _ancestors(id: str, parents: dict[str, str]) -> list[str]:
    """The sessions that a fork was made from, nearest first."""
    found: list[str] = []
    while (parent := parents.get(id)) is not None and parent not in found:
        found.append(parent)
        id = parent
    return found
