"""Handles calls whose rows are found after they were worked out, in a backup copy or after the store was restored.

What a session's sum in OpenCode 2 holds beyond its rows was written as a residual, and an undone call known from a copy
as an undone call. When a store later shows the row itself, the row replaces that undone call, or is subtracted from the
residual.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate

from msgspec.structs import replace

from opencode_tui.ledger.reread_calls import CALL_COLUMNS, call_of
from opencode_tui.ledger.residuals import TITLE
from opencode_tui.records.calls import Call, Tokens, undone_id, unlisted_id

_ROUNDING_NANO = 1_000
_UNDONE = """
  SELECT id FROM call WHERE session_id = ? AND created_ms = ? AND provider = ? AND model = ? AND recorded_nano = ?
    AND copied = 0 AND id <> ? AND substr(id, 1, length(?)) = ?
"""
_RESIDUALS = f"""
  SELECT store_id, rowid, {CALL_COLUMNS} FROM call
  WHERE session_id IN (SELECT value FROM json_each(?)) AND instr(id, session_id || ?) = 1
    AND store_id IS NOT ?
  ORDER BY created_ms, id
"""
_HELD = "SELECT id, rowid FROM call WHERE id IN (SELECT value FROM json_each(?))"
_MADE = """
  SELECT coalesce(max(created_ms), 0) FROM call
  WHERE session_id = ? AND copied = 0 AND completed_ms IS NOT NULL AND id IN (SELECT value FROM json_each(?))
"""
_ROWS = "SELECT created_ms, rowid FROM call WHERE session_id = ? AND copied = 0 ORDER BY created_ms"
_BEGAN = "SELECT id, created_ms FROM session WHERE id IN (SELECT value FROM json_each(?))"


def drop_undone(connection: sqlite3.Connection, calls: Iterable[Call]) -> None:
    """Deletes the undone calls known from copies whose own rows, these calls, are about to be written."""
    for call in calls:
        if call.final and not call.copied:
            mark = undone_id(call.session_id)
            values = (call.session_id, call.created_ms, call.provider, call.model, call.recorded_nano, call.id)
            for (id,) in connection.execute(_UNDONE, (*values, mark, mark)).fetchall():
                connection.execute("DELETE FROM call WHERE id = ?", (id,))


def has_residuals(connection: sqlite3.Connection) -> bool:
    """Returns whether the ledger has a residual. Scans all calls if there is none."""
    query = "SELECT 1 FROM call WHERE instr(id, ?) LIMIT 1"
    return connection.execute(query, (unlisted_id(""),)).fetchone() is not None


def reduce_residuals(
    connection: sqlite3.Connection,
    calls: Collection[Call],
    except_store: int | None = None,
    message_ids: Callable[[str], frozenset[str] | None] = lambda session_id: None,
) -> dict[int, list[Call]]:
    """Deletes the residuals that contain these calls; returns the remainders, by store, which have to be written again.

    Residuals of `except_store` are skipped, as that store's rows were all read before its sums. A residual has calls
    that were made before it, or that the ledger had as running when it was worked out. A title's residual that is dated
    at the first prompt may have later calls too, which were undone since: those made before a call that the ledger had
    when it was worked out.

    A call that is dated before its session was made while the clock was behind, so its date does not show that a
    title's residual has it. Nor does the date of a call that is dated before one that the ledger has already, if
    `message_ids`, the rows of a session in the store, has that one: what comes back with a restore is read no later
    than what follows it.
    """
    # By id, as a batch has a call twice that has completed since it was read.
    once = {call.id: call for call in calls}.values()
    found = [call for call in once if call.final and not call.copied and (call.tokens.total or call.recorded_nano)]
    sessions = json.dumps(sorted({call.session_id for call in found}))
    residuals = _residuals(connection, sessions, except_store) if found else {}
    began = dict(connection.execute(_BEGAN, (sessions,)).fetchall()) if residuals else {}
    ids = json.dumps([call.id for call in found])
    # A call that was running keeps its row of the ledger when it completes, which may be before this.
    held = dict(connection.execute(_HELD, (ids,)).fetchall()) if residuals else {}
    new = {call.id for call in calls}  # free ones as well, which are in no residual but came back with the others
    latest = {id: _latest(connection, id, (message_ids(id) or frozenset()) - new) for id in residuals}
    rows = {id: _RowsByTime(connection, id) for id in residuals}
    of_session: dict[str, list[Call]] = defaultdict(list)
    for call in found:
        of_session[call.session_id].append(call)
    together = {id: _together(of_session[id], residuals[id]) for id in residuals}
    changed: dict[str, tuple[int, Call]] = {}
    for call in found:
        known = residuals.get(call.session_id, [])
        is_later = call.created_ms >= latest.get(call.session_id, 0)
        is_in_title = is_later and call.created_ms >= began.get(call.session_id, 0)
        followed = rows[call.session_id].first_after(call.created_ms) if is_later and known else None
        best = together.get(call.session_id)
        if best is None:
            best = _containing(call, known, is_later, is_in_title, followed, held.get(call.id))
        if best is not None:
            store_id, row, residual = known[best]
            rest = replace(
                residual,
                tokens=_at_least_0(residual.tokens - call.tokens),
                recorded_nano=max(0, residual.recorded_nano - call.recorded_nano),
            )
            known[best] = store_id, row, rest
            changed[residual.id] = store_id, rest
    connection.executemany("DELETE FROM call WHERE id = ?", [(id,) for id in changed])
    remainders: dict[int, list[Call]] = defaultdict(list)
    for store_id, rest in changed.values():
        if rest.tokens.total or rest.recorded_nano > _ROUNDING_NANO:
            remainders[store_id].append(rest)
    return remainders


def _together(calls: Sequence[Call], known: Sequence[tuple[int, int, Call]]) -> int | None:
    """The place of the residual that is exactly these calls of its session together; None without one."""
    tokens, nano = sum((call.tokens for call in calls), Tokens()), sum(call.recorded_nano for call in calls)
    for number, (_, _, residual) in enumerate(known):
        if residual.tokens == tokens and abs(residual.recorded_nano - nano) <= _ROUNDING_NANO:
            return number
    return None


def _containing(
    call: Call,
    known: Sequence[tuple[int, int, Call]],
    is_later: bool,
    is_in_title: bool,
    followed: int | None,
    held: int | None,
) -> int | None:
    """The place of the residual that is exactly this call, else of the first that may contain it; None without one.

    `is_later` and `is_in_title` say whether the call's date counts, for any residual and for one of a title. `followed`
    is the ledger's first row of a later call, `held` the call's own.
    """
    first: int | None = None
    for number, (_, row, residual) in enumerate(known):
        left, nano = residual.tokens - call.tokens, residual.recorded_nano - call.recorded_nano
        if not any(left.counts) and abs(nano) <= _ROUNDING_NANO:
            return number
        is_before = residual.created_ms >= call.created_ms or _is_before(followed, row)
        is_before &= is_in_title if residual.agent == TITLE else is_later
        is_before |= _is_before(held, row)
        has_room = min(left.counts) >= 0 or _is_blurred(residual)
        if first is None and is_before and has_room and nano + _ROUNDING_NANO >= 0:
            first = number
    return first


def _is_blurred(residual: Call) -> bool:
    """Whether a residual's tokens are too few for its cost.

    No call is made without input or output. A free call that the ledger knows from a copy, and that the store never
    had, was taken off the tokens of the sum.
    """
    return residual.recorded_nano > 0 and not (residual.tokens.input and residual.tokens.output)


def _at_least_0(tokens: Tokens) -> Tokens:
    return Tokens(*(max(0, count) for count in tokens.counts))


def _is_before(row: int | None, other: int) -> bool:
    return row is not None and row < other


class _RowsByTime:
    """The ledger's rows of a session's calls by the time when these were made."""

    def __init__(self, connection: sqlite3.Connection, session_id: str) -> None:
        found = connection.execute(_ROWS, (session_id,)).fetchall()
        self._made = [made for made, _ in found]
        self._first = list(accumulate((row for _, row in reversed(found)), min))[::-1]

    def first_after(self, created_ms: int) -> int | None:
        """The first row of a call that was made later; None without one."""
        place = bisect_right(self._made, created_ms)
        return self._first[place] if place < len(self._first) else None


def _latest(connection: sqlite3.Connection, session_id: str, ids: Collection[str]) -> int:
    """When the newest of these calls that the ledger has was made, in Unix ms; 0 if it has none."""
    rows = connection.execute(_MADE, (session_id, json.dumps(sorted(ids)))).fetchone() if ids else None
    return int(rows[0]) if rows else 0


def _residuals(
    connection: sqlite3.Connection, sessions: str, except_store: int | None
) -> dict[str, list[tuple[int, int, Call]]]:
    """(store, row, residual) of these sessions (a JSON list of ids), by session."""
    found: dict[str, list[tuple[int, int, Call]]] = defaultdict(list)
    for row in connection.execute(_RESIDUALS, (sessions, unlisted_id(""), except_store)):
        store_id, number, *values = row
        call = call_of(values)
        found[call.session_id].append((store_id, number, call))
    return found
