"""What sessions are called: by their titles, and without one by project and time, never by an id."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from opencode_tui.clock import Calendar, month_day
from opencode_tui.ledger import session_queries
from opencode_tui.paths import last_part


def session_title(title: str, place: str, at_ms: int, calendar: Calendar) -> str:
    """The title; without one the name of its project or directory and when it began: `shop, 13 May 14:23`."""
    if title:
        return title
    when = f"{month_day(calendar.day(at_ms))} {calendar.local(at_ms):%H:%M}"
    return f"{last_part(place) or 'untitled'}, {when}"


def session_titles(connection: sqlite3.Connection, ids: Iterable[str], calendar: Calendar) -> dict[str, str]:
    """What each of the sessions is called, by id."""
    wanted = set(ids)
    found = {
        id: session_title(title, place, began_ms, calendar)
        for id, title, place, began_ms in session_queries.naming_facts(connection, wanted)
    }
    return {id: found.get(id, "untitled") for id in wanted}  # SQLite's JSON cuts an id at a NUL
