"""When a measure crossed a line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def last_rise(course: Iterable[tuple[int, int]], line: int) -> int | None:
    """When a measure that comes and goes last rose to a line, None where it has fallen again since.

    It has fallen below nine tenths of the line, that is: a measure that wavers about it crosses once.
    """
    at_ms = None
    for moment, value in course:
        if at_ms is None and value >= line:
            at_ms = moment
        elif value * 10 < line * 9:
            at_ms = None
    return at_ms


def crossed_at(costs: Sequence[tuple[int, int]], line: int) -> int | None:
    """The call that carried the sum over the line; None where it did not get there."""
    spent = 0
    for at_ms, nano in costs:
        spent += nano
        if spent >= line:
            return at_ms
    return None
