"""When a measure crossed a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def last_rise(course: Iterable[tuple[int, int]], line: int) -> int | None:
    """When a measure that rises and falls last rose to a line; None if it has fallen below since.

    Below means under nine tenths of the line, so that a measure that hovers about the line crosses once.
    """
    at_ms = None
    for moment, value in course:
        if at_ms is None and value >= line:
            at_ms = moment
        elif value * 10 < line * 9:
            at_ms = None
    return at_ms


def crossed_at(costs: Sequence[tuple[int, int]], line: int) -> int | None:
    """The time of the call at which the running sum reached the line; None if it did not."""
    spent = 0
    for at_ms, nano in costs:
        spent += nano
        if spent >= line:
            return at_ms
    return None
