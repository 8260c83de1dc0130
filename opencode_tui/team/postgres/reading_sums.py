"""The questions of a report: the engine adds up, and what comes back is seats and days, never calls.

They are written in SQL, as SQLAlchemy's import would take a third of the time of a company's report.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from psycopg import Connection

from opencode_tui.team.postgres.special_values import EVERY_DAY, NO_CALL_MS

DaySpan = tuple[date, date]
"""The first and the last day."""

# The days are named twice, as no server takes other weeks out of the join by itself. No revision is above the newest:
# with = in place of >=, PostgreSQL expects a handful of rows, and sorts what it could group by hash.
_NEWEST = """
  FROM {table} t JOIN (SELECT seat, day, max(revision) AS revision FROM team_day
      WHERE day BETWEEN %(first)s AND %(last)s GROUP BY seat, day) newest
    ON t.seat = newest.seat AND t.day = newest.day AND t.revision >= newest.revision
  WHERE t.day BETWEEN %(first)s AND %(last)s"""
OF_DAYS, OF_PARTS = _NEWEST.format(table="team_day"), _NEWEST.format(table="team_part")
_OF_SESSIONS = _NEWEST.format(table="team_session")
_DAYS = f"""
  SELECT t.seat, t.day, spend_nano, calls,
    CASE WHEN digest = '' THEN '' WHEN %(is_week)s THEN week_digest ELSE digest END, cause, t.revision
  {OF_DAYS} AND calls > 0 ORDER BY t.seat, t.day"""
_SUM = "CAST(sum(CASE WHEN day BETWEEN {} AND {} THEN {} ELSE 0 END) AS bigint)"
_SUMS = ", ".join(
    _SUM.format(first, last, what)
    for first, last, what in (
        ("%(now_first)s", "%(now_last)s", "spend_nano"),
        ("%(now_first)s", "%(now_last)s", "calls"),
        ("%(before_first)s", "%(before_last)s", "spend_nano"),
        ("%(now_first)s", "%(compared_last)s", "spend_nano"),
    )
)
_PARTS = f"""
  SELECT seat, provider, model, project, {_SUMS}
  FROM (SELECT t.seat, t.day, provider, model, project, spend_nano, calls {OF_PARTS}) newest
  GROUP BY seat, provider, model, project"""
_SESSIONS = f"""
  SELECT seat, session_id, title, project, spend, many FROM (
    SELECT seat, session_id, (array_agg(title ORDER BY day DESC))[1] AS title,
      (array_agg(project ORDER BY day DESC))[1] AS project, CAST(sum(spend_nano) AS bigint) AS spend,
      CAST(sum(calls) AS bigint) AS many,
      row_number() OVER (PARTITION BY seat ORDER BY sum(spend_nano) DESC, session_id) AS place
    FROM (SELECT t.seat, t.day, session_id, title, project, spend_nano, calls {_OF_SESSIONS}) newest
    GROUP BY seat, session_id) summed
  WHERE place <= %(most)s OR seat = ANY(%(all_of)s) ORDER BY seat, place"""
_SPENDS = f"SELECT t.day, CAST(sum(spend_nano) AS bigint) {OF_DAYS} GROUP BY t.day"
_FIRST_DAYS = "SELECT seat, min(day) FROM team_day WHERE seat = ANY(%(seats)s) GROUP BY seat"
_PUSHES = """
  SELECT p.seat, sent_ms, received_at, last_ms
  FROM team_push p JOIN (SELECT seat, max(revision) AS revision FROM team_push
      WHERE received_at >= %(since)s GROUP BY seat) newest ON p.seat = newest.seat AND p.revision = newest.revision
  ORDER BY p.seat"""
_GAPS = """
  SELECT g.seat, g.day, CAST(sum(unread) AS bigint)
  FROM team_gap g JOIN (SELECT seat, machine, day, max(revision) AS revision FROM team_gap
      WHERE day BETWEEN %(first)s AND %(last)s OR day = %(every_day)s GROUP BY seat, machine, day) newest
    ON g.seat = newest.seat AND g.machine = newest.machine AND g.day = newest.day AND g.revision = newest.revision
  WHERE unread > 0 GROUP BY g.seat, g.day"""


class DayRow(Struct, frozen=True, gc=False):
    seat: str
    day: date
    spend_nano: int
    calls: int
    digest: str
    """That of the day or of its week, as was asked for; empty if no ledger has all of the day's calls."""
    cause: str
    revision: int


class PartRow(Struct, frozen=True, gc=False):
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


class SharedSession(Struct, frozen=True, gc=False):
    """A session of a seat that shares its sessions."""

    seat: str
    id: str
    title: str
    project: str
    spend_nano: int
    calls: int


class PushRow(Struct, frozen=True, gc=False):
    """The last push of a seat."""

    seat: str
    sent_ms: int
    """By the seat's clock, and by the server's."""
    received_ms: int
    last_ms: int | None
    """The moment of the last call that it ever pushed."""


def day_rows(connection: Connection[Any], days: DaySpan, *, is_week: bool) -> Iterator[DayRow]:
    """The days of all seats, in order, with the digests of their weeks or their own."""
    for row in asked(connection, _DAYS, {**_span(days), "is_week": is_week}):
        yield DayRow(*row)


def part_rows(connection: Connection[Any], days: DaySpan, before: DaySpan, compared_last: date) -> Iterator[PartRow]:
    """What each seat spent on what in a period, and in the one before.

    `compared_last` is the last day of the period that is held against the one before.
    """
    given: dict[str, Any] = {"now_first": days[0], "now_last": days[1], "compared_last": compared_last}
    given |= {"before_first": before[0], "before_last": before[1]}
    given |= _span((min(days[0], before[0]), max(days[1], before[1])))
    for row in asked(connection, _PARTS, given):
        yield PartRow(*row)


def costly_sessions(
    connection: Connection[Any], days: DaySpan, most: int, all_of: Iterable[str]
) -> list[SharedSession]:
    """The costliest sessions of each seat, so many or, of some seats, all, in order."""
    given = {**_span(days), "most": most, "all_of": list(all_of)}
    return [SharedSession(*row) for row in asked(connection, _SESSIONS, given)]


def spent_days(connection: Connection[Any], days: DaySpan) -> dict[date, int]:
    """What the whole team spent on each day, calls that two seats have twice."""
    return dict(asked(connection, _SPENDS, _span(days)))


def first_days(connection: Connection[Any], seats: Iterable[str]) -> dict[str, date]:
    """The first day of each of these seats."""
    return dict(asked(connection, _FIRST_DAYS, {"seats": sorted(seats)}))


def last_pushes(connection: Connection[Any], since: datetime) -> Iterator[PushRow]:
    """The last push of each seat that pushed since a moment."""
    for seat, sent_ms, received, last_ms in asked(connection, _PUSHES, {"since": since}):
        yield PushRow(seat, sent_ms, round(received.timestamp() * 1000), None if last_ms == NO_CALL_MS else last_ms)


def seat_gaps(connection: Connection[Any], days: DaySpan) -> Iterator[tuple[str, date, int]]:
    """Each seat's number of rows and calls of days, and of EVERY_DAY, that could not be read completely."""
    yield from asked(connection, _GAPS, {**_span(days), "every_day": EVERY_DAY})


def asked(connection: Connection[Any], sql: str, given: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The rows of an answer. Raises psycopg's errors."""
    with connection.cursor(binary=True) as cursor:
        yield from cursor.execute(sql.encode(), given).fetchall()


def _span(days: DaySpan) -> dict[str, Any]:
    return {"first": days[0], "last": days[1]}
