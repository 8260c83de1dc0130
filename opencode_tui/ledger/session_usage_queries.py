"""What a session and its subagents used, from their calls."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection
from typing import Any

from opencode_tui.ledger.sums import exact_sum
from opencode_tui.records import model_key

_NEWEST = """
  SELECT id FROM session WHERE parent_id IS NULL AND (directory = ?1 OR project = ?1)
  ORDER BY present DESC, updated_ms DESC, id DESC LIMIT 1
"""
_AMOUNTS = ("cost_nano", "list_nano", "input", "output", "reasoning", "cache_read", "cache_write")
_SUMS = ", ".join(f"coalesce({exact_sum(f'c.{name}')}, 0)" for name in _AMOUNTS)
_USES = f"""
  SELECT {model_key.SQL}, r.input, r.output, r.cache_read, r.cache_write, count(*), min(c.created_ms),
    max(coalesce(c.completed_ms, c.created_ms)), {_SUMS}
  FROM call c LEFT JOIN rates r ON r.id = c.rates_id
  WHERE c.session_id IN (SELECT value FROM json_each(?)) AND c.copied_from IS NULL
  GROUP BY c.provider, c.model, r.input, r.output, r.cache_read, r.cache_write ORDER BY 9 DESC, 6 DESC, 1
"""


def newest_in(connection: sqlite3.Connection, directory: str) -> str | None:
    """The root session that was changed last in a directory or a project; None if there is none."""
    row = connection.execute(_NEWEST, (directory,)).fetchone()
    return None if row is None else str(row[0])


def model_uses(connection: sqlite3.Connection, ids: Collection[str]) -> list[tuple[Any, ...]]:
    """(model key, four rates, calls, first and last ms, spend, list price, five counts of tokens) by model and rate."""
    return connection.execute(_USES, (json.dumps(sorted(ids)),)).fetchall()
