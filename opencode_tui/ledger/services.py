"""Keeps what OpenCode's services answered last, and when each may be asked again, for all processes on the ledger.

A process claims a service before it asks, so that two of them do not ask at once. An answer holds no secret.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from msgspec import Struct

from opencode_tui.clock import HOUR_MS

LONGEST_WAIT_MS = HOUR_MS
"""No service is left alone for longer, however often it failed."""


class KeptAnswer(Struct, frozen=True):
    """What the ledger knows of a service."""

    asked_as: str
    """Where the key came from; another one may be asked with at once."""
    asked_ms: int
    next_ms: int
    failures: int
    """How often in a row it has not answered."""
    state: str
    detail: str
    answered_ms: int | None
    answer: str
    """The last usable answer as JSON, in our own form; empty if there never was one."""


def kept_answer(connection: sqlite3.Connection, service: str) -> KeptAnswer | None:
    """What is known of a service; None if it was never asked."""
    row: tuple[Any, ...] | None = connection.execute(
        "SELECT asked_as, asked_ms, next_ms, failures, state, detail, answered_ms, answer FROM service WHERE name = ?",
        (service,),
    ).fetchone()
    return None if row is None else KeptAnswer(*row)


def is_due(kept: KeptAnswer | None, asked_as: str, now_ms: int, least_ms: int) -> bool:
    """Whether a service may be asked. A time further ahead than any wait was written by a wrong clock."""
    if kept is None or kept.next_ms - now_ms > LONGEST_WAIT_MS or kept.asked_ms > now_ms:
        return True
    if kept.asked_as != asked_as:
        return now_ms - kept.asked_ms >= least_ms
    return now_ms >= kept.next_ms


def claim(connection: sqlite3.Connection, service: str, asked_as: str, now_ms: int, least_ms: int) -> bool:
    """Makes this process the one that asks now; returns False if it is not due. Must run in a write transaction."""
    kept = kept_answer(connection, service)
    if not is_due(kept, asked_as, now_ms, least_ms):
        return False
    failures = kept.failures if kept and kept.asked_as == asked_as else 0
    state, detail = (kept.state, kept.detail) if kept else ("unasked", "")
    known = (kept.answered_ms, kept.answer) if kept else (None, "")
    _write(
        connection,
        service,
        KeptAnswer(asked_as, now_ms, now_ms + least_ms, failures, state, detail, *known),
    )
    return True


def note_answer(connection: sqlite3.Connection, service: str, now_ms: int, wait_ms: int, answer: str) -> None:
    """Notes a usable answer. Must run in a write transaction, after `claim`."""
    connection.execute(
        "UPDATE service SET state = 'ok', detail = '', failures = 0, answered_ms = ?, answer = ?, next_ms = ?"
        " WHERE name = ?",
        (now_ms, answer, now_ms + wait_ms, service),
    )


def note_failure(
    connection: sqlite3.Connection, service: str, now_ms: int, wait_ms: int, state: str, detail: str, leave_ms: int = 0
) -> None:
    """Notes that a service gave no usable answer: each failure in a row doubles the wait, to LONGEST_WAIT_MS.

    `leave_ms` is how long the service itself asks to be left alone, in milliseconds. Must run in a write transaction,
    after `claim`. The last usable answer is kept.
    """
    kept = kept_answer(connection, service)
    failures = kept.failures if kept else 0
    wait_ms = min(max(wait_ms << min(failures, 20), leave_ms), LONGEST_WAIT_MS)
    connection.execute(
        "UPDATE service SET state = ?, detail = ?, failures = ?, next_ms = ? WHERE name = ?",
        (state, detail, failures + 1, now_ms + wait_ms, service),
    )


def _write(connection: sqlite3.Connection, service: str, kept: KeptAnswer) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO service"
        " (name, asked_as, asked_ms, next_ms, failures, state, detail, answered_ms, answer)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(service, kept.asked_as, kept.asked_ms, kept.next_ms, kept.failures),
            *(kept.state, kept.detail, kept.answered_ms, kept.answer),
        ),
    )
