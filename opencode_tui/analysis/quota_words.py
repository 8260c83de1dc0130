"""Sentences on a plan's quota that alerts and reports have in common."""

from __future__ import annotations

from opencode_tui.clock import DAY_MS, HOUR_MS, MINUTE_MS, Calendar
from opencode_tui.money import format_usd
from opencode_tui.records.quotas import WHOLE, ModelSwitch, QuotaWindow

_WINDOWS = {"day": "the day", "week": "the week", "month": "the month"}


def window_text(name: str) -> str:
    """Such as `the 5 hours` and `the week`."""
    return _WINDOWS.get(name) or f"the {name.removesuffix('h')} hours"


def percent_text(window: QuotaWindow) -> str:
    """Such as `82%`, `≥41%` where only the ledger knows, `about 84%` with what was spent since the report."""
    if window.percent_now > window.percent or (window.estimate is not None and window.reading is None):
        return f"about {window.percent_now}%"
    return f"{'≥' if window.is_lower_bound else ''}{window.percent_now}%"


def pace_text(window: QuotaWindow, now_ms: int, calendar: Calendar) -> str:
    """Such as `full at 16:40, 22 min before the reset`, or when it is reset."""
    if window.resets_ms is None:
        return "begins with the next request"
    reset = calendar.moment(window.resets_ms, now_ms)
    if (window.reading and window.reading.is_limited) or window.percent_now >= WHOLE:
        return f"full until {reset}"
    if window.full_ms is None:
        return f"resets {reset}"
    before = wait_text(window.resets_ms - window.full_ms)
    return f"full at {calendar.moment(window.full_ms, now_ms)}, {before} before the reset"


def switch_text(switch: ModelSwitch, now_ms: int, calendar: Calendar) -> str:
    """What to do about a quota that is nearly full: the action, and after a colon its reason."""
    until = calendar.moment(switch.until_ms, now_ms)
    if not switch.model:
        return (
            f"/models in OpenCode, to a model that another account pays for, until {until}: you have used none of late"
        )
    costs = f"a call has cost {format_usd(switch.nano_per_call)}" if switch.nano_per_call else "its calls cost nothing"
    if switch.is_of_plan:
        return f"/models in OpenCode, to {switch.model} until {until}: the same plan, but {costs}"
    return f"/models in OpenCode, to {switch.model} until {until}: {costs} on average"


def wait_text(ms: int) -> str:
    """Such as `22 min`, `3 h 5 min` and `2 d 4 h`."""
    if ms < HOUR_MS:
        return f"{max(ms, 0) // MINUTE_MS} min"
    if ms < DAY_MS:
        hours, rest = divmod(ms, HOUR_MS)
        return f"{hours} h {rest // MINUTE_MS} min" if rest >= MINUTE_MS else f"{hours} h"
    days, rest = divmod(ms, DAY_MS)
    return f"{days} d {rest // HOUR_MS} h" if rest >= HOUR_MS else f"{days} d"
