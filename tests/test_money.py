"""Amounts are whole nano-dollars: what comes in, goes out and is divided stays exact."""

from __future__ import annotations

import random
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.money import NANO, apportion, format_usd, nano_from_usd, percentages, share, usd

exact_as_float = st.integers(0, 4_000_000 * NANO - 1)
weights = st.lists(st.integers(0, 10**15), min_size=1, max_size=8).map(tuple)


@pytest.mark.parametrize(
    ("amount", "nano"),
    [
        (0.020912649999999998, 20_912_650),  # what floating sums leave in OpenCode's JSON
        (0.1 + 0.2, 300_000_000),
        (1e-9, 1),
        (0, 0),
        (3, 3_000_000_000),
        ("0.80", 800_000_000),
        (Decimal("0.123456789"), 123_456_789),
        (-0.5, -500_000_000),
        (Decimal("0.0000000005"), 0),  # ties go to the even neighbour
        (Decimal("0.0000000015"), 2),
        (Decimal("0.0000000025"), 2),
    ],
)
def test_an_amount_becomes_the_nearest_nano_dollar(amount: float | str | Decimal, nano: int) -> None:
    assert nano_from_usd(amount) == nano


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -float("inf"), True, "", "ten", "NaN", "Infinity"])
def test_what_is_no_amount_is_refused(amount: float | str) -> None:
    with pytest.raises(ValueError, match=r"amount|NaN"):
        nano_from_usd(amount)


@given(exact_as_float)
def test_an_amount_survives_json(nano: int) -> None:
    assert nano_from_usd(usd(nano)) == nano


@given(st.integers(0, 1_000_000 * NANO))
def test_a_script_that_multiplies_gets_the_nano_dollars_back(nano: int) -> None:
    assert round(usd(nano) * 1e9) == nano


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.00"),
        (1, "<$0.0001"),
        (99_999, "<$0.0001"),
        (100_000, "$0.0001"),
        (4_200_000, "$0.0042"),
        (10_000_000, "$0.01"),
        (830_000_000, "$0.83"),
        (1_234_567_891_234, "$1,234.57"),
        (-830_000_000, "-$0.83"),
        (-4_200_000, "-$0.0042"),
    ],
)
def test_people_see_as_many_decimals_as_it_takes(nano: int, text: str) -> None:
    assert format_usd(nano) == text


def test_people_see_two_decimals_where_cents_are_asked_for() -> None:
    assert format_usd(4_200_000, cents=True) == "$0.00"
    assert format_usd(5_300_000, cents=True) == "$0.01"


def test_a_share_of_nothing_is_nothing() -> None:
    assert share(1, 4) == 0.25
    assert share(0, 0) == 0.0


@given(st.integers(0, 10**15), weights)
def test_apportioned_parts_add_up_to_the_amount(amount: int, weights: tuple[int, ...]) -> None:
    parts = apportion(amount, weights)
    assert sum(parts) == (amount if any(weights) else 0)


@given(st.integers(0, 10**15), weights)
def test_no_part_is_a_whole_unit_from_its_exact_share(amount: int, weights: tuple[int, ...]) -> None:
    whole = sum(weights)
    for part, weight in zip(apportion(amount, weights), weights, strict=True):
        assert abs(part * whole - amount * weight) < max(whole, 1)


def test_what_rounding_leaves_goes_to_the_largest_remainders_and_the_first_of_equal_ones() -> None:
    assert apportion(10, (1, 1, 1)) == (4, 3, 3)
    assert apportion(10, (1, 1, 4)) == (2, 2, 6)
    assert apportion(1, (0, 1, 1)) == (0, 1, 0)
    assert apportion(5, (0, 0)) == (0, 0)


@given(weights)
def test_percentages_add_up_to_a_hundred(parts: tuple[int, ...]) -> None:
    assert sum(percentages(parts)) == (100 if any(parts) else 0)


def test_percentages_are_of_the_whole() -> None:
    assert percentages((21, 75, 4)) == (21, 75, 4)
    assert percentages((1, 1, 1)) == (34, 33, 33)
    assert percentages((0, 0, 0)) == (0, 0, 0)


def test_a_float_is_rounded_as_its_decimal_text() -> None:
    dice = random.Random(5)
    for _ in range(1_000):
        nano = dice.randrange(10 ** dice.randrange(1, 17))
        for amount in (nano / NANO, -nano / NANO, (nano + 0.5) / NANO, dice.uniform(0, 10.0 ** dice.randrange(-9, 9))):
            exact = int((Decimal(str(amount)) * NANO).to_integral_value(ROUND_HALF_EVEN))
            assert nano_from_usd(amount) == exact
