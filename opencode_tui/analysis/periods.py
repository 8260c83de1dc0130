"""Named periods as days."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

PERIODS = ("today", "yesterday", "week", "month", "year", "all")
"""`week`, `month` and `year` are the current one up to today."""


_DAYS_BACK = re.compile(r"([1-9]\d{0,3})d")
_WEEK = re.compile(r"(\d{4})-W(\d{2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
OTHER_PERIODS = (
    "last-week, last-month, 30d, 2026-W19, 2026-05, 2026-05-13, or from one to another: 2026-05-01..2026-05-13"
)


def days_of_text(text: str, today: date, first_ever: date) -> tuple[date, date]:
    """The first and the last day of a period as people write it: one of PERIODS or such as OTHER_PERIODS.

    Raises ValueError with a sentence.
    """
    if text in PERIODS:
        return days_of(text, today, first_ever)
    if text == "last-week":
        monday = today - timedelta(days=today.weekday() + 7)
        return monday, monday + timedelta(days=6)
    if text == "last-month":
        last = today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last
    if found := _DAYS_BACK.fullmatch(text):
        return max(today - timedelta(days=int(found[1]) - 1), date(1971, 1, 1)), today
    if ".." in text:
        begin, _, end = text.partition("..")
        first, last = days_of_text(begin, today, first_ever)[0], days_of_text(end, today, first_ever)[1]
        if first > last:
            raise ValueError(f"{begin!r} is after {end!r}; swap them")
        return first, last
    return _written_days(text)


def _written_days(text: str) -> tuple[date, date]:
    """The days of a week, a month or a day that is written out. Raises ValueError with a sentence."""
    try:
        if found := _WEEK.fullmatch(text):
            monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
            first, last = monday, monday + timedelta(days=6)
        elif found := _MONTH.fullmatch(text):
            first = date(int(found[1]), int(found[2]), 1)
            last = first.replace(day=monthrange(first.year, first.month)[1])
        else:
            first = last = date.fromisoformat(text)
        in_range = first.year > 1970 and last.year < 9999
    except (ValueError, OverflowError):
        in_range = False
    if not in_range:
        raise ValueError(f"{text!r} is no period; write one of {', '.join(PERIODS)}, {OTHER_PERIODS}")
    return first, last


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
