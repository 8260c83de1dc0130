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


def percentiles_of(text: str) -> tuple[Percentiles | None, Percentiles | None]:
    """(seconds, tokens a second) of the calls in some of these texts with commas between them."""
    items: list[str] = []
    rows: dict[str, list[bytes]] = {"t": [], "s": []}
    for item in text.split(","):
        if item[0] in rows:
            rows[item[0]].append(item[1:].encode().translate(_DIGITS))
        else:
            items.append(item)
    tenths, speeds = _counted(items)
    seconds = _percentiles(rows["t"], {_place(value): count for value, count in tenths.items()})
    speed = _percentiles(rows["s"], speeds)
    return (
        Percentiles(*(_value(place) / 10 for place in seconds)) if seconds else None,
        Percentiles(*map(float, speed)) if speed else None,
    )


def _place(tenths: int) -> int:
    """Where a time stands in a row."""
    return tenths if tenths < _TENTHS else tenths // 10 + _TENTHS - _TENTHS // 10


def _value(place: int) -> int:
    """The tenths of a second that stand at a place of a row."""
    return place if place < _TENTHS else (place - _TENTHS + _TENTHS // 10) * 10


def _counted(items: Sequence[str]) -> tuple[Counter[int], Counter[int]]:
    """The number of calls by their tenths of a second, and by their tokens a second."""
    tenths: Counter[int] = Counter()
    speeds: Counter[int] = Counter()
    for item, count in Counter(items).items():
        each, _, times = item.partition("*")
        took, _, speed = each.partition(" ")
        if took:
            tenths[int(took)] += count * int(times or 1)
        if speed:
            speeds[int(speed)] += count * int(times or 1)
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


def _percentiles(rows: Sequence[bytes], others: Mapping[int, int]) -> list[int] | None:
    """The places of the median and of the 95th percentile, by nearest rank, of what is counted in rows and by place."""
    row = list(rows[0] if len(rows) == 1 else map(sum, zip_longest(*rows, fillvalue=0)))
    far = sorted(place for place in others if place >= len(row))
    if len(far) < len(others):
        for place, count in others.items():
            if place < len(row):
                row[place] += count
    upto = list(accumulate((*row, *map(others.__getitem__, far))))
    if not upto:
        return None
    found = (bisect_left(upto, share * upto[-1]) for share in (0.5, _HIGH))
    return [number if number < len(row) else far[number - len(row)] for number in found]
