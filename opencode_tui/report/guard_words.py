"""The guard's condition in two or three words."""

from __future__ import annotations

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd
from opencode_tui.records.day import Guard


def guard_words(guard: Guard | None, calendar: Calendar, now_ms: int) -> str:
    """`guarded`, `not guarded` or `lifted until 15:02`; empty if not known."""
    if guard is None:
        return ""
    if guard.condition == "lifted" and guard.lifted_until_ms is not None:
        return f"lifted until {calendar.moment(guard.lifted_until_ms, now_ms)}"
    return "guarded" if guard.condition == "guarded" else "not guarded"


def guard_line(guard: Guard | None, calendar: Calendar, now_ms: int) -> str:
    """`guard_words`, with the cutoff if it is raised."""
    words = guard_words(guard, calendar, now_ms)
    return f"{words}, cutoff {format_usd(guard.cutoff_nano)}" if guard is not None and guard.raised else words
