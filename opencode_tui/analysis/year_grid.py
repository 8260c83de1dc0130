"""A calendar year as a grid of weeks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

GridWeek = tuple[date | None, ...]
"""Monday to Sunday; None for a day of another year."""
SHADES = 4


def weeks_of(year: int) -> tuple[GridWeek, ...]:
    """The weeks that have a day of the year: 53, or 54 of a leap year that begins on a Sunday."""
    first = date(year, 1, 1)
    number = first.weekday() + (date(year, 12, 31) - first).days + 1
    days = [None] * first.weekday() + [first + timedelta(days=n) for n in range(number - first.weekday())]
    days += [None] * (-number % 7)
    return tuple(tuple(days[at : at + 7]) for at in range(0, len(days), 7))


def month_starts(weeks: Sequence[GridWeek]) -> tuple[tuple[int, int], ...]:
    """(week, month) for each month: the index of the week that has its first day."""
    return tuple((n, day.month) for n, week in enumerate(weeks) for day in week if day is not None and day.day == 1)


def shade_lines(amounts: Iterable[int], bands: Iterable[int] = ()) -> tuple[int, ...]:
    """The amounts from which the darker shades begin, at most SHADES - 1, ascending.

    Each line of `bands` that an amount has reached is one of them, so that a shade is in one band. The others halve
    the shade with the most amounts; equal amounts have one shade.
    """
    used = sorted(amount for amount in amounts if amount > 0)
    lines = sorted({line for line in bands if used and used[0] < line <= used[-1]})[: SHADES - 1]
    while len(lines) < SHADES - 1:
        ends = [0, *(bisect_left(used, line) for line in lines), len(used)]
        groups = sorted((used[low:high] for low, high in pairwise(ends) if low < high), key=len, reverse=True)
        line = next((half for group in groups if (half := _half(group)) is not None), None)
        if line is None:
            break
        lines = sorted([*lines, line])
    return tuple(lines)


def _half(amounts: Sequence[int]) -> int | None:
    """The amount, above the first, that halves ascending amounts; None if all are equal."""
    return next((each for each in amounts[len(amounts) // 2 :] if each > amounts[0]), None)


def shade_of(amount: int, lines: Sequence[int]) -> int:
    """0 for nothing, 1 for what is below the first line, and one more for each line that is reached."""
    return 1 + bisect_right(lines, amount) if amount > 0 else 0
