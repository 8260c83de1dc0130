"""Keeps which calls OpenCode's store no longer has, of sessions that it still has.

A store is asked when a session changed there, and what it said is kept: so what was undone is known without it, and
is the same for all who ask. Calls of the agent `undone`, which stand in no row, are undone by themselves.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger.changed_work import caught_up
from opencode_tui.ledger.residuals import UNDONE

_NOTE = """
  INSERT OR IGNORE INTO changed_work (part, session_id)
  SELECT 'undone', s.value FROM json_each(?) s WHERE EXISTS (SELECT 1 FROM call c WHERE c.session_id = s.value)
"""
_ASKED = """
  SELECT c.id, c.session_id, c.agent FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session
    ON c.session_id = s.value WHERE copied = 0
"""
_FORGET = """
  DELETE FROM undone_call WHERE call_id IN (SELECT c.id FROM json_each(?) s CROSS JOIN call c INDEXED BY call_session
    ON c.session_id = s.value)
"""
IS_UNDONE = f"(agent = '{UNDONE}' OR id IN (SELECT call_id FROM undone_call))"
"""SQL for whether a row of `call` is known to be undone."""
IS_UNDONE_CALL = f"(instr(c.id, '.undone.') OR c.agent = '{UNDONE}' OR c.id IN (SELECT call_id FROM undone_call))"
"""The same for a row called `c`, or for a copy that stands for such a call."""
_HAS_ROW = (
    "c.id IN (SELECT call_id FROM undone_call WHERE has_row) AND c.session_id IN (SELECT id FROM session WHERE present)"
)
IS_GONE_CALL = f"({IS_UNDONE_CALL} AND NOT ({_HAS_ROW}))"
"""The same for one that stands in no row any more: an undo leaves the rows until the next prompt."""
_IN_SPAN = f"""
  SELECT c.session_id, c.cost_nano FROM undone_call u CROSS JOIN call c ON c.id = u.call_id
  WHERE c.created_ms >= ? AND c.created_ms < ? AND copied_from IS NULL AND agent <> '{UNDONE}'
"""


class UndoneCall(NamedTuple):
    """A call that was taken back."""

    id: str
    has_row: bool
    """It can still be brought back by a redo."""


class UndoneShare(Struct, frozen=True, gc=False):
    """What a session spent on calls that were found to be undone."""

    calls: int = 0
    nano: int = 0


def note_seen_again(connection: sqlite3.Connection, session_ids: Iterable[str]) -> None:
    """Notes sessions that the store wrote again, if they have calls: some may be gone. Must run in a transaction."""
    connection.execute(_NOTE, (json.dumps(sorted(set(session_ids))),))


def note_undo(connection: sqlite3.Connection, session_ids: Iterable[str]) -> None:
    """Notes sessions of which the store has taken something back, also before their calls are read.

    Must run in a transaction.
    """
    rows = [(id,) for id in session_ids]
    connection.executemany("INSERT OR IGNORE INTO changed_work (part, session_id) VALUES ('undone', ?)", rows)


def calls_to_ask_for(connection: sqlite3.Connection, session_ids: Sequence[str]) -> list[tuple[str, str, str]]:
    """(id, session, agent) of the sessions' calls, without copies."""
    return connection.execute(_ASKED, (json.dumps(session_ids),)).fetchall()


def keep_undone(
    connection: sqlite3.Connection, session_ids: Sequence[str], answered: Sequence[str], undone: Iterable[UndoneCall]
) -> None:
    """Keeps the undone calls of sessions that were asked for; of those not in `answered`, the store says nothing.

    Must run in a write transaction.
    """
    connection.execute(_FORGET, (json.dumps(answered),))
    connection.executemany("INSERT OR IGNORE INTO undone_call (call_id, has_row) VALUES (?, ?)", undone)
    caught_up(connection, "undone", session_ids)


def undone_in(connection: sqlite3.Connection, span: Span) -> dict[str, UndoneShare]:
    """What was found to be undone of the calls of a span, by session; without those of the agent `undone`."""
    found: dict[str, UndoneShare] = {}
    for session_id, nano in connection.execute(_IN_SPAN, (span.start_ms, span.end_ms)):
        had = found.get(session_id, UndoneShare())
        found[session_id] = UndoneShare(had.calls + 1, had.nano + nano)
    return found
