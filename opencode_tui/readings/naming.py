"""What a session is called."""

from __future__ import annotations

from opencode_tui.clock import Calendar, month_day
from opencode_tui.paths import last_part


def session_title(title: str, place: str, at_ms: int, calendar: Calendar) -> str:
    """The title; without one the name of its project or directory and a time of it: `shop, 13 May 14:23`."""
    if title:
        return title
    when = f"{month_day(calendar.day(at_ms))} {calendar.local(at_ms):%H:%M}"
    return f"{last_part(place) or 'untitled'}, {when}"
