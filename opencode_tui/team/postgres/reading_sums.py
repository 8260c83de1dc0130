"""The questions of a report: the engine adds up, and what comes back is seats and days, never calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, Subquery, and_, case, cast, func, select

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


def day_rows(connection: Connection, days: DaySpan) -> Iterator[DayRow]:
    """The days of all seats, in order."""
    found = _newest_days(days)
    c = TEAM_DAYS.c
    query = select(c.seat, c.day, c.spend_nano, c.calls, c.digest, c.week_digest, c.cause, c.revision).select_from(
        _current(TEAM_DAYS, found)
    )
    for row in connection.execute(query.where(c.calls > 0).order_by(c.seat, c.day)):
        yield DayRow(*row)


def part_rows(connection: Connection, days: DaySpan, before: DaySpan) -> Iterator[PartRow]:
    """What each seat spent on what in a period, and in the one before."""
    found = _newest_days((min(days[0], before[0]), max(days[1], before[1])))
    c = TEAM_PARTS.c
    is_now, was_before = c.day.between(*days), c.day.between(*before)
    query = (
        select(
            *(c.seat, c.provider, c.model, c.project),
            _sum(case((is_now, c.spend_nano), else_=0)),
            _sum(case((is_now, c.calls), else_=0)),
            _sum(case((was_before, c.spend_nano), else_=0)),
        )
        .select_from(_current(TEAM_PARTS, found))
        .group_by(c.seat, c.provider, c.model, c.project)
    )
    for row in connection.execute(query):
        yield PartRow(*row)


def spend_by_day(connection: Connection, days: DaySpan) -> dict[date, int]:
    """What the whole team spent."""
    query = select(TEAM_DAYS.c.day, _sum(TEAM_DAYS.c.spend_nano)).select_from(_current(TEAM_DAYS, _newest_days(days)))
    return {row[0]: row[1] for row in connection.execute(query.group_by(TEAM_DAYS.c.day))}


def last_calls(connection: Connection, days: DaySpan) -> dict[str, int]:
    """The moment of each seat's last call in these days."""
    query = select(TEAM_DAYS.c.seat, func.max(TEAM_DAYS.c.last_ms)).select_from(_current(TEAM_DAYS, _newest_days(days)))
    return {row[0]: row[1] for row in connection.execute(query.group_by(TEAM_DAYS.c.seat)) if row[1] is not None}


def last_pushes(connection: Connection, since: datetime) -> Iterator[PushRow]:
    """The last push of each seat that pushed since a moment."""
    c = TEAM_PUSHES.c
    newest = select(c.seat, func.max(c.revision).label("revision")).where(c.received_at >= since).group_by(c.seat)
    query = select(c.seat, c.sent_ms, c.received_at).select_from(
        _current(TEAM_PUSHES, newest.subquery("newest"), "seat")
    )
    for seat, sent_ms, received in connection.execute(query.order_by(c.seat)):
        yield PushRow(seat, sent_ms, round(received.timestamp() * 1000))


def _newest_days(days: DaySpan) -> Subquery:
    """The newest revision of each seat's day."""
    c = TEAM_DAYS.c
    newest = func.max(c.revision).label("revision")
    return select(c.seat, c.day, newest).where(c.day.between(*days)).group_by(c.seat, c.day).subquery("newest")


def _current(table: Any, newest: Subquery, *keys: str) -> Any:
    """The rows of a table of which there is no newer revision."""
    same = [table.c[name] == newest.c[name] for name in (*(keys or ("seat", "day")), "revision")]
    return table.join(newest, and_(*same))


def _sum(value: Any) -> Any:
    return cast(func.sum(value), BigInteger)
