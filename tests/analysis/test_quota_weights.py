"""What is learned from the percents that a service has told."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from opencode_tui.analysis.quota_weights import learned_weights
from opencode_tui.clock import HOUR_MS
from opencode_tui.config.settings import GO_PLAN
from opencode_tui.money import NANO
from opencode_tui.records.quotas import ModelWeight, QuotaReading

CAPS = GO_PLAN.windows


def reading(percent: int, window: str = "5h", at: int = 0, reset: int = HOUR_MS, **usd: float) -> QuotaReading:
    sums = {name.replace("_", "-"): int(amount * NANO) for name, amount in usd.items()}
    return QuotaReading(window, at, reset, percent, percent >= 100, sums)


def learned(*readings: QuotaReading) -> dict[str, ModelWeight]:
    return {each.model: each for each in learned_weights(readings, CAPS)}


def used_at_random(true: dict[str, float], seed: int, elsewhere: float = 0.0) -> Iterator[QuotaReading]:
    """Readings of blocks and of their week; `elsewhere` is spent in each block by another machine before the first."""
    chance = random.Random(seed)
    week = dict.fromkeys(true, 0.0)
    for number in range(6):
        block = dict.fromkeys(true, 0.0)
        for step in range(8):
            model, amount = chance.choice(list(true)), chance.uniform(0.1, 0.5)
            block[model] += amount
            week[model] += amount
            rest = elsewhere * (number + 1)
            at = number * 10 * HOUR_MS + step * 1000
            used = sum(true[name] * spent for name, spent in block.items()) + elsewhere
            yield reading(min(100, int(used / 12 * 100)), "5h", at, number * 10 * HOUR_MS, **block)
            used = sum(true[name] * spent for name, spent in week.items()) + rest
            yield reading(min(100, int(used / 30 * 100)), "week", at, 10**12, **week)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("elsewhere", [0.0, 0.4])
def test_the_factor_of_each_model_is_found_whatever_another_machine_spends(seed: int, elsewhere: float) -> None:
    true = {"kimi": 1.5, "glm": 1.0, "opus": 3.0}
    found = {each.model: each for each in learned_weights(tuple(used_at_random(true, seed, elsewhere)), CAPS)}
    assert found.keys() == true.keys()
    for model, factor in true.items():
        assert found[model].factor == pytest.approx(factor, abs=0.12)
        assert found[model].low <= factor + 0.1 and factor - 0.1 <= found[model].high


def test_one_reading_gives_a_factor_with_a_wide_margin_and_a_second_narrows_it() -> None:
    one = learned(reading(50, kimi=3.0))["kimi"]
    assert one.factor == pytest.approx(2.0, abs=0.05)
    assert 0.3 < one.high - one.low < 1.2
    two = learned(reading(50, kimi=3.0), reading(75, at=1, kimi=4.5))["kimi"]
    assert two.factor == pytest.approx(2.0, abs=0.05)
    assert two.high - two.low < (one.high - one.low) / 2
    assert (one.readings, two.readings) == (1, 2)


def test_what_one_reading_cannot_tell_apart_is_not_told() -> None:
    assert learned(reading(50, kimi=2.0, glm=2.0)) == {}
    found = learned(reading(40, at=0, kimi=2.0, glm=2.0), reading(65, at=1, kimi=4.0, glm=2.0))
    assert found.keys() == {"kimi"}, "only one of the two was used between them"
    assert found["kimi"].factor == pytest.approx(1.5, abs=0.05)


def test_what_says_nothing_is_left_out() -> None:
    assert learned() == {}
    assert learned(reading(0)) == {}
    assert learned(reading(100, kimi=3.0)) == {}, "past the cap nobody knows how far"
    assert learned(reading(7, kimi=0.01)) == {}, "a cent is less than the rounding"
    assert learned(reading(7, "fortnight", kimi=3.0)) == {}
    assert learned(reading(7, kimi=1e9)) == {}, "no row that is broken"


def test_a_model_that_the_plan_does_not_count_has_a_factor_of_nothing() -> None:
    found = learned(reading(0, kimi=3.0), reading(0, at=1, kimi=6.0), reading(0, at=2, kimi=9.0))["kimi"]
    assert found.factor < 0.02 and found.low == 0.0


def test_the_margin_holds_19_times_out_of_20() -> None:
    true = {"kimi": 1.5, "glm": 1.0, "opus": 3.0}
    found = [
        each
        for seed in range(12)
        for elsewhere in (0.0, 0.4)
        for each in learned_weights(tuple(used_at_random(true, seed, elsewhere)), CAPS)
    ]
    held = sum(each.low <= true[each.model] <= each.high for each in found)
    assert len(found) == 72 and held >= 66
