"""Texts of a list of sessions: its cells, and the status line below it."""

from __future__ import annotations

from collections.abc import Sequence

from opencode_tui.analysis.periods import PERIODS
from opencode_tui.analysis.session_list import SessionTotals, Sort
from opencode_tui.clock import Calendar, month_day
from opencode_tui.money import plural, tokens_text
from opencode_tui.records.day import SessionLine
from opencode_tui.records.sessions import SessionRow
from opencode_tui.report.words import amount_text, clock_time

_LEVELS = "▁▂▃▄▅▆▇"  # without the full block, which would touch the row above
_PERIOD_NAMES = {"week": "this week", "month": "this month", "year": "this year", "all": "ever"}


def title_text(row: SessionRow | SessionLine) -> str:
    """The title, with ↱ before that of a fork."""
    return ("↱ " if row.is_fork else "") + (row.title or "untitled")


def context_text(tokens: int, limit: int | None) -> str:
    """How full the context is in percent, or its size if the limit is not known."""
    if limit:
        return f"{tokens * 100 // limit}%"
    return tokens_text(tokens) if tokens else ""


def when_text(ms: int, now_ms: int, calendar: Calendar) -> str:
    """A moment in at most 12 characters: 14:23 today, 12 May 09:10 this year, else 2025-11-30."""
    day, today = calendar.day(ms), calendar.day(now_ms)
    if day == today:
        return clock_time(ms, calendar)
    if day.year == today.year:
        return f"{month_day(day)} {clock_time(ms, calendar)}"
    return day.isoformat()


def spark(amounts: Sequence[int]) -> str:
    """One block for each amount, scaled to the largest; 0 is a space, and any other amount is visible."""
    top = max(amounts, default=0)
    return "".join(_LEVELS[amount * 6 // top] if amount > 0 else " " for amount in amounts)


def period_name(period: str) -> str:
    """Such as `this week`; a date is unchanged."""
    return _PERIOD_NAMES.get(period, period)


def status(
    shown: SessionTotals, of: int, sort: Sort[SessionRow], descending: bool, period: str, filter: str, by_project: bool
) -> tuple[str, ...]:
    """Such as `214 of 1,203 sessions · $12.40 · sorted by last active ▼ · week · filter "kimi"`."""
    count = f"{shown.sessions:,} of {plural(of, 'session')}" if shown.sessions != of else plural(of, "session")
    spent, arrow = amount_text(shown.total_nano, shown.lower_bound), "▼" if descending else "▲"
    rest = [f'filter "{filter}"'] if filter else []
    rest += ["by project"] if by_project else []
    order = f"{sort.name} {arrow}"
    few = count.removesuffix("s").removesuffix(" session")
    return (
        " · ".join([count, spent, f"sorted by {order}", period, *rest]),
        " · ".join([count, spent, order, period, *rest]),
        " · ".join([count, spent, order, period]),
        " · ".join([few, spent, order, period]),
        " · ".join([few, spent, order]),
        " · ".join([few, spent, period]),
        " · ".join([few, spent]),
    )


def nothing_found(period: str, filter: str, of: int) -> tuple[str, str]:
    """(what is the case, what to do) for an empty list."""
    if of:
        return f'None of {plural(of, "session")} matches "{filter}"', "esc clears the filter."
    when = f"on {period}" if period not in PERIODS else period_name(period)
    other = "" if period == "all" else "p shows another period. "
    return f"No sessions {when}", f"{other}OpenCode's next call shows here within seconds."
