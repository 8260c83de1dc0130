"""What budgets are counted from: a span's spend by agent, provider, session and place."""

from __future__ import annotations

import sqlite3

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.ledger.queries import SLICE_KEYS
from opencode_tui.ledger.sums import exact_sum, paid_calls


class SpendPart(Struct, frozen=True):
    agent: str
    provider: str
    session_id: str
    project: str
    """The session's project, else the directory of its calls."""
    directory: str
    nano: int


def spend_parts(connection: sqlite3.Connection, span: Span) -> list[SpendPart]:
    """The parts of what was spent on the calls made in a span; they add up to the span's spend."""
    paid = paid_calls(connection, span)
    rows = connection.execute(
        f"""
        SELECT agent, provider, session_id, {SLICE_KEYS["project"]}, directory, {exact_sum("cost_nano")}
        FROM {paid.table} WHERE {paid.at} >= ? AND {paid.at} < ?
        GROUP BY agent, provider, session_id, directory HAVING {exact_sum("cost_nano")} <> 0
        """,
        paid.bounds(span),
    )
    return [SpendPart(*row) for row in rows]
