"""The day's spend by the hour, from the curve of its spend."""

from __future__ import annotations

from itertools import pairwise

import pytest

from opencode_tui.analysis.hours import spend_by_stretch
from opencode_tui.clock import HOUR_MS

START = 1_700_000_000_000
MINUTE = 60_000


def test_each_hour_has_what_was_spent_in_it() -> None:
    curve = ((START + 9 * HOUR_MS, 5), (START + 10 * HOUR_MS - 1, 7), (START + 12 * HOUR_MS, 10))
    found = spend_by_stretch(curve, START, 24)
    assert [each.spend_nano for each in found] == [7, 0, 0, 3]
    assert found[0].start_ms == START + 9 * HOUR_MS and found[-1].end_ms == START + 13 * HOUR_MS


@pytest.mark.parametrize("most", range(1, 26))
def test_few_lines_have_longer_stretches_with_the_same_sum(most: int) -> None:
    curve = tuple((START + hour * HOUR_MS + MINUTE, hour * hour) for hour in range(3, 24))
    found = spend_by_stretch(curve, START, most)
    assert len(found) <= most
    assert sum(each.spend_nano for each in found) == curve[-1][1]
    assert all(before.end_ms == after.start_ms for before, after in pairwise(found))


def test_a_day_without_spend_has_no_hours() -> None:
    assert spend_by_stretch((), START, 10) == ()
