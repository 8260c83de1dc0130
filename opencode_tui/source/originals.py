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


_Guess = Literal["some", "much"]
_Doubt = Literal["none", _Guess]
_DOUBTS: tuple[_Doubt, ...] = ("none", "some", "much")


class Orphan(Struct, frozen=True):
    """A copied call whose original was undone in its own session."""

    copy_id: str
    session_id: str
    """The session of the original."""
    seq: int
    doubt: _Doubt = "none"
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
    lineage = _Lineage(connection, wanted, gapped, parents, ends, ancestry, forks)
    found: dict[tuple[str, int], Orphan] = {}
    for copy_id, fork, seq, created in connection.execute(_ORPHANS, (json.dumps(forks),)).fetchall():
        for session_id, doubt in lineage.origins_of(fork, seq, created):
            known = found.setdefault((session_id, seq), orphan := Orphan(copy_id, session_id, seq, doubt))
            if _DOUBTS.index(doubt) < _DOUBTS.index(known.doubt):
                found[session_id, seq] = orphan
    return list(found.values())


class _Lineage:
    """The forks whose copies are looked at, and the sessions that they may come from."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        wanted: Set[str],
        gapped: Sequence[str],
        parents: Mapping[str, str],
        ends: Set[str],
        ancestry: Mapping[str, Sequence[str]],
        forks: Sequence[str],
    ) -> None:
        """`ends` are the forks whose origins are gone; `ancestry` gives what each fork comes from, nearest first."""
        self._connection, self._wanted, self._gapped = connection, wanted, gapped
        self._parents, self._ends, self._ancestry = parents, ends, ancestry
        involved = json.dumps(sorted({*forks, *gapped, *(above for id in forks for above in ancestry[id])}))
        self._made = {id: moment(created) for id, created in connection.execute(_MADE, (involved,)).fetchall()}
        self._first_own: dict[str, int] = dict(connection.execute(_FIRST_OWN, (involved,)).fetchall())
        self._makers: dict[str, str] = {}
        self._related: dict[str, list[tuple[str, _Guess]]] = {}

    def origins_of(self, fork: str, seq: int, created_ms: int) -> Iterator[tuple[str, _Doubt]]:
        """The sessions that may have made what a fork copied under this number. A fork's lowest number comes first."""
        ancestors = _makers(self._ancestry[fork], self._first_own, seq)
        # A call after a session's own calls was made in that session or nearer to the fork, whatever its date.
        maker = self._makers.get(fork)
        owner = _owner(ancestors, self._made, created_ms) or (maker if maker in ancestors else None)
        if owner is None:
            yield from self._guesses(fork, ancestors, seq, created_ms)
            return
        self._makers[fork] = owner
        if owner in self._made:
            if owner not in self._wanted or _has_row(self._connection, owner, seq, created_ms):
                return
            yield owner, "none"
        between = (fork, *ancestors[: ancestors.index(owner)])
        for id in self._in_between(between, seq, created_ms, is_gone=owner not in self._made):
            yield id, "some"

    def _guesses(self, fork: str, ancestors: Sequence[str], seq: int, created_ms: int) -> Iterator[tuple[str, _Guess]]:
        """Those of a call that is dated before all that its fork comes from."""
        made = self._made
        # If the clock was set back, a session's own calls are dated before it. A row in an ancestor is the original.
        if any(_has_row(self._connection, id, seq, created_ms) for id in ancestors if id in made):
            return
        for id in ancestors:
            if id in made and id in self._wanted:
                yield id, "some"
        if self._ends.isdisjoint((fork, *ancestors)):
            return
        if fork not in self._related:
            self._related[fork] = _related(self._connection, self._gapped, fork, seq)
        for id, doubt in self._related[fork]:
            since = made.get(id) or 0
            # A fork may have copied the rows it shares, and made no call that is older than itself.
            if id not in made or (id in self._parents and created_ms < since):
                continue
            if _has_gap(self._connection, id, seq, created_ms, since):
                yield id, doubt

    def _in_between(self, line: Sequence[str], seq: int, created_ms: int, *, is_gone: bool) -> Iterator[str]:
        """The wanted sessions of a line that may have made a call, from a fork to below the call's owner by its date.

        If the clock was set back, a call is dated before its session. If its seeming owner is gone, that shows only in
        a fork that is dated before its own origin.
        """
        made = self._made
        for below, id in pairwise(line):
            if id in made and id in self._wanted and not _has_row(self._connection, id, seq, created_ms):
                since = made[id] or 0
                is_back = created_ms <= (made.get(below) or since) < since
                if not is_gone or (is_back and _has_gap(self._connection, id, seq, created_ms, since)):
                    yield id


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


def _related(connection: sqlite3.Connection, gapped: Sequence[str], fork: str, seq: int) -> list[tuple[str, _Guess]]:
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
