"""Remembers which calls a team's database lacks, or has in another state than the ledger.

A database that was never pushed to lacks all calls. From then on triggers note each call that comes, changes or goes;
a ledger that is never pushed has no such triggers, and pays nothing. A call is noted again under a new number if it
changes while it is being sent. One process pushes to a database at a time, by a lease.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from opencode_tui.ledger.early_calls import EarlyCall
from opencode_tui.ledger.holder import is_gone, this_process
from opencode_tui.records.calls import Tokens
from opencode_tui.records.pushes import PushedCall, PushTarget, WaitingCall

PUSH_LEASE_MS = 120_000
"""Longer than a database takes for one batch."""
_NOTE = """
  DELETE FROM unpushed
    WHERE created_ms = {0}.created_ms AND call_id = {0}.id AND target_id IN (SELECT id FROM push_target);
  INSERT INTO unpushed (target_id, created_ms, call_id) SELECT id, {0}.created_ms, {0}.id FROM push_target;
"""
_TRIGGERS = (
    f"CREATE TRIGGER IF NOT EXISTS call_added_unpushed AFTER INSERT ON call BEGIN {_NOTE.format('new')} END",
    f"""CREATE TRIGGER IF NOT EXISTS call_changed_unpushed AFTER UPDATE ON call
      BEGIN {_NOTE.format("old")} {_NOTE.format("new")} END""",
    f"CREATE TRIGGER IF NOT EXISTS call_deleted_unpushed AFTER DELETE ON call BEGIN {_NOTE.format('old')} END",
)
_ALL = """
  INSERT INTO unpushed (target_id, created_ms, call_id)
  SELECT ?1, created_ms, id FROM call WHERE copied_from IS NULL ORDER BY created_ms, id
"""
_TARGET = "SELECT id, revision, pushed_ms, gaps FROM push_target WHERE name = ?"
_LEASE = "UPDATE push_target SET holder = ?, lease_until_ms = ? WHERE id = ?"
_BATCH = """
  SELECT u.number, u.created_ms, u.call_id, c.id IS NOT NULL AND c.copied_from IS NULL,
    coalesce(m.name, ''), c.session_id, coalesce(s.title, ''),
    coalesce(nullif(s.project, ''), nullif(c.directory, ''), 'unknown'), c.provider, c.model, c.agent,
    c.completed_ms, c.cost_nano, c.list_nano, c.basis, c.error,
    c.input, c.output, c.reasoning, c.cache_read, c.cache_write
  FROM unpushed u LEFT JOIN call c ON c.id = u.call_id AND c.created_ms = u.created_ms
    LEFT JOIN session s ON s.id = c.session_id LEFT JOIN machine m ON m.id = c.machine_id
  WHERE u.target_id = ? AND (u.created_ms, u.call_id) > (?, ?) ORDER BY u.created_ms, u.call_id LIMIT ?
"""
_PLACE, _TOKENS = 4, 16


def push_target(connection: sqlite3.Connection, name: str) -> PushTarget:
    """The database of that name, which lacks all calls if it is new. Must run in a write transaction."""
    if (known := known_target(connection, name)) is not None:
        return known
    connection.execute("INSERT INTO push_target (name) VALUES (?)", (name,))
    for trigger in _TRIGGERS:
        connection.execute(trigger)
    target = known_target(connection, name)
    assert target is not None
    connection.execute(_ALL, (target.id,))
    return target


def known_target(connection: sqlite3.Connection, name: str) -> PushTarget | None:
    """The database of that name, if this ledger was ever pushed to it."""
    row = connection.execute(_TARGET, (name,)).fetchone()
    return None if row is None else PushTarget(*row)


def queue_all(connection: sqlite3.Connection, target: PushTarget) -> None:
    """Notes every call and every other fact as lacking, as before the first push. Must run in a write transaction."""
    connection.execute("DELETE FROM unpushed WHERE target_id = ?", (target.id,))
    connection.execute("UPDATE push_target SET revision = 0, gaps = '' WHERE id = ?", (target.id,))
    connection.execute(_ALL, (target.id,))


def take_push_lease(connection: sqlite3.Connection, target: PushTarget, now_ms: int) -> bool:
    """Makes this process the one that pushes, or renews that; returns False while another one is.

    Must run in a write transaction. A lease that ends later than any new one would was written by a wrong clock.
    """
    holder, until_ms = connection.execute(
        "SELECT holder, lease_until_ms FROM push_target WHERE id = ?", (target.id,)
    ).fetchone()
    if holder not in ("", this_process()) and 0 < until_ms - now_ms <= PUSH_LEASE_MS and not is_gone(holder):
        return False
    connection.execute(_LEASE, (this_process(), now_ms + PUSH_LEASE_MS, target.id))
    return True


def end_push_lease(connection: sqlite3.Connection, target: PushTarget) -> None:
    connection.execute("UPDATE push_target SET holder = '' WHERE id = ? AND holder = ?", (target.id, this_process()))


def waiting_count(connection: sqlite3.Connection, target: PushTarget) -> int:
    """How many calls the database may lack."""
    return int(connection.execute("SELECT count(*) FROM unpushed WHERE target_id = ?", (target.id,)).fetchone()[0])


def waiting_batch(
    connection: sqlite3.Connection, target: PushTarget, after: tuple[int, str], most: int
) -> tuple[WaitingCall, ...]:
    """The next calls after (Unix ms, id) that the database may lack, oldest first."""
    return tuple(map(_waiting, connection.execute(_BATCH, (target.id, *after, most))))


def _waiting(row: Any) -> WaitingCall:
    number, created_ms, call_id, is_there = row[:_PLACE]
    fields = (*row[_PLACE:_TOKENS], Tokens(*row[_TOKENS:]))
    call = PushedCall(*fields) if is_there else None
    return WaitingCall(number, created_ms, call_id, call)


def note_pushed(
    connection: sqlite3.Connection, target: PushTarget, calls: Iterable[WaitingCall], revision: int, now_ms: int
) -> None:
    """Notes that the database has these calls as they were read, at a revision. Must run in a write transaction."""
    connection.executemany("DELETE FROM unpushed WHERE number = ?", ((call.number,) for call in calls))
    connection.execute(
        "UPDATE push_target SET revision = max(revision, ?), pushed_ms = ? WHERE id = ?", (revision, now_ms, target.id)
    )


def facts_text(unread: Mapping[date | None, int], firsts: Iterable[EarlyCall]) -> str:
    """What `unread_by_day` counted and `early_calls` found, in the form in which it is noted."""
    gaps = {"" if day is None else day.isoformat(): count for day, count in unread.items()}
    return json.dumps({"gaps": gaps, "firsts": [each.call for each in firsts]}, sort_keys=True)


def note_facts(connection: sqlite3.Connection, target: PushTarget, facts: str, revision: int) -> None:
    """Notes what the database now knows besides the calls, at a revision. Must run in a write transaction."""
    connection.execute(
        "UPDATE push_target SET revision = max(revision, ?), gaps = ? WHERE id = ?", (revision, facts, target.id)
    )
