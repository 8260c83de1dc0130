"""How fast calls were: the text that the sums keep of it, and its percentiles.

A call is `35 60`: the tenths of a second that it took, and its tokens a second, if they are known. Where very many
calls are in one sum, the times and the speeds are counted apart: `t` and `s` begin a row of characters, the first for
the least value, each as far above `0` as there are such calls.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, zip_longest

from msgspec import Struct

from opencode_tui.records.breakdown import Percentiles

FORMAT = "t 400, s 400"
"""Changes with what is written."""
_FEW = 40
"""Up to so many calls are kept one by one, which is shorter."""
_ROW = 400
"""The most characters in a row. What is slower or faster is kept as `4000*2` or ` 4000*2`."""
_ZERO = ord("0")
_MOST = ord("~") - _ZERO
_DIGITS = bytes(max(code - _ZERO, 0) for code in range(256))
"""What makes numbers of characters."""
_TENTHS = 100
"""So many characters of a row of times stand for tenths of a second; the others for seconds."""
_HIGH = 0.95


class CallSpeeds(Struct, frozen=True, gc=False):
    """How many calls took so long and were so fast: by their place in a row, and those that are in none."""

    took_row: Sequence[int]
    took: Mapping[int, int]
    """By the place at which they would be in a row without an end; the same for `speeds`."""
    speed_row: Sequence[int]
    speeds: Mapping[int, int]


def packed_speeds(text: str) -> str:
    """The same calls, as what is shorter and sooner read."""
    items = text.split(",")
    if len(items) <= _FEW:
        return ",".join(f"{item}*{count}" if count > 1 else item for item, count in sorted(Counter(items).items()))
    tenths, speeds = _counted(items)
    took = {_place(value): count for value, count in tenths.items()}
    return ",".join(
        (
            *_row("t", took),
            *(f"{_value(place)}*{count}" for place, count in _rest(took)),
            *_row("s", speeds),
            *(f" {speed}*{count}" for speed, count in _rest(speeds)),
        )
    )


def read_speeds(text: str) -> CallSpeeds:
    """The calls in some of these texts with commas between them."""
    items: list[str] = []
    rows: dict[str, list[bytes]] = {"t": [], "s": []}
    for item in text.split(","):
        if item[0] in rows:
            rows[item[0]].append(item[1:].encode().translate(_DIGITS))
        else:
            items.append(item)
    tenths, speeds = _counted(items)
    took = {_place(value): count for value, count in tenths.items()}
    return CallSpeeds(_added(rows["t"]), took, _added(rows["s"]), speeds)


def all_speeds(parts: Sequence[CallSpeeds]) -> CallSpeeds:
    """The calls of all these together."""
    took, speeds = (Counter[int](), Counter[int]())
    for part in parts:
        for place, count in part.took.items():
            took[place] += count
        for place, count in part.speeds.items():
            speeds[place] += count
    return CallSpeeds(
        *(_added([part.took_row for part in parts]), took),
        *(_added([part.speed_row for part in parts]), speeds),
    )


def percentiles_of(calls: CallSpeeds) -> tuple[Percentiles | None, Percentiles | None]:
    """The seconds that calls took, and their tokens a second."""
    seconds, speed = _percentiles(calls.took_row, calls.took), _percentiles(calls.speed_row, calls.speeds)
    return (
        Percentiles(*(_value(place) / 10 for place in seconds)) if seconds else None,
        Percentiles(*map(float, speed)) if speed else None,
    )


def _added(rows: Sequence[Sequence[int]]) -> Sequence[int]:
    if len(rows) == 1:
        return rows[0]
    return list(map(sum, zip_longest(*filter(None, rows), fillvalue=0)))


def _place(tenths: int) -> int:
    """Where a time stands in a row."""
    return tenths if tenths < _TENTHS else tenths // 10 + _TENTHS - _TENTHS // 10


def _value(place: int) -> int:
    """The tenths of a second that stand at a place of a row."""
    return place if place < _TENTHS else (place - _TENTHS + _TENTHS // 10) * 10


def _counted(items: Sequence[str]) -> tuple[dict[int, int], dict[int, int]]:
    """The number of calls by their tenths of a second, and by their tokens a second."""
    tenths: dict[int, int] = {}
    speeds: dict[int, int] = {}
    for item, count in Counter(items).items() if len(items) > 1 else ((item, 1) for item in items):
        each, _, times = item.partition("*")
        took, _, speed = each.partition(" ")
        number = count * int(times) if times else count
        if took:
            tenths[int(took)] = tenths.get(int(took), 0) + number
        if speed:
            speeds[int(speed)] = speeds.get(int(speed), 0) + number
    return tenths, speeds


def _row(letter: str, counts: Mapping[int, int]) -> tuple[str, ...]:
    last = max((place for place in counts if place < _ROW), default=None)
    if last is None:
        return ()
    return (letter + "".join(chr(_ZERO + min(counts.get(place, 0), _MOST)) for place in range(last + 1)),)


def _rest(counts: Mapping[int, int]) -> list[tuple[int, int]]:
    """What does not fit into a row."""
    left = ((place, count - _MOST if place < _ROW else count) for place, count in counts.items())
    return [(place, count) for place, count in sorted(left) if count > 0]


def _percentiles(row: Sequence[int], others: Mapping[int, int]) -> list[int] | None:
    """The places of the median and of the 95th percentile, by nearest rank, of what is in a row and beside it."""
    far = sorted(place for place in others if place >= len(row)) if others else []
    if len(far) < len(others):
        row = list(row)
        for place, count in others.items():
            if place < len(row):
                row[place] += count
    upto = list(accumulate((*row, *[others[place] for place in far]) if far else row))
    if not upto:
        return None
    found = (bisect_left(upto, share * upto[-1]) for share in (0.5, _HIGH))
    return [number if number < len(row) else far[number - len(row)] for number in found]
