"""The questions of a report: the engine adds up, and what comes back is seats and days, never calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, Select, Subquery, Table, and_, case, cast, func, select

from opencode_tui.team.postgres.tables import TEAM_DAYS, TEAM_PARTS, TEAM_PUSHES

DaySpan = tuple[date, date]
"""The first and the last day."""


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


def part_rows(connection: Connection, days: DaySpan, before: DaySpan) -> Iterator[PartRow]:
    """What each seat spent on what in a period, and in the one before."""
    c = TEAM_PARTS.c
    keys, is_now, was_before = (c.seat, c.provider, c.model, c.project), c.day.between(*days), c.day.between(*before)
    sums = (
        _sum(case((is_now, c.spend_nano), else_=0)),
        _sum(case((is_now, c.calls), else_=0)),
        _sum(case((was_before, c.spend_nano), else_=0)),
    )
    both = (min(days[0], before[0]), max(days[1], before[1]))
    for row in connection.execute(_newest_of_days(TEAM_PARTS, both, *keys, *sums).group_by(*keys)):
        yield PartRow(*row)


def spend_by_day(connection: Connection, days: DaySpan) -> dict[date, int]:
    """What the whole team spent."""
    c = TEAM_DAYS.c
    query = _newest_of_days(TEAM_DAYS, days, c.day, _sum(c.spend_nano)).group_by(c.day)
    return {row[0]: row[1] for row in connection.execute(query)}


def last_pushes(connection: Connection, since: datetime) -> Iterator[PushRow]:
    """The last push of each seat that pushed since a moment."""
    c = TEAM_PUSHES.c
    newest = select(c.seat, func.max(c.revision).label("revision")).where(c.received_at >= since).group_by(c.seat)
    current = _joined(TEAM_PUSHES, newest.subquery("newest"), "seat")
    query = select(c.seat, c.sent_ms, c.received_at, c.last_ms).select_from(current).order_by(c.seat)
    for seat, sent_ms, received, last_ms in connection.execute(query):
        yield PushRow(seat, sent_ms, round(received.timestamp() * 1000), last_ms)


def _newest_of_days(table: Table, days: DaySpan, *columns: Any) -> Select[Any]:
    """Columns of a table's rows that belong to the newest revision of their seat's day."""
    c = TEAM_DAYS.alias("of_day").c
    newest = select(c.seat, c.day, func.max(c.revision).label("revision"))
    of_days = newest.where(c.day.between(*days)).group_by(c.seat, c.day).subquery("newest")
    # The days again, as no server takes other weeks out of the join by itself.
    return select(*columns).select_from(_joined(table, of_days, "seat", "day")).where(table.c.day.between(*days))


def _joined(table: Table, newest: Subquery, *keys: str) -> Any:
    return table.join(newest, and_(*(table.c[name] == newest.c[name] for name in (*keys, "revision"))))


def _sum(value: Any) -> Any:
    return cast(func.sum(value), BigInteger)
