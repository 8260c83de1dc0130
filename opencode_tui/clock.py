"""The only module that reads the time, and calendar days in the user's zone (23 or 25 hours when the clocks change)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta, tzinfo

from msgspec import Struct

Clock = Callable[[], int]
"""Returns the current time in Unix milliseconds."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds on a monotonic clock, for measuring durations."""
    return time.monotonic()


def sleep_s(seconds: float) -> None:
    time.sleep(seconds)


class Span(Struct, frozen=True):
    """A half-open interval of Unix milliseconds: `start_ms` is in it, `end_ms` is not."""

    start_ms: int
    end_ms: int

    def __contains__(self, ms: int) -> bool:
        return self.start_ms <= ms < self.end_ms


EVER = Span(-(1 << 63), (1 << 63) - 1)
"""Every moment that the ledger can store."""


class Calendar(Struct, frozen=True):
    """Days and ISO weeks in one time zone; `zone=None` is the machine's own."""

    zone: tzinfo | None = None

    def local(self, ms: int) -> datetime:
        """The wall-clock time of a moment, clamped to the years that datetime supports."""
        seconds = min(max(ms / 1000, 0.0), 253_370_764_800.0)  # until the year 9999
        return datetime.fromtimestamp(seconds, self.zone)

    def moment(self, ms: int, now_ms: int) -> str:
        """Such as `14:23`, or `Tue 12 May 14:23` when it is not on the day of `now_ms`."""
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
        """From the start of `first` to the end of `last`, which defaults to `first`."""
        return Span(self.start_of(first), self.start_of((last or first) + timedelta(days=1)))

    def hours(self, span: Span) -> Iterator[tuple[int, Span]]:
        """The hours of a day, from 0; on a day on which the clocks go back, one comes twice.

        If it is longer than two days, as in no zone, all of it belongs to its first hour.
        """
        if span.end_ms - span.start_ms > 48 * HOUR_MS:
            yield self.local(span.start_ms).hour, span
            return
        if self.is_ordinary(span):
            for hour in range(24):
                yield hour, Span(span.start_ms + hour * HOUR_MS, span.start_ms + (hour + 1) * HOUR_MS)
            return
        at = span.start_ms
        while at < span.end_ms:
            local = self.local(at)
            into = (local.minute * 60 + local.second) * 1000
            end = min(at + HOUR_MS - into, span.end_ms)
            yield local.hour, Span(at, end)
            at = end

    def is_ordinary(self, span: Span) -> bool:
        """Returns whether a span is a day from midnight to midnight on which no clock is changed, as on most."""
        if span.end_ms - span.start_ms != DAY_MS:
            return False
        return self.local(span.start_ms).hour == 0 and self.local(span.end_ms - 1).hour == 23

    def week(self, day: date) -> tuple[date, date]:
        """The Monday and the Sunday of the day's ISO week."""
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)


def weekday(day: date) -> str:
    """Such as `Wed`, always in English."""
    return _WEEKDAYS[day.weekday()]


def month_day(day: date) -> str:
    """Such as `13 May`."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def month_name(day: date) -> str:
    """Such as `May`."""
    return _MONTHS[day.month - 1]


def iso_week(day: date) -> str:
    """Such as `2026-W19`."""
    year, number, _ = day.isocalendar()
    return f"{year}-W{number:02d}"


def short_day(day: date) -> str:
    """Such as `Wed 13 May`."""
    return f"{weekday(day)} {month_day(day)}"


def calendar_for(zone: str) -> Calendar:
    """A calendar in the named IANA zone; an empty name means the machine's own zone.

    Raises ValueError for an unknown name.
    """
    if not zone:
        return Calendar()
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return Calendar(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {zone!r}") from error
