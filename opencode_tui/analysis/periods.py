"""Named periods as days."""

from __future__ import annotations

import re
from datetime import date, timedelta

PERIODS = ("today", "yesterday", "week", "month", "year", "all")
"""`week`, `month` and `year` are the current one up to today."""


_DAYS_BACK = re.compile(r"([1-9]\d{0,3})d", re.ASCII)
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
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
        return days_of_week(today - timedelta(days=7))
    if text == "last-month":
        return days_of_month(today.replace(day=1) - timedelta(days=1))
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
    if _WEEK.fullmatch(text):
        return written_week(text)
    if _MONTH.fullmatch(text):
        return written_month(text)
    try:
        day = parse_day(text)
    except ValueError:
        raise ValueError(f"{text!r} is no period; write one of {', '.join(PERIODS)}, {OTHER_PERIODS}") from None
    return day, day


def days_of_week(day: date) -> tuple[date, date]:
    """The Monday and the Sunday of the week that a day is in."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + timedelta(days=6)


def days_of_month(day: date) -> tuple[date, date]:
    """The first and the last day of the month that a day is in."""
    return day.replace(day=1), day.replace(day=days_in_month(day.year, day.month))


def days_in_month(year: int, month: int) -> int:
    """28 to 31; as `calendar.monthrange`, whose module takes as long to import as all of ours that read the day."""
    return 31 if month == 12 else (date(year, month + 1, 1) - timedelta(days=1)).day


def written_week(text: str) -> tuple[date, date]:
    """The days of a week such as 2026-W19. Raises ValueError with a sentence."""
    parts = _WEEK.fullmatch(text)
    try:
        monday = date.fromisocalendar(int(parts[1]), int(parts[2]), 1) if parts else None
    except ValueError:
        monday = None
    if monday is None or not 1970 < monday.year < 9998:
        raise ValueError(f"{text[:40]!r} is not a week; write one such as 2026-W19")
    return days_of_week(monday)


def written_month(text: str) -> tuple[date, date]:
    """The days of a month such as 2026-05. Raises ValueError with a sentence."""
    parts = _MONTH.fullmatch(text)
    if not parts or not 1970 < int(parts[1]) < 9998 or not 1 <= int(parts[2]) <= 12:
        raise ValueError(f"{text[:40]!r} is not a month; write one such as 2026-05")
    return days_of_month(date(int(parts[1]), int(parts[2]), 1))


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
        day = date.fromisoformat(text if _DAY.fullmatch(text) else "")  # which takes a week for its Monday
    except ValueError:
        raise ValueError(f"{text!r} is not a day; write one such as 2026-05-13") from None
    if not 1970 < day.year < 9999:
        raise ValueError(f"{text!r} is too far away; write a day such as 2026-05-13")
    return day
