"""Which calls of a seat count for another one, as one ledger, or a copy of it, was pushed for both.

Two seats have copies where their ledgers have the same first call of a month. What an older version pushed says no
first calls; of these, a day with the same digest tells. Of such seats and months the database compares the calls.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import Struct
from psycopg import Connection

from opencode_tui.clock import DAY_MS
from opencode_tui.team.postgres.reading_sums import OF_DAYS, OF_PARTS, DaySpan, asked

_FIRSTS = "SELECT seat, min(first_ms) FROM team_first GROUP BY seat"
_SAME_FIRSTS = """
  SELECT month, array_agg(seat) FROM team_first WHERE month BETWEEN %(first)s AND %(last)s
  GROUP BY month, call HAVING count(*) > 1"""
_SAME_DAYS = f"""
  SELECT t.day, array_agg(t.seat) {OF_DAYS} AND digest <> '' AND (%(any_seat)s OR t.seat = ANY(%(seats)s))
  GROUP BY t.day, digest HAVING count(*) > 1"""
_PARTS = f"""
  SELECT t.seat, t.day, provider, model, project, spend_nano, calls {OF_PARTS}
    AND (t.seat, t.day) IN (SELECT * FROM unnest(CAST(%(seats)s AS text[]), CAST(%(days)s AS date[])))"""
_FURTHEST = "SELECT seat, max(last_ms), min(received_at) FROM team_push WHERE seat = ANY(%(seats)s) GROUP BY seat"
_SHARED = "SELECT * FROM team_shared(%(seats)s, %(first_ms)s, %(end_ms)s)"
_EPOCH = date(1970, 1, 1)


class SharedRow(Struct, frozen=True, gc=False):
    """The calls of a seat's day that count for another seat, by what they were spent on."""

    seat: str
    day: date
    owner: str
    """The one for which they count."""
    provider: str
    model: str
    project: str
    session_id: str
    spend_nano: int
    calls: int


def first_moments(connection: Connection[Any]) -> dict[str, int]:
    """The moment of the first call of each seat's ledgers, as far as they say it."""
    return dict(asked(connection, _FIRSTS, {}))


def shared_calls(connection: Connection[Any], days: DaySpan, *, all_say_firsts: bool) -> list[SharedRow]:
    """Each seat's calls of these days that count for another; `all_say_firsts` if no seat is of an older version.

    A call counts for the seat whose ledger goes furthest; of ledgers that go equally far, for the first to push.
    """
    related: dict[date, set[str]] = defaultdict(set)
    wide = {"first": _month(days[0] - timedelta(1)), "last": days[1] + timedelta(1)}
    for month, seats in asked(connection, _SAME_FIRSTS, wide):
        related[month] |= set(seats)
    if not all_say_firsts:
        for day, seats in _same_days(connection, days, None):
            for near in (day - timedelta(1), day, day + timedelta(1)):  # the months are of UTC
                related[_month(near)] |= set(seats)
    order = _furthest_first(connection, set().union(*related.values())) if related else {}
    found = []
    for month, of_month in sorted(related.items()):
        given = {"seats": sorted(of_month, key=order.__getitem__), **_moments(month, days)}
        found += [SharedRow(*row) for row in asked(connection, _SHARED, given)]
    if order:
        found += _without_calls(connection, days, order, {(row.seat, row.day) for row in found})
    return [row for row in found if days[0] <= row.day <= days[1]]


def _without_calls(
    connection: Connection[Any], days: DaySpan, order: Mapping[str, Any], known: set[tuple[str, date]]
) -> Iterator[SharedRow]:
    """The equal days of such seats whose calls are no longer in the database to be compared, only their sums."""
    owners: dict[tuple[str, date], str] = {}
    for day, seats in _same_days(connection, days, order):
        owner = min(seats, key=order.__getitem__)
        owners |= {(seat, day): owner for seat in seats if seat != owner and (seat, day) not in known}
    if owners:
        given: dict[str, Any] = {"first": days[0], "last": days[1]}
        given |= {"seats": [seat for seat, _ in owners], "days": [day for _, day in owners]}
        for seat, day, provider, model, project, spend_nano, calls in asked(connection, _PARTS, given):
            yield SharedRow(seat, day, owners[seat, day], provider, model, project, "", spend_nano, calls)


def _same_days(
    connection: Connection[Any], days: DaySpan, seats: Iterable[str] | None
) -> Iterator[tuple[date, list[str]]]:
    """Days on which several seats have the same calls by their digests, of these seats or of all."""
    given = {"first": days[0], "last": days[1], "any_seat": seats is None, "seats": list(seats or ())}
    return asked(connection, _SAME_DAYS, given)


def _furthest_first(connection: Connection[Any], seats: set[str]) -> Mapping[str, tuple[float, float, str]]:
    """By seat, what sorts the one first whose ledger goes furthest."""
    order: dict[str, tuple[float, float, str]] = {seat: (math.inf, math.inf, seat) for seat in seats}
    for seat, last_ms, began in asked(connection, _FURTHEST, {"seats": sorted(seats)}):
        order[seat] = (-last_ms, began.timestamp(), seat)
    return order


def _month(day: date) -> date:
    return day.replace(day=1)


def _moments(month: date, days: DaySpan) -> dict[str, int]:
    """The month in UTC, as far as calls of these days can lie in it, whatever the time zone."""
    after = _month(month + timedelta(31))
    first, end = max(month, days[0] - timedelta(1)), min(after, days[1] + timedelta(2))
    return {"first_ms": (first - _EPOCH).days * DAY_MS, "end_ms": (end - _EPOCH).days * DAY_MS}
