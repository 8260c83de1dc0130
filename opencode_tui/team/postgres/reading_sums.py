"""The questions of a report: the engine adds up, and what comes back is seats and days, never calls."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Date,
    Select,
    Subquery,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    tuple_,
)

from opencode_tui.team.postgres.arrays import rows_of_arrays
from opencode_tui.team.postgres.tables import NO_CALL_MS, TEAM_DAYS, TEAM_PARTS, TEAM_PUSHES

DaySpan = tuple[date, date]
"""The first and the last day."""
SeatDays = Mapping[tuple[str, date], str]
"""Of days of seats that have the very calls of another seat's, that other seat."""


class DayRow(Struct, frozen=True):
    seat: str
    day: date
    spend_nano: int
    calls: int
    digest: str
    week_digest: str
    cause: str
    revision: int


class PartRow(Struct, frozen=True):
    """A seat's spend on a model in a project."""

    seat: str
    provider: str
    model: str
    project: str
    spend_nano: int
    calls: int
    before_nano: int
    compared_nano: int
    """Of `spend_nano`, that of the days that are held against the period before."""


class PushRow(Struct, frozen=True):
    """The last push of a seat."""

    seat: str
    sent_ms: int
    """By the seat's clock, and by the server's."""
    received_ms: int
    last_ms: int | None
    """The moment of the last call that it ever pushed."""


def day_rows(connection: Connection, days: DaySpan) -> Iterator[DayRow]:
    """The days of all seats, in order."""
    c = TEAM_DAYS.c
    columns = (c.seat, c.day, c.spend_nano, c.calls, c.digest, c.week_digest, c.cause, c.revision)
    query = _newest_of_days(TEAM_DAYS, days, *columns).where(c.calls > 0).order_by(c.seat, c.day)
    for row in connection.execute(query):
        yield DayRow(*row)


def part_rows(
    connection: Connection, days: DaySpan, before: DaySpan, compared_last: date, without: SeatDays
) -> Iterator[PartRow]:
    """What each seat spent on what in a period, and in the one before, `without` those days of seats.

    `compared_last` is the last day of the period that is held against the one before.
    """
    c = TEAM_PARTS.c
    keys, is_now, was_before = (c.seat, c.provider, c.model, c.project), c.day.between(*days), c.day.between(*before)
    is_compared = c.day.between(days[0], compared_last)
    sums = (
        _sum(case((is_now, c.spend_nano), else_=0)),
        _sum(case((is_now, c.calls), else_=0)),
        _sum(case((was_before, c.spend_nano), else_=0)),
        _sum(case((is_compared, c.spend_nano), else_=0)),
    )
    both = (min(days[0], before[0]), max(days[1], before[1]))
    query = _newest_of_days(TEAM_PARTS, both, *keys, *sums).group_by(*keys)
    left_out = [seat_day for seat_day in without if both[0] <= seat_day[1] <= both[1]]
    if left_out:
        twins = rows_of_arrays("twins", {"seat": Text, "day": Date})
        query = query.where(tuple_(c.seat, c.day).not_in(select(twins.c.seat, twins.c.day)))
    given = {"seat_": [seat for seat, _ in left_out], "day_": [day for _, day in left_out]} if left_out else {}
    for row in connection.execute(query, given):
        yield PartRow(*row)


class SpentDays(Struct, frozen=True):
    spend_nano: dict[date, int]
    """What the whole team spent; calls that more than one seat has count once."""
    twins: SeatDays


def spent_days(connection: Connection, days: DaySpan) -> SpentDays:
    """The days of the whole team.

    Days of seats with one digest have the same calls, of one ledger that was pushed for each of them: the seat whose
    first push is the oldest has them.
    """
    c = TEAM_DAYS.c
    same = case((c.digest == "", func.concat("of ", c.seat)), else_=c.digest).label("same")
    each = _newest_of_days(
        TEAM_DAYS, days, c.day, same, func.max(c.spend_nano).label("nano"), func.count(c.seat).label("seats")
    )
    sums = each.group_by(c.day, same).subquery("sums")
    shared = func.array_agg(sums.c.same).filter(sums.c.seats > 1)
    spends: dict[date, int] = {}
    digests: list[str] = []
    for day, nano, several in connection.execute(
        select(sums.c.day, _sum(sums.c.nano), shared).group_by(sums.c.day).order_by(sums.c.day)
    ):
        spends[day] = nano
        digests += several or []
    return SpentDays(spends, _twins(connection, days, digests) if digests else {})


def _twins(connection: Connection, days: DaySpan, digests: list[str]) -> SeatDays:
    c = TEAM_DAYS.c
    is_shared = c.digest == func.any(bindparam("digests_", digests, type_=ARRAY(Text)))
    seats: dict[tuple[date, str], list[str]] = defaultdict(list)
    for seat, day, digest in connection.execute(
        _newest_of_days(TEAM_DAYS, days, c.seat, c.day, c.digest).where(is_shared)
    ):
        seats[day, digest].append(seat)
    pushes = TEAM_PUSHES.c
    names = bindparam("seats_", sorted({seat for each in seats.values() for seat in each}), type_=ARRAY(Text))
    first = (
        select(pushes.seat, func.min(pushes.received_at)).where(pushes.seat == func.any(names)).group_by(pushes.seat)
    )
    began = {row[0]: row[1].timestamp() for row in connection.execute(first)}
    found: dict[tuple[str, date], str] = {}
    for (day, _), several in seats.items():
        owner = min(several, key=lambda seat: (began.get(seat, math.inf), seat))
        found |= {(seat, day): owner for seat in several if seat != owner}
    return found


def last_pushes(connection: Connection, since: datetime) -> Iterator[PushRow]:
    """The last push of each seat that pushed since a moment."""
    c = TEAM_PUSHES.c
    newest = select(c.seat, func.max(c.revision).label("revision")).where(c.received_at >= since).group_by(c.seat)
    current = joined(TEAM_PUSHES, newest.subquery("newest"), "seat")
    query = select(c.seat, c.sent_ms, c.received_at, c.last_ms).select_from(current).order_by(c.seat)
    for seat, sent_ms, received, last_ms in connection.execute(query):
        yield PushRow(seat, sent_ms, round(received.timestamp() * 1000), None if last_ms == NO_CALL_MS else last_ms)


def _newest_of_days(table: Table, days: DaySpan, *columns: Any) -> Select[Any]:
    """Columns of a table's rows that belong to the newest revision of their seat's day."""
    c = TEAM_DAYS.alias("of_day").c
    newest = select(c.seat, c.day, func.max(c.revision).label("revision"))
    of_days = newest.where(c.day.between(*days)).group_by(c.seat, c.day).subquery("newest")
    # The days again, as no server takes other weeks out of the join by itself.
    return select(*columns).select_from(joined(table, of_days, "seat", "day")).where(table.c.day.between(*days))


def joined(table: Table, newest: Subquery, *keys: str) -> Any:
    """A table's rows that have the keys and the revision of a row of `newest`."""
    return table.join(newest, and_(*(table.c[name] == newest.c[name] for name in (*keys, "revision"))))


def _sum(value: Any) -> Any:
    return cast(func.sum(value), BigInteger)
