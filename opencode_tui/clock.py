"""The only place that reads the time, and the user's days: a day that changes its clock has 23 or 25 hours."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo

from msgspec import Struct

Clock = Callable[[], int]
"""Gives the time now in Unix milliseconds."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds that only go forward, for measuring how long something took."""
    return time.monotonic()


def sleep_s(seconds: float) -> None:
    time.sleep(seconds)


class Span(Struct, frozen=True):
    """Moments from `start_ms` (in) to `end_ms` (out)."""

    start_ms: int
    end_ms: int

    def __contains__(self, ms: int) -> bool:
        return self.start_ms <= ms < self.end_ms


EVER = Span(-(1 << 63), (1 << 63) - 1)
"""All moments that a ledger can hold."""


class Calendar(Struct, frozen=True):
    """Days and ISO weeks in one time zone; `zone=None` is the machine's own."""

    zone: tzinfo | None = None

    def local(self, ms: int) -> datetime:
        """The wall-clock time of a moment. A moment outside of what a calendar can hold is clamped."""
        seconds = min(max(ms / 1000, 0.0), 253_370_764_800.0)  # until the year 9999
        return datetime.fromtimestamp(seconds, self.zone)

    def moment(self, ms: int, now_ms: int) -> str:
        """Such as `14:23`, on another day `Tue 12 May 14:23`."""
        local = self.local(ms)
        return f"{local:%H:%M}" if local.date() == self.day(now_ms) else f"{short_day(local)} {local:%H:%M}"

    def iso(self, ms: int) -> str:
        """A moment as ISO 8601 in milliseconds with the offset, such as `2026-05-13T14:23:00.000+02:00`."""
        local = self.local(ms)
        return (local if local.tzinfo else local.astimezone()).isoformat(timespec="milliseconds")

    def day(self, ms: int) -> date:
        return self.local(ms).date()

    def start_of(self, day: date) -> int:
        """The first moment of a day in Unix milliseconds."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return int(midnight.timestamp() * 1000)

    def span(self, first: date, last: date | None = None) -> Span:
        """From the start of `first` to the end of `last` (`first` alone when it is not given)."""
        return Span(self.start_of(first), self.start_of((last or first) + timedelta(days=1)))

    def week(self, day: date) -> tuple[date, date]:
        """Monday and Sunday of the ISO week that the day is in."""
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)


def weekday(day: date) -> str:
    """Such as `Wed`, in English whatever the locale."""
    return _WEEKDAYS[day.weekday()]


def month_day(day: date) -> str:
    """Such as `13 May`."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def short_day(day: date) -> str:
    """Such as `Wed 13 May`."""
    return f"{weekday(day)} {month_day(day)}"


def calendar_for(zone: str) -> Calendar:
    """A calendar in a named zone of the IANA database, or in the machine's own for an empty name.

    Raises ValueError for a name that does not exist.
    """
    if not zone:
        return Calendar()
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return Calendar(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {zone!r}") from error
