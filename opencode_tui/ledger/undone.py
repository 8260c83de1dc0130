"""Finds the undone calls of OpenCode 2 that are known only from copies in forks, by the sums of their sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence

from opencode_tui.ledger.residuals import KnownCalls, exceeds, known_calls, only_in_copies, rounding_nano
from opencode_tui.records.calls import Call, Tokens
from opencode_tui.records.stores import Bill

_SAME = """
  SELECT 1 FROM call WHERE created_ms = ? AND (copied = 0 OR session_id = ?)
    AND provider = ? AND model = ? AND input = ? AND recorded_nano = ?
"""
_EXACT_NANO = 1_000
"""The largest difference that rounding can make between a sum and what its calls cost."""


def undone_calls(
    connection: sqlite3.Connection,
    bills: Iterable[Bill],
    sums: Collection[Bill],
    rows_of: Callable[[str], Sequence[Call]],
    copies: Sequence[str] = (),
    message_ids: Callable[[str], frozenset[str] | None] = lambda session_id: None,
) -> list[Call]:
    """The undone calls known from copies in forks that were never read before they were undone.

    Such a call must fit into its session's sum beside the ledger's calls, or beside the store's own rows (`rows_of`) if
    the sum does not count, because it is not in `sums`. A likely original needs a sum that counts, and possible ones a
    sum with room for exactly what they cost together. A certain original may also fit beside the ledger's calls without
    those that only backups (`copies`, keys of stores) have: a restored store may never have had them. `message_ids`
    gives a session's rows in the store.
    """
    bills = list(bills)
    found: dict[tuple[object, ...], Call] = {}
    room: dict[str, tuple[int, Tokens]] = {}

    def unknown(calls: Iterable[Call]) -> list[Call]:
        return [call for call in calls if not (_key(call) in found or _is_known(connection, call))]

    def take(bill: Bill, calls: Iterable[Call], *, is_certain: bool = False) -> None:
        for call in calls:
            if bill.session_id not in room:
                room[bill.session_id] = _room(connection, bill, bill in sums, rows_of)
            nano, tokens = room[bill.session_id]
            if is_certain and copies and not _fits(call, nano, tokens):
                foreign = only_in_copies(connection, bill, copies, message_ids, with_undone=True)
                nano, tokens = _beside(bill, known_calls(connection, bill, foreign))
            if _fits(call, nano, tokens) and _key(call) not in found:
                room[bill.session_id] = nano - call.recorded_nano, tokens - call.tokens
                found[_key(call)] = call

    for bill in bills:
        calls = unknown(bill.originals)
        if bill.is_held:
            found |= {_key(call): call for call in calls}
        else:
            take(bill, calls, is_certain=True)
    counted = [bill for bill in bills if bill in sums and not bill.is_held]
    for bill in counted:
        take(bill, unknown(bill.likely_originals))
    for bill in counted:
        if calls := unknown(bill.possible_originals):
            nano, _ = room.get(bill.session_id) or _room(connection, bill, True, rows_of)
            together = sum(call.recorded_nano for call in calls)
            if together and 0 <= nano - together <= _EXACT_NANO:
                take(bill, calls)
    return list(found.values())


def _fits(call: Call, nano: int, tokens: Tokens) -> bool:
    return min(nano - call.recorded_nano, *(tokens - call.tokens).counts) >= 0


def _key(call: Call) -> tuple[object, ...]:
    """The fields that identify a call independent of its session."""
    return call.created_ms, call.provider, call.model, call.tokens.input, call.recorded_nano


def _room(
    connection: sqlite3.Connection, bill: Bill, is_counted: bool, rows_of: Callable[[str], Sequence[Call]]
) -> tuple[int, Tokens]:
    """(nano-dollars, tokens) left in a sum beside the ledger's calls, rounded in the call's favour.

    Beside the store's own rows where the sum does not count, or the store was restored and the ledger has more.
    """
    if is_counted:
        known = known_calls(connection, bill)
        if not exceeds(known, bill):
            return _beside(bill, known)
    rows = rows_of(bill.session_id)
    nano = bill.cost_nano - sum(row.recorded_nano for row in rows) + bill.rows_before + len(rows) + 1
    return nano, bill.tokens - sum((row.tokens for row in rows), Tokens())


def _beside(bill: Bill, known: KnownCalls) -> tuple[int, Tokens]:
    """(nano-dollars, tokens) left in a sum beside these calls."""
    return bill.cost_nano - known.nano + rounding_nano(bill, known), bill.tokens - known.tokens


def _is_known(connection: sqlite3.Connection, call: Call) -> bool:
    """Returns whether the ledger has the call.

    In another session: a fork made it after the clock was set back. As a copy in its own: a fork of OpenCode 1, which
    did not make it.
    """
    created_ms, *rest = _key(call)
    return connection.execute(_SAME, (created_ms, call.session_id, *rest)).fetchone() is not None
