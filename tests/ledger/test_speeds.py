"""Packed speeds have the same percentiles as the calls one by one."""

from __future__ import annotations

from itertools import product

import pytest

from opencode_tui.ledger.speeds import all_speeds, packed_speeds, percentiles_of, read_speeds
from opencode_tui.records.breakdown import Percentiles

MANY = [f"{tenths} {speed}" for tenths, speed in product((1, 20, 99, 100, 110, 420, 3090, 3100, 10**10), range(5, 75))]
EDGES = [f"{tenths} {speed}" for tenths in (3, 100, 3090, 3100) for speed in (1, 399, 400, 401, 10**9)] * 90
ALIKE = ["35 60"] * 500
UNKNOWN = ["35", "36", "9000"] * 50


def read(text: str) -> tuple[Percentiles | None, Percentiles | None]:
    return percentiles_of(read_speeds(text))


@pytest.mark.parametrize("calls", [MANY, EDGES, ALIKE, UNKNOWN, MANY[:3], ["0 0"], [*MANY[:400], *UNKNOWN]])
def test_packed_calls_have_the_percentiles_of_single_ones(calls: list[str]) -> None:
    text = ",".join(calls)
    assert read(packed_speeds(text)) == read(text)
    half = len(calls) // 2
    packed = [packed_speeds(",".join(part)) for part in (calls[:half], calls[half:]) if part]
    assert read(",".join(packed)) == read(text)
    assert percentiles_of(all_speeds(list(map(read_speeds, packed)))) == read(text)
    assert read(",".join([packed[0], *calls[half:]])) == read(text) or half == 0


def test_percentiles_are_nearest_ranks_in_seconds_and_tokens_a_second() -> None:
    text = ",".join(f"{number} {number}" for number in range(1, 101))
    for calls in (text, packed_speeds(text)):
        seconds, speed = read(calls)
        assert seconds is not None and speed is not None
        assert (seconds.median, seconds.high, speed.median, speed.high) == (5.0, 9.5, 50, 95)


def test_very_many_calls_take_no_more_characters_than_there_are_times_and_speeds() -> None:
    assert len(packed_speeds(",".join(ALIKE * 100))) < 200


def test_calls_without_a_speed_have_none() -> None:
    assert read(packed_speeds(",".join(UNKNOWN)))[1] is None
