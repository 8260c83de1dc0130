"""What of a ledger could not be read, by day. It goes to the database, so that a report knows which sums may lack it.

Each machine of a seat has rows of its own. A day on which all is read again gets a row with 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, Subquery, func, or_, select

from opencode_tui.team.postgres.reading_sums import joined
from opencode_tui.team.postgres.tables import EVERY_DAY, TEAM_GAPS

Gaps = Mapping[date, int]
"""The number of rows and calls by day, EVERY_DAY among the days."""
_KEY = ("seat", "machine", "day")


def day_gaps(unread: Mapping[date | None, int]) -> Gaps:
    """The gaps, of what `unread_by_day` counted."""
    return {EVERY_DAY if day is None else day: count for day, count in unread.items()}


def gaps_there(connection: Connection, seat: str, machine: str) -> Gaps:
    """What the database knows of this machine, days that have no gap any more left out."""
    c = TEAM_GAPS.c
    newest = _newest(c.seat == seat, c.machine == machine)
    query = select(c.day, c.unread).select_from(joined(TEAM_GAPS, newest, *_KEY)).where(c.unread > 0)
    return {row.day: row.unread for row in connection.execute(query)}


def insert_gaps(connection: Connection, seat: str, machine: str, revision: int, gaps: Gaps) -> None:
    rows = [
        {"seat": seat, "machine": machine, "day": day, "revision": revision, "unread": unread}
        for day, unread in sorted(gaps.items())
    ]
    connection.execute(TEAM_GAPS.insert(), rows)


def seat_gaps(connection: Connection, days: tuple[date, date]) -> Iterator[tuple[str, date, int]]:
    """Each seat's number of rows and calls of days, and of EVERY_DAY, that could not be read completely."""
    c = TEAM_GAPS.c
    newest = _newest(or_(c.day.between(*days), c.day == EVERY_DAY))
    query = select(c.seat, c.day, func.sum(c.unread)).select_from(joined(TEAM_GAPS, newest, *_KEY)).where(c.unread > 0)
    for seat, day, unread in connection.execute(query.group_by(c.seat, c.day)):
        yield seat, day, int(unread)


def _newest(*conditions: Any) -> Subquery:
    c = TEAM_GAPS.c
    query = select(*(c[name] for name in _KEY), func.max(c.revision).label("revision")).where(*conditions)
    return query.group_by(*(c[name] for name in _KEY)).subquery("newest")
