"""Named periods as days."""

from __future__ import annotations

from datetime import date, timedelta

PERIODS = ("today", "yesterday", "week", "month", "year", "all")
"""`week`, `month` and `year` are the current one up to today."""


def days_of(period: str, today: date, first_ever: date) -> tuple[date, date]:
    """The first and the last day of one of PERIODS; `all` begins with `first_ever`."""
    if period == "yesterday":
        yesterday = today - timedelta(days=1)
        return yesterday, yesterday
    first = {
        "today": today,
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
        "all": min(first_ever, today),
    }[period]
    return first, today


def parse_day(text: str) -> date:
    """Parse a day such as 2026-05-13. Raises ValueError with a sentence."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day; write one such as 2026-05-13") from None
    if not 1970 < day.year < 9999:
        raise ValueError(f"{text!r} is too far away; write a day such as 2026-05-13")
    return day
