"""Reads calls of the ledger, with what their costs were made from, for a comparison with OpenCode's figures."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from opencode_tui.ledger.known_undone import IS_UNDONE_CALL
from opencode_tui.ledger.plain_calls import PlainCalls
from opencode_tui.records.calls import Tokens
from opencode_tui.records.reconciliation import LedgerCall, LedgerHoldings, LedgerSession

_CALLS = f"""
  SELECT c.id, c.session_id, s.key, c.agent, c.recorded_nano, c.amount_nano, c.cost_nano, coalesce(c.list_nano, 0),
    c.basis, c.completed_ms IS NOT NULL, c.missing IS NOT NULL, c.copied,
    p.id IS NOT NULL, s.key LIKE '%#session_message', {IS_UNDONE_CALL},
    c.input, c.output, c.reasoning, c.cache_read, c.cache_write,
    r.input, r.output, r.cache_read, r.cache_write
  FROM call c JOIN store s ON s.id = c.store_id LEFT JOIN rates r ON r.id = c.rates_id
    LEFT JOIN call p ON p.id = c.copied_from AND p.copied_from IS NULL
  WHERE c.id IN ({{}})
"""
_PAGE = 500
_SESSIONS = "SELECT c.id, s.key, c.present FROM session c JOIN store s ON s.id = c.store_id"
_UNREADABLE = """
  SELECT s.key, u.id FROM unreadable u JOIN store s ON s.id = u.store_id WHERE u.kind IN ('message', 'event')
"""


def read_holdings(connection: sqlite3.Connection, plain: PlainCalls) -> LedgerHoldings:
    """The calls that no row agreed with, and all sessions and unreadable messages of the ledger."""
    ids, calls = plain.others(), list[LedgerCall]()
    for start in range(0, len(ids), _PAGE):
        page = ids[start : start + _PAGE]
        calls += map(_call, connection.execute(_CALLS.format(", ".join("?" * len(page))), page))
    sessions = {id: LedgerSession(key, bool(present)) for id, key, present in connection.execute(_SESSIONS)}
    return LedgerHoldings(tuple(calls), sessions, frozenset(connection.execute(_UNREADABLE).fetchall()), plain)


def _call(row: Sequence[Any]) -> LedgerCall:
    id, session_id, store, agent, recorded, amount, cost, listed, basis, *rest = row
    final, missing, copied, copied_from, is_summed, is_undone = map(bool, rest[:6])
    return LedgerCall(
        *(id, session_id, store, agent, recorded, amount, cost, listed, basis),
        *(final, missing, copied, copied_from, is_summed, is_undone),
        tokens=Tokens(*rest[6:11]),
        rates=None if None in rest[11:] else tuple(rest[11:]),
    )
