"""The first calls of each month: copies of a ledger share them, so that a team's database recognises copies."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, date

from msgspec import Struct

from opencode_tui.clock import EVER, Calendar

_FIRST = """
  SELECT c.created_ms, c.id, coalesce(m.name, '') FROM call c LEFT JOIN machine m ON m.id = c.machine_id
  WHERE c.copied_from IS NULL AND c.created_ms >= ? ORDER BY c.created_ms, c.id LIMIT ?
"""
_OF_A_MONTH = 3
"""A copy is known as one although up to two older calls came into the other ledger later."""


class EarlyCall(Struct, frozen=True):
    month: date
    """Its first day, in UTC."""
    call: str
    """Stands for the machine and the id of the call, and does not say them."""
    first_ms: int


def early_calls(connection: sqlite3.Connection) -> tuple[EarlyCall, ...]:
    """The first ones of all months with a paid call, in order of time."""
    calendar, start_ms = Calendar(UTC), EVER.start_ms
    found: list[EarlyCall] = []
    while rows := connection.execute(_FIRST, (start_ms, _OF_A_MONTH)).fetchall():
        month = calendar.day(rows[0][0]).replace(day=1)
        end_ms = calendar.start_of(_next_month(month))
        found += (EarlyCall(month, _name(id, machine), at_ms) for at_ms, id, machine in rows if at_ms < end_ms)
        if end_ms <= rows[0][0]:  # a moment that no calendar has
            break
        start_ms = end_ms
    return tuple(found)


def _name(id: str, machine: str) -> str:
    return hashlib.sha256(f"{machine}\n{id}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
