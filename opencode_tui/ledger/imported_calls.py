"""Finds which calls of OpenCode 1 are in OpenCode 2's sum of a session though neither of them has their rows any more.

OpenCode 2 imported them with their session; an OpenCode 1 that was used again has deleted them since, and OpenCode 2
undid them itself. What was undone before the import is in no sum. Only the sum tells which is which, to the token.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from opencode_tui.ledger.residuals import known_calls, rounding_nano
from opencode_tui.records.calls import message_id
from opencode_tui.records.stores import Bill

_MOST_TURNS = 12
"""Of more turns than these only those in a row are tried together."""
_GONE = """
  SELECT c.id, coalesce(turn_id, c.id), recorded_nano, input, output, reasoning, cache_read, cache_write
  FROM call c INDEXED BY call_session JOIN store s ON s.id = c.store_id
  WHERE c.session_id = ? AND created_ms <= ? AND completed_ms IS NOT NULL
    AND s.key = (SELECT replace(key, '#session_message', '#message') FROM store WHERE id = ?)
  ORDER BY created_ms, c.id
"""
_Turn = tuple[list[str], list[int]]
"""The ids of its calls, and their sums: nano-dollars and the five counts of tokens."""


def adopt_imported_calls(connection: sqlite3.Connection, store_id: int, bills: Iterable[Bill]) -> None:
    """Gives such calls to the store of OpenCode 2, with whose calls they are in its sums.

    Must run in a write transaction.
    """
    for bill in bills:
        if bill.imported_ms >= 0 and not bill.is_held and (turns := _gone(connection, store_id, bill)):
            ids = _missing(connection, bill, turns)
            connection.executemany("UPDATE call SET store_id = ? WHERE id = ?", [(store_id, id) for id in ids])


def _gone(connection: sqlite3.Connection, store_id: int, bill: Bill) -> list[_Turn]:
    """The calls of OpenCode 1 of a session without a row in either table, by turn."""
    there = bill.before | bill.only_here
    turns: dict[str, _Turn] = {}
    for id, turn_id, *amounts in connection.execute(_GONE, (bill.session_id, bill.imported_ms, store_id)):
        if message_id(id) not in there and turn_id not in bill.only_here:
            ids, sums = turns.setdefault(turn_id, ([], [0] * len(amounts)))
            ids.append(id)
            sums[:] = map(int.__add__, sums, amounts)
    return list(turns.values())


def _missing(connection: sqlite3.Connection, bill: Bill, turns: Sequence[_Turn]) -> list[str]:
    """The calls of the turns that are exactly what the sum has above the known calls; none if there are none."""
    known = known_calls(connection, bill)
    nano, *counts = bill.cost_nano - known.nano, *(bill.tokens - known.tokens).counts
    if not any(counts) and nano <= rounding_nano(bill, known):
        return []
    for some in _together(turns):
        ids = [id for ids, _ in some for id in ids]
        spent, *used = map(sum, zip(*(sums for _, sums in some), strict=True))
        if used == counts and abs(nano - spent) <= rounding_nano(bill, known) + len(ids):
            return ids
    return []


def _together(turns: Sequence[_Turn]) -> Iterator[Sequence[_Turn]]:
    """Turns that may have been deleted together, the most first."""
    many = len(turns)
    for size in range(many, 0, -1):
        if many <= _MOST_TURNS:
            yield from combinations(turns, size)
        else:
            yield from (turns[start : start + size] for start in range(many - size + 1))
