"""Reads when people asked for something, and what was spent in times of any length."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from opencode_tui.clock import Span
from opencode_tui.ledger.selection import KIND_OF_SESSION
from opencode_tui.ledger.sums import exact_sum
from opencode_tui.records import model_key
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import QuarterShare

_PROMPTS = """
  SELECT started_ms, session_id FROM turn WHERE turn_id <> '' AND started_ms >= ? AND started_ms < ? ORDER BY 1, 2
"""
_BEGUN = """
  SELECT k.created_ms FROM json_each(?) w CROSS JOIN session k ON k.id = w.value
  WHERE k.created_ms >= ? AND k.created_ms < ? AND NOT EXISTS (SELECT 1 FROM session_sum s
    WHERE s.session_id = k.id AND s.first_ms < k.created_ms)
"""
_IS_PERSON = f"({KIND_OF_SESSION.replace('directory', 'k.directory')}) = 'interactive'"
# From the calls, as a session outside of what was asked for may not be classified.
_LAST_PROMPT = f"""
  SELECT max(c.created_ms) FROM call c INDEXED BY call_created LEFT JOIN session k ON k.id = c.session_id
  WHERE c.created_ms >= ? AND c.created_ms < ? AND copied_from IS NULL AND turn_id <> '' AND {_IS_PERSON}
    AND NOT EXISTS (SELECT 1 FROM call b INDEXED BY call_session WHERE b.session_id = c.session_id
      AND b.created_ms < c.created_ms AND b.turn_id = c.turn_id AND b.copied_from IS NULL)
"""
_ANYBODY = f"""
  SELECT 1 FROM session_sum s LEFT JOIN session k ON k.id = s.session_id WHERE first_ms < ? AND {_IS_PERSON} LIMIT 1
"""
_ANCESTORS = f"""
  WITH RECURSIVE above(id) AS (
    SELECT value FROM json_each(?)
    UNION SELECT k.parent_id FROM above JOIN session k ON k.id = above.id WHERE k.parent_id IS NOT NULL)
  SELECT k.id, k.parent_id, {KIND_OF_SESSION.replace("directory", "k.directory")}
  FROM above JOIN session k ON k.id = above.id
"""
_TOKENS = ", ".join(exact_sum(name) for name in ("input", "output", "reasoning", "cache_read", "cache_write"))
_PIECES = f"""
  SELECT json_extract(p.value, '$[0]'), session_id, {model_key.SQL}, agent,
    {exact_sum("cost_nano")}, count(*), {_TOKENS}
  FROM json_each(?) p CROSS JOIN call c INDEXED BY call_created
    ON c.created_ms >= json_extract(p.value, '$[0]') AND c.created_ms < json_extract(p.value, '$[1]')
  WHERE copied_from IS NULL GROUP BY 1, 2, 3, 4
"""


def ancestors_of(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, tuple[str | None, str]]:
    """(parent, kind of use) of sessions and of all above them, by id."""
    rows = connection.execute(_ANCESTORS, (json.dumps(sorted(ids)),))
    return {id: (parent_id, kind) for id, parent_id, kind in rows}


def prompts_in(connection: sqlite3.Connection, span: Span) -> list[tuple[int, str]]:
    """(moment, session) of the first call of each classified turn that began in a span, in order of time."""
    return connection.execute(_PROMPTS, (span.start_ms, span.end_ms)).fetchall()


def begun_in(connection: sqlite3.Connection, ids: Iterable[str], span: Span) -> list[int]:
    """The moments of a span at which some of these sessions were begun, before their first calls, in no order."""
    rows = connection.execute(_BEGUN, (json.dumps(sorted(ids)), span.start_ms, span.end_ms))
    return [at_ms for (at_ms,) in rows]


def last_prompt(connection: sqlite3.Connection, span: Span) -> int | None:
    """When the last turn of a person began in a short span; None without any."""
    found: int | None = connection.execute(_LAST_PROMPT, (span.start_ms, span.end_ms)).fetchone()[0]
    return found


def is_anybody_before(connection: sqlite3.Connection, moment_ms: int) -> bool:
    """Whether a person had a call before a moment."""
    return connection.execute(_ANYBODY, (moment_ms,)).fetchone() is not None


def shares_of_pieces(connection: sqlite3.Connection, pieces: Iterable[Span]) -> list[QuarterShare]:
    """What was spent in each of some pieces of a quarter of an hour, by session, model and agent."""
    given = json.dumps([(piece.start_ms, piece.end_ms) for piece in pieces])
    return [
        QuarterShare(start_ms, session_id, model, agent, nano, calls, Tokens(*(count or 0 for count in counts)))
        for start_ms, session_id, model, agent, nano, calls, *counts in connection.execute(_PIECES, (given,))
    ]
