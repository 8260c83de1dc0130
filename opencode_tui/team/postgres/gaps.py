"""What of a ledger could not be read, by day. It goes to the database, so that a report knows which sums may lack it.

Each machine of a seat has rows of its own. A day on which all is read again gets a row with 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, select

from opencode_tui.team.postgres.special_values import EVERY_DAY
from opencode_tui.team.postgres.tables import TEAM_GAPS

Gaps = Mapping[date, int]
"""The number of rows and calls by day, EVERY_DAY among the days."""


def day_gaps(unread: Mapping[date | None, int]) -> Gaps:
    """The gaps, of what `unread_by_day` counted."""
    return {EVERY_DAY if day is None else day: count for day, count in unread.items()}


def gaps_there(connection: Connection, seat: str, machine: str) -> Gaps:
    """What the database knows of this machine, days that have no gap any more left out."""
    c = TEAM_GAPS.c
    # In this order the newest revision of a day comes last, and is the one that a dict keeps.
    query = select(c.day, c.unread).where(c.seat == seat, c.machine == machine).order_by(c.revision)
    newest = {row.day: row.unread for row in connection.execute(query)}
    return {day: unread for day, unread in newest.items() if unread}


def insert_gaps(connection: Connection, seat: str, machine: str, revision: int, gaps: Gaps) -> None:
    rows = [
        {"seat": seat, "machine": machine, "day": day, "revision": revision, "unread": unread}
        for day, unread in sorted(gaps.items())
    ]
    connection.execute(TEAM_GAPS.insert(), rows)
