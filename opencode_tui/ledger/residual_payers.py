"""Finds copies whose original was undone before the ledger read it, and the residual that has its cost.

OpenCode 2 keeps an undone call's cost in the sum of its session, so the residual of that session pays for it, and the
copy in a fork does not. Within one store `source/originals.py` finds such calls; here the fork and its origin are in
different stores, such as a backup and the live store.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict

from opencode_tui.ledger.residuals import UNDONE
from opencode_tui.records.calls import unlisted_id

_COPIES = """
  SELECT id, session_id, created_ms, provider, model, recorded_nano, input, output, reasoning, cache_read, cache_write
  FROM call INDEXED BY call_unsettled
  WHERE copied = 1 AND copied_from IS NULL AND settled = 0 AND created_ms >= 0 AND recorded_nano > 0
  ORDER BY created_ms, id
"""
_RESIDUALS = """
  SELECT id, session_id, agent, created_ms, recorded_nano, input, output, reasoning, cache_read, cache_write
  FROM call WHERE copied = 0 AND recorded_nano > 0 AND instr(id, session_id || ?) = 1 ORDER BY created_ms, id
"""
_PAID = """
  SELECT DISTINCT created_ms, provider, model, recorded_nano, input, output, reasoning, cache_read, cache_write
  FROM call INDEXED BY call_copied_from WHERE copied_from = ?
"""
_ORIGIN = """
  SELECT o.id, o.created_ms, o.fork_of IS NULL FROM session s JOIN session o ON o.id = s.fork_of WHERE s.id = ?
"""
_HOLDERS = "SELECT session_id FROM call INDEXED BY call_copied_from WHERE copied_from = ?"
_MOST_FORKS = 100
_Amounts = tuple[int, ...]
"""Nano-dollars and the five counts of tokens."""


class _Room:
    """What a residual has left beside the copies that it pays for already."""

    def __init__(
        self, connection: sqlite3.Connection, id: str, session_id: str, agent: str, made_ms: int, *amounts: int
    ) -> None:
        self.id, self.session_id, self.agent, self.made_ms = id, session_id, agent, made_ms
        self.whole, self._left = amounts, amounts
        self._paid: set[tuple[object, ...]] = set()
        for *key, nano, read, wrote, thought, cached, stored in connection.execute(_PAID, (id,)).fetchall():
            self.take(tuple(key), (nano, read, wrote, thought, cached, stored))

    def contains(self, key: tuple[object, ...], amounts: _Amounts) -> bool:
        """Whether it has room for a call, or pays for it already."""
        return (*key, *amounts) in self._paid or all(map(int.__ge__, self._left, amounts))

    def take(self, key: tuple[object, ...], amounts: _Amounts) -> None:
        """Count a call (its time, provider and model) once, however many forks have copied it."""
        if (*key, *amounts) not in self._paid:
            self._paid.add((*key, *amounts))
            self._left = tuple(map(int.__sub__, self._left, amounts))


def link_to_residuals(connection: sqlite3.Connection) -> None:
    """Makes residuals pay for the unsettled copies that they contain.

    A residual of exactly a copy's cost and tokens is that call, whatever session it is in. One of undone calls contains
    it if it is the residual of the session that the fork was made from, has room for it, and that session has no row of
    it: what a session has a row of is not in its residual.
    """
    copies = connection.execute(_COPIES).fetchall()
    if not copies:
        return
    exact: dict[_Amounts, _Room] = {}
    undone: dict[str, list[_Room]] = defaultdict(list)
    for row in connection.execute(_RESIDUALS, (unlisted_id(""),)).fetchall():
        residual = _Room(connection, *row)
        exact.setdefault(residual.whole, residual)
        if residual.agent == UNDONE:
            undone[residual.session_id].append(residual)
    for id, session_id, created_ms, provider, model, *counts in copies if exact else ():
        key, amounts = (created_ms, provider, model), tuple(counts)
        holders = {row[0] for row in connection.execute(_HOLDERS, (id,)).fetchall()}
        origins = [origin for origin in _origins(connection, session_id, created_ms) if origin not in holders]
        near = (each for origin in origins for each in undone.get(origin, ()) if each.made_ms >= created_ms)
        payer = exact.get(amounts) or next((each for each in near if each.contains(key, amounts)), None)
        if payer is not None:
            payer.take(key, amounts)
            connection.execute("UPDATE call SET copied_from = ? WHERE id = ?", (payer.id, id))


def _origins(connection: sqlite3.Connection, session_id: str, created_ms: int) -> list[str]:
    """The sessions that may have made a fork's copy, the likeliest first.

    That is the nearest one that the fork was made from, directly or not, and that existed at the time of the call;
    then, as the clock may have been set back, those in between. If none existed, it is all that the fork was made from,
    if all are known.
    """
    found: list[str] = []
    for _ in range(_MOST_FORKS):
        row = connection.execute(_ORIGIN, (session_id,)).fetchone()
        if row is None:
            return []
        session_id, made_ms, is_first = row
        if made_ms is not None and created_ms >= made_ms:
            return [session_id, *found]
        found.append(session_id)
        if is_first:
            return found
    return []
