"""Deliveries of alerts: what fired is delivered by each channel once, whichever process does it and whatever ends it.

A row is entered with the alert, in its transaction. Whoever delivers takes the row for a while (a lease) and marks it
when the channel has answered. What a process leaves behind unmarked is taken by the next look: when that process is
seen to have ended, else when the lease is over.

So an alert can go out twice in one case alone: where a process ends, or is stopped for longer than the lease, after
the other side has it and before the mark.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from msgspec import Struct

from opencode_tui.ledger.holder import is_gone, this_process
from opencode_tui.records.alerts import DeliveryResult

DELIVERY_LEASE_MS = 120_000
"""More than any channel takes for one alert."""
MOST_TRIES = 3
GIVEN_UP = f"given up: {MOST_TRIES} times the program ended before it was delivered"
TURNED_OFF = "silent: the channel was turned off before it was delivered"

_INSERT = """
  INSERT OR IGNORE INTO delivery (alert_id, channel, tries, holder, lease_until_ms, done) VALUES (?, ?, 0, ?, ?, 0)
"""
_TAKE = """
  UPDATE delivery SET tries = tries + 1, holder = ?, lease_until_ms = ? WHERE alert_id = ? AND channel = ?
  RETURNING tries
"""
_DONE = "UPDATE delivery SET done = 1 WHERE alert_id = ? AND channel = ? AND holder IN (?, ?) AND done = 0"
_INSERT_RESULT = "INSERT INTO alert_told (alert_id, channel, at_ms, ok, detail, attempt) VALUES (?, ?, ?, ?, ?, ?)"


class Delivery(Struct, frozen=True):
    """An alert that a channel has not delivered yet."""

    alert_id: int
    channel: str
    tries: int
    holder: str
    lease_until_ms: int

    def is_free(self, now_ms: int) -> bool:
        """Nobody is at it: this process fired it and has not begun, or whoever had it has gone.

        A lease that lasts longer than leases do was given by a clock that was ahead.
        """
        over = not 0 < self.lease_until_ms - now_ms <= DELIVERY_LEASE_MS
        return over or self.holder == this_process() or is_gone(self.holder)


def enter(connection: sqlite3.Connection, alert_id: int, channels: Iterable[str], now_ms: int) -> None:
    """An alert fired that these channels are to deliver; this process is about to."""
    rows = [(alert_id, channel, this_process(), now_ms + DELIVERY_LEASE_MS) for channel in channels]
    connection.executemany(_INSERT, rows)


def free(connection: sqlite3.Connection, now_ms: int) -> tuple[Delivery, ...]:
    """What is to be delivered and nobody is at, the oldest alert first. Costs microseconds where there is nothing."""
    rows = connection.execute(
        "SELECT alert_id, channel, tries, holder, lease_until_ms FROM delivery"
        " WHERE done = 0 AND alert_id > 0 ORDER BY alert_id, channel"
    ).fetchall()
    return tuple(each for each in (Delivery(*row) for row in rows) if each.is_free(now_ms))


def take(connection: sqlite3.Connection, alert_id: int, channel: str, holder: str, now_ms: int) -> int | None:
    """Take an alert to deliver it; which try this is, None where it is done, or somebody else is at it.

    Must run in a transaction that has the right to write. After the last try it is given up here.
    """
    enter(connection, alert_id, [channel], now_ms)
    row = connection.execute(
        "SELECT alert_id, channel, tries, holder, lease_until_ms FROM delivery"
        " WHERE alert_id = ? AND channel = ? AND done = 0",
        (alert_id, channel),
    ).fetchone()
    if row is None or not (found := Delivery(*row)).is_free(now_ms):
        return None
    if found.tries >= MOST_TRIES:
        finish(connection, alert_id, found.holder, DeliveryResult(channel, now_ms, False, GIVEN_UP, found.tries))
        return None
    tries = connection.execute(_TAKE, (holder, now_ms + DELIVERY_LEASE_MS, alert_id, channel)).fetchone()[0]
    return int(tries)


def finish(connection: sqlite3.Connection, alert_id: int, holder: str, result: DeliveryResult) -> None:
    """Keep what became of a delivery, unless somebody else has it by now."""
    if connection.execute(_DONE, (alert_id, result.channel, holder, this_process())).rowcount:
        connection.execute(
            _INSERT_RESULT, (alert_id, result.channel, result.at_ms, result.ok, result.detail, result.attempt)
        )


def drop_turned_off(connection: sqlite3.Connection, on: Iterable[str], now_ms: int) -> None:
    """What nobody is at and is for a channel that is not on any more is not delivered."""
    wanted = set(on)
    for each in free(connection, now_ms):
        if each.channel not in wanted:
            result = DeliveryResult(each.channel, now_ms, True, TURNED_OFF, each.tries)
            finish(connection, each.alert_id, each.holder, result)
