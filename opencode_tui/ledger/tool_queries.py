"""When tools were last used."""

from __future__ import annotations

import sqlite3

from opencode_tui.clock import Span
from opencode_tui.ledger.sums import is_unsummed, paid_tools


def last_uses(connection: sqlite3.Connection, span: Span) -> dict[str, int]:
    """By the name of a tool, the end of the last call in the span that asked for it (Unix ms)."""
    tools = paid_tools(summed=not is_unsummed(connection))
    query = f"SELECT name, max(last_ms) FROM {tools.table} WHERE {tools.at} >= ? AND {tools.at} < ? GROUP BY name"
    return dict(connection.execute(query, tools.bounds(span)).fetchall())
