"""The spend of a day by the hour."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from opencode_tui.clock import HOUR_MS

STEPS = (1, 2, 3, 4, 6, 8, 12, 24)
"""How many hours a stretch can have, so that whole ones make a day."""


class Stretch(Struct, frozen=True):
    """Some whole hours of a day, and what was spent in them."""

    start_ms: int
    end_ms: int
    spend_nano: int


def spend_by_stretch(curve: Sequence[tuple[int, int]], day_start_ms: int, most: int) -> tuple[Stretch, ...]:
    """The day's spend in at most `most` stretches of equal length, from the first with spend to the last.

    `curve` is that of a Snapshot. Empty for a day without spend.
    """
    if not curve or most < 1:
        return ()
    hours: dict[int, int] = {}
    before = 0
    for ms, spent in curve:
        hour = (ms - day_start_ms) // HOUR_MS
        hours[hour] = hours.get(hour, 0) + spent - before
        before = spent
    first, last = min(hours), max(hours)
    step = next((step for step in STEPS if last // step - first // step < most), STEPS[-1])
    found = []
    for at in range(first // step, last // step + 1):
        start_ms = day_start_ms + at * step * HOUR_MS
        spent = sum(hours.get(hour, 0) for hour in range(at * step, (at + 1) * step))
        found.append(Stretch(start_ms, start_ms + step * HOUR_MS, spent))
    return tuple(found)
