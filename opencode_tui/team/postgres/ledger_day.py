"""What of a day only the ledger knows, and goes with its sums."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from opencode_tui.clock import Calendar
from opencode_tui.ledger.alert_log import causes_of_days
from opencode_tui.ledger.digests import days_between, digest_calls
from opencode_tui.records.team_choices import SeatShare
from opencode_tui.team.ledger_reader import without_titles


class LedgerDay(Struct, frozen=True):
    calls: int
    """How many the ledger has."""
    digest: str
    """Of these calls; empty if there are none."""
    week_digest: str
    """Of those of the whole ISO week."""
    cause: str
    """Why the day ran over; empty if it did not, or nothing is known."""


def ledger_days(
    connection: sqlite3.Connection, days: Iterable[date], calendar: Calendar, share: SeatShare
) -> dict[date, LedgerDay]:
    """What the ledger has of these days."""
    wanted, found = sorted(days), {}
    causes = causes_of_days(connection, wanted[0], wanted[-1])
    for monday, sunday in sorted({calendar.week(day) for day in wanted}):
        week = digest_calls(connection, days_between(calendar, monday, sunday))
        for each in week.days:
            cause = causes.get(each.day, "")
            cause = cause if share == "titles" else without_titles(cause)
            found[each.day] = LedgerDay(each.calls, each.sha256 if each.calls else "", week.sha256, cause)
    return {day: found[day] for day in wanted}
