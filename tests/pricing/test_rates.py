"""What tokens cost at their rates, and how an amount is split."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from opencode_tui.money import nano_from_usd
from opencode_tui.pricing.rates import Rates, Tier, cost_at, cost_nano, cost_parts
from opencode_tui.records.calls import Tokens
from tests.support.prices import USD, any_rates, any_tokens


class TestCost:
    def test_a_million_tokens_cost_what_the_price_says(self) -> None:
        assert cost_nano(Tokens(input=1_000_000), Rates(140_000_000, 0)) == 140_000_000
        assert cost_nano(Tokens(input=1), Rates(140_000_000, 0)) == 140

    def test_reasoning_is_charged_as_output(self) -> None:
        rates = Rates(0, 4 * USD)
        assert cost_nano(Tokens(output=100, reasoning=50), rates) == cost_nano(Tokens(output=150), rates)

    def test_a_call_of_the_real_program_costs_what_it_recorded(self) -> None:
        rates = Rates(950_000_000, 4 * USD, 160_000_000)
        tokens = Tokens(input=2204, output=450, reasoning=74, cache_read=3306)
        assert cost_nano(tokens, rates) == nano_from_usd(0.00471876)

    @pytest.mark.parametrize(("rate", "nano"), [(500_000, 0), (1_500_000, 2), (2_500_000, 2), (2_500_001, 3)])
    def test_it_is_rounded_once_with_ties_to_even(self, rate: int, nano: int) -> None:
        assert cost_nano(Tokens(input=1), Rates(rate, 0)) == nano

    def test_halves_of_two_parts_are_summed_before_rounding(self) -> None:
        assert cost_nano(Tokens(input=1, output=1), Rates(500_000, 500_000)) == 1

    @given(any_tokens, any_rates, st.lists(any_rates, max_size=2))
    def test_for_many_calls_it_is_the_same_at_each_tier(
        self, tokens: Tokens, rates: Rates, higher: list[Rates]
    ) -> None:
        tiers = tuple(Tier(above, *each.amounts[:4]) for above, each in zip((10_000, 200_000), higher, strict=False))
        priced = replace(rates, tiers=tiers)
        assert cost_at(priced)(*tokens.counts) == cost_nano(tokens, priced.at(tokens.context))

    @given(any_tokens, any_rates)
    def test_it_equals_the_sum_of_fractions(self, tokens: Tokens, rates: Rates) -> None:
        exact = (
            Fraction(tokens.input * rates.input, 1_000_000)
            + Fraction(tokens.output * rates.output, 1_000_000)
            + Fraction(tokens.reasoning * rates.output, 1_000_000)
            + Fraction(tokens.cache_read * rates.cache_read, 1_000_000)
            + Fraction(tokens.cache_write * rates.cache_write, 1_000_000)
        )
        assert cost_nano(tokens, rates) == round(exact)


class TestTiers:
    rates = Rates(1, 2, 3, 4, tiers=(Tier(32_000, 5, 6, 7, 8), Tier(128_000, 9, 10, 11, 12)), context=200_000)

    @pytest.mark.parametrize(
        ("context", "input_rate"),
        [(0, 1), (32_000, 1), (32_001, 5), (128_000, 5), (128_001, 9), (900_000, 9)],
    )
    def test_the_highest_tier_that_the_context_is_above_applies(self, context: int, input_rate: int) -> None:
        assert self.rates.at(context).input == input_rate

    def test_it_applies_to_all_four_rates_of_the_call(self) -> None:
        assert self.rates.at(50_000) == Rates(5, 6, 7, 8, context=200_000)

    def test_rates_without_tiers_are_flat_already(self) -> None:
        assert Rates(1, 2).at(10**9) == Rates(1, 2)


class TestParts:
    @given(any_tokens, any_rates, st.integers(0, 10**15))
    def test_parts_add_up_to_the_amount(self, tokens: Tokens, rates: Rates, amount: int) -> None:
        amount = amount if tokens.total else 0
        parts = cost_parts(tokens, rates, amount)
        assert sum(parts) == amount
        assert min(parts) >= 0

    @given(any_tokens, any_rates, st.integers(0, 10**15))
    def test_no_part_is_off_its_proportion_by_a_whole_nano_dollar(
        self, tokens: Tokens, rates: Rates, amount: int
    ) -> None:
        costs = (
            tokens.input * rates.input,
            (tokens.output + tokens.reasoning) * rates.output,
            tokens.cache_read * rates.cache_read + tokens.cache_write * rates.cache_write,
        )
        if not sum(costs):
            return
        for part, weight in zip(cost_parts(tokens, rates, amount), costs, strict=True):
            assert abs(part - Fraction(amount * weight, sum(costs))) < 1

    def test_they_are_input_output_with_reasoning_and_cache(self) -> None:
        tokens = Tokens(input=10, output=20, reasoning=10, cache_read=100, cache_write=10)
        rates = Rates(1 * USD, 2 * USD, 100_000_000, 1 * USD)
        assert cost_parts(tokens, rates, 9000) == (1000, 6000, 2000)

    def test_an_amount_at_rates_of_nothing_is_split_by_tokens(self) -> None:
        assert cost_parts(Tokens(input=1, output=1, reasoning=1, cache_read=2), Rates(0, 0), 50) == (
            10,
            20,
            20,
        )

    def test_what_rounding_leaves_goes_to_the_first_of_equal_remainders(self) -> None:
        tokens = Tokens(input=1, output=1, cache_read=1)
        assert cost_parts(tokens, Rates(0, 0), 5) == (2, 2, 1)

    def test_an_amount_without_tokens_cannot_be_split(self) -> None:
        with pytest.raises(ValueError, match="without tokens"):
            cost_parts(Tokens(), Rates(1, 1), 1)
