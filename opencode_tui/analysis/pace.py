"""Pace: bands, run rate, the time of the next crossing, and the week's projection."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from opencode_tui.clock import HOUR_MS, iso_week
from opencode_tui.records.day import Band, Verdict, Week


def band(spend_nano: int, warning_nano: int, cutoff_nano: int) -> Band:
    """The band of an amount; an amount equal to a line is past it."""
    if spend_nano >= cutoff_nano:
        return "cutoff"
    return "warning" if spend_nano >= warning_nano else "calm"


def run_rate(costs: Sequence[tuple[int, int]], now_ms: int) -> int:
    """Nano-dollars per hour: the spend of the 60 minutes up to now. `costs` are (Unix milliseconds, nano-dollars)."""
    return sum(nano for at, nano in costs if now_ms - HOUR_MS < at <= now_ms)


def crossing_ms(spent_nano: int, line_nano: int, rate_nano: int, now_ms: int, end_ms: int) -> int | None:
    """When the line is reached at a rate of nano-dollars per hour, in Unix milliseconds.

    None if it is reached already or not before `end_ms`.
    """
    if spent_nano >= line_nano or rate_nano <= 0:
        return None
    at = now_ms + (line_nano - spent_nano) * HOUR_MS // rate_nano
    return at if at < end_ms else None


def week(day: date, week_nano: int, day_nano: int, target_nano: int) -> Week:
    """The week up to a day, projected as if each remaining day costs as much as this one."""
    projected = week_nano + (7 - day.isoweekday()) * day_nano
    verdict: Verdict = "on pace" if projected <= target_nano else "over pace"
    if week_nano > target_nano:
        verdict = "over target"
    return Week(iso_week(day), week_nano, target_nano, projected, verdict)
