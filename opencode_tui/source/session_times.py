"""When a session was made: by its own column or field, else by its id, which OpenCode makes at the same moment.

So it does those of events, which hold their moment as it is; that of a session holds what is left of it to a limit.
"""

from __future__ import annotations

import re

from opencode_tui.clock import DAY_MS
from opencode_tui.source.decode import BEGAN_MS, moment

_ID = re.compile(r"(ses|evt)_([0-9a-f]{12})[0-9A-Za-z]{14}$")
_TURN_MS = 1 << 36
"""An id holds the low 36 bits of its moment, which come round in 795 days."""


def made_ms(id: object, created: object, later: object, now_ms: int) -> int | None:
    """When a session was made; None where neither its time nor its id tells it.

    Of the moments that an id can mean it is the one nearest to `later`, which is another time of the session; where
    that is none, the last one until now.
    """
    made = moment(created)
    if made is not None and made >= BEGAN_MS:
        return made
    near_ms = moment(later)
    if near_ms is None or near_ms < BEGAN_MS:
        near_ms = _until(now_ms)
    return made_by_id(id, near_ms) or made


def event_ms(id: object, now_ms: int) -> int | None:
    """When an event was, by its id; None where that does not tell it."""
    return made_by_id(id, _until(now_ms))


def _until(now_ms: int) -> int:
    """The middle of the moments, until now, of which one is that of an id."""
    return now_ms + DAY_MS - _TURN_MS // 2


def made_by_id(id: object, near_ms: int) -> int | None:
    """When a session was made by its id, of the moments that it can mean the one nearest to `near_ms`."""
    match = _ID.match(id) if isinstance(id, str) else None
    if match is None:
        return None
    number = int(match[2], 16)
    low_ms = (number if match[1] == "evt" else ~number & (1 << 48) - 1) >> 12
    return moment(low_ms + round((near_ms - low_ms) / _TURN_MS) * _TURN_MS)
