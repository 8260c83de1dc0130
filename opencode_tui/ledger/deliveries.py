"""Deliveries of alerts: each channel delivers an alert once, whichever process does it and even if one is killed.

A row is written with the alert, in its transaction. The process that delivers it takes a lease on the row and marks it
done when the channel has answered. If the process ends before that, the next poll of any process takes the row over: as
soon as it can see that the first has ended, else when the lease expires.

So an alert is delivered twice in one case only: if a process ends, or is stopped for longer than the lease, after the
channel has delivered and before the row is marked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from msgspec import Struct

from opencode_tui.ledger.holder import is_gone, this_process
from opencode_tui.records.alerts import DeliveryResult

DELIVERY_LEASE_MS = 120_000
"""Longer than any channel takes for one alert."""
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
        """Returns whether this process may take it: it holds the lease itself, the holder ended, or the lease expired.

        A lease that ends later than any lease could was written by a clock that was ahead, and counts as expired.
        """
        over = not 0 < self.lease_until_ms - now_ms <= DELIVERY_LEASE_MS
        return over or self.holder == this_process() or is_gone(self.holder)


def enter(connection: sqlite3.Connection, alert_id: int, channels: Iterable[str], now_ms: int) -> None:
    """Writes a pending delivery for each channel, leased to this process, which is about to deliver it."""
    rows = [(alert_id, channel, this_process(), now_ms + DELIVERY_LEASE_MS) for channel in channels]
    connection.executemany(_INSERT, rows)


def free(connection: sqlite3.Connection, now_ms: int) -> tuple[Delivery, ...]:
    """The pending deliveries that this process may take, oldest alert first. Costs microseconds if there are none."""
    rows = connection.execute(
        "SELECT alert_id, channel, tries, holder, lease_until_ms FROM delivery"
        " WHERE done = 0 AND alert_id > 0 ORDER BY alert_id, channel"
    ).fetchall()
    return tuple(each for each in (Delivery(*row) for row in rows) if each.is_free(now_ms))


def take(connection: sqlite3.Connection, alert_id: int, channel: str, holder: str, now_ms: int) -> int | None:
    """Takes the lease on a delivery and returns the number of this attempt; None if it is done or leased by another.

    Must run in a write transaction. After MOST_TRIES attempts the delivery is given up here.
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
    """Records the result of a delivery, unless another process has taken it over."""
    if connection.execute(_DONE, (alert_id, result.channel, holder, this_process())).rowcount:
        connection.execute(
            _INSERT_RESULT, (alert_id, result.channel, result.at_ms, result.ok, result.detail, result.attempt)
        )


def drop_turned_off(connection: sqlite3.Connection, on: Iterable[str], now_ms: int) -> None:
    """Marks the free deliveries of channels that are not in `on` any more as done without delivering them."""
    wanted = set(on)
    for each in free(connection, now_ms):
        if each.channel not in wanted:
            result = DeliveryResult(each.channel, now_ms, True, TURNED_OFF, each.tries)
            finish(connection, each.alert_id, each.holder, result)
