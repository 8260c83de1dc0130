"""Calls whose rows come to light after they were worked out: from a backup beside the store, or one that was restored.

What a sum of OpenCode 2's held beyond the rows was entered as a call of its own, and so was an undone call that a copy
tells of. When a store shows the row of such a call after all, the row takes the place of what was worked out: of the
same call, or of a part of what is left of the sum.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable

from msgspec.structs import replace

from opencode_tui.records.calls import Call, Tokens, undone_id, unlisted_id

_ROUNDING_NANO = 1_000
_UNDONE = """
  SELECT id FROM call WHERE session_id = ? AND created_ms = ? AND provider = ? AND model = ? AND recorded_nano = ?
    AND copied = 0 AND id <> ? AND substr(id, 1, length(?)) = ?
"""
_RESIDUALS = """
  SELECT store_id, id, session_id, turn_id, provider, model, agent, directory, created_ms, completed_ms,
    input, output, reasoning, cache_read, cache_write, recorded_nano
  FROM call WHERE session_id IN (SELECT value FROM json_each(?)) AND instr(id, session_id || ?) = 1
    AND store_id IS NOT ?
  ORDER BY created_ms, id
"""


def drop_undone(connection: sqlite3.Connection, calls: Iterable[Call]) -> None:
    """Forget what copies told of these calls, whose own rows are to be entered next."""
    for call in calls:
        if call.final and not call.copied:
            mark = undone_id(call.session_id)
            values = (call.session_id, call.created_ms, call.provider, call.model, call.recorded_nano, call.id)
            for (id,) in connection.execute(_UNDONE, (*values, mark, mark)).fetchall():
                connection.execute("DELETE FROM call WHERE id = ?", (id,))


def has_residuals(connection: sqlite3.Connection) -> bool:
    """Whether there is any. Where there is none it passes all calls."""
    query = "SELECT 1 FROM call WHERE instr(id, ?) LIMIT 1"
    return connection.execute(query, (unlisted_id(""),)).fetchone() is not None


def take_off_residuals(
    connection: sqlite3.Connection, calls: Collection[Call], besides: int | None = None
) -> dict[int, list[Call]]:
    """Remove the residuals that these calls are parts of; what is left of them, by store, is to be entered again.

    Those of the sums of the store `besides` are left alone: it has told its own rows before its sums.
    """
    found = [call for call in calls if call.final and not call.copied and (call.tokens.total or call.recorded_nano)]
    residuals = _residuals(connection, {call.session_id for call in found}, besides)
    changed: dict[str, tuple[int, Call]] = {}
    for call in found:
        known = residuals[call.session_id]
        for number, (store_id, residual) in enumerate(known):
            left = residual.tokens - call.tokens
            nano = residual.recorded_nano - call.recorded_nano
            exact = not any(left.counts) and abs(nano) <= _ROUNDING_NANO
            if exact or (residual.created_ms >= call.created_ms and min(left.counts) >= 0 <= nano + _ROUNDING_NANO):
                rest = replace(residual, tokens=left, recorded_nano=max(0, nano))
                known[number] = changed[residual.id] = store_id, rest
                break
    connection.executemany("DELETE FROM call WHERE id = ?", [(id,) for id in changed])
    left_over: dict[int, list[Call]] = defaultdict(list)
    for store_id, rest in changed.values():
        if rest.tokens.total:
            left_over[store_id].append(rest)
    return left_over


def _residuals(
    connection: sqlite3.Connection, sessions: Collection[str], besides: int | None
) -> dict[str, list[tuple[int, Call]]]:
    found: dict[str, list[tuple[int, Call]]] = defaultdict(list)
    values = (json.dumps(sorted(sessions)), unlisted_id(""), besides)
    for row in connection.execute(_RESIDUALS, values) if sessions else ():
        store_id, id, session_id, turn, provider, model, agent, directory, created_ms, completed_ms, *counts, nano = row
        tokens = Tokens(*counts)
        call = Call(id, session_id, turn, provider, model, agent, directory, created_ms, completed_ms, tokens, nano)
        found[session_id].append((store_id, call))
    return found
