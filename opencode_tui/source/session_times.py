"""When a session was created: by its column or field, else by the timestamp in its id.

The ids of events hold a timestamp too. In a session's id it is inverted, so that newer sessions sort first.
"""

from __future__ import annotations

import re

from opencode_tui.clock import DAY_MS
from opencode_tui.source.decode import BEGAN_MS, MAX_MS, moment

_ID = re.compile(r"(ses|evt)_([0-9a-f]{12})[0-9A-Za-z]{14}$")
_TURN_MS = 1 << 36
"""An id holds the low 36 bits of its timestamp in ms, which wrap around after 795 days."""


def made_ms(id: object, created: object, later: object, now_ms: int) -> int | None:
    """When a session was created, in Unix ms; None if neither its time nor its id shows it.

    Of the times that an id can stand for, returns the one nearest to `later`, another time of the session, or the
    newest one up to `now_ms` if `later` is not a time.
    """
    if type(created) is int and BEGAN_MS <= created <= MAX_MS:  # as nearly all are
        return created
    made = moment(created)
    if made is not None and made >= BEGAN_MS:
        return made
    near_ms = moment(later)
    if near_ms is None or near_ms < BEGAN_MS:
        near_ms = _until(now_ms)
    return made_by_id(id, near_ms) or made


def event_ms(id: object, now_ms: int) -> int | None:
    """The time of an event from its id, in Unix ms; None if the id holds none."""
    return made_by_id(id, _until(now_ms))


def _until(now_ms: int) -> int:
    """The middle of the newest 795 days up to now; of the times an id can stand for, the nearest to it is chosen."""
    return now_ms + DAY_MS - _TURN_MS // 2


def made_by_id(id: object, near_ms: int) -> int | None:
    """The time in an id, in Unix ms: of those that it can stand for, the one nearest to `near_ms`."""
    match = _ID.match(id) if isinstance(id, str) else None
    if match is None:
        return None
    number = int(match[2], 16)
    low_ms = (number if match[1] == "evt" else ~number & (1 << 48) - 1) >> 12
    return moment(low_ms + round((near_ms - low_ms) / _TURN_MS) * _TURN_MS)
