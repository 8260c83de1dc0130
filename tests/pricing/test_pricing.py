"""What a call costs, and what its amount is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.config.settings import CustomPrice, Pricing
from opencode_tui.money import apportion
from opencode_tui.pricing.book import PriceBook, Priced, price_call, price_calls
from opencode_tui.pricing.rates import Rates, cost_parts
from opencode_tui.records.calls import Call, Tokens
from tests.support.prices import USD, any_rates, any_tokens, book, book_with, cost, models_json

Prefer = Literal["recorded", "list"]


class TestPriceOfACall:
    tokens = Tokens(input=1000, output=100, cache_read=2000)
    listed = 1_000_000 + 200_000 + 200_000
    """Of those tokens at the price that `home` has, in nano-dollars."""

    @pytest.fixture
    def home(self, tmp_path: Path) -> Path:
        models_json(tmp_path, acme={"m": cost(1, 2, cache_read=0.1), "free": cost(0, 0)})
        return tmp_path

    def price(self, prices: PriceBook, recorded: int, prefer: Prefer = "recorded", model: str = "acme/m") -> Priced:
        provider, _, name = model.partition("/")
        return price_call(self.tokens, provider, name, recorded, prices, prefer)

    def test_what_was_recorded_counts_and_is_split_at_the_known_rates(self, home: Path) -> None:
        priced = self.price(book(home), 14_000)
        assert (priced.amount_nano, priced.basis, priced.list_nano) == (14_000, "recorded", None)
        assert priced.parts == (10_000, 2_000, 2_000)
        assert priced.rates and priced.rates.source == "models.json"

    def test_a_call_recorded_as_nothing_stays_so_beside_its_list_price(self, home: Path) -> None:
        priced = self.price(book(home), 0)
        assert (priced.amount_nano, priced.basis, priced.parts) == (0, "recorded", (0, 0, 0))
        assert priced.list_nano == self.listed

    def test_a_free_models_list_price_is_nothing_and_not_unknown(self, home: Path) -> None:
        assert self.price(book(home), 0, model="acme/free").list_nano == 0
        assert self.price(book(home), 0, model="local/m").list_nano is None

    def test_an_amount_at_unknown_rates_has_no_parts(self, home: Path) -> None:
        priced = self.price(book(home), 14_000, model="local/m")
        assert (priced.amount_nano, priced.rates, priced.parts) == (14_000, None, None)

    @pytest.mark.parametrize("prefer", ["recorded", "list"])
    def test_the_users_own_price_beats_all_others(self, home: Path, prefer: Prefer) -> None:
        prices = book_with(home, {"acme/m": CustomPrice(input=5 * USD), "Acme/m": CustomPrice(input=9 * USD)})
        priced = self.price(prices, 14_000, prefer)
        assert (priced.amount_nano, priced.basis, priced.list_nano) == (5_000_000, "custom", None)
        assert priced.parts == (5_000_000, 0, 0)
        assert priced.rates == Rates(5 * USD, 0, source="custom")

    def test_a_custom_price_of_nothing_makes_a_call_free(self, home: Path) -> None:
        priced = self.price(book_with(home, {"acme/m": CustomPrice()}), 14_000)
        assert (priced.amount_nano, priced.basis, priced.parts) == (0, "custom", (0, 0, 0))

    @pytest.mark.parametrize("recorded", [0, 14_000])
    def test_with_list_preferred_the_list_price_is_the_amount(self, home: Path, recorded: int) -> None:
        priced = self.price(book(home), recorded, "list")
        assert (priced.amount_nano, priced.basis, priced.list_nano) == (self.listed, "list", None)
        assert priced.parts == (1_000_000, 200_000, 200_000)

    def test_with_list_preferred_and_not_known_the_recorded_one_is(self, home: Path) -> None:
        priced = self.price(book(home), 14_000, "list", "local/m")
        assert (priced.amount_nano, priced.basis) == (14_000, "recorded")

    def test_the_rates_are_those_of_its_context(self, tmp_path: Path) -> None:
        over = {"input": 10, "output": 20}
        models_json(tmp_path, acme={"m": cost(1, 2, context_over_200k=over)})
        long = Tokens(input=1, cache_read=100_000, cache_write=100_000, output=1)
        priced = price_call(long, "acme", "m", 0, book(tmp_path), "recorded")
        assert priced.list_nano == 10_000 + 20_000
        assert priced.rates and priced.rates.tiers == ()

    def test_a_call_without_tokens_has_no_list_price_and_its_amount_no_parts(self, home: Path) -> None:
        assert price_call(Tokens(), "acme", "m", 0, book(home), "recorded").list_nano is None
        assert price_call(Tokens(), "acme", "m", 7, book(home), "recorded").parts is None

    @given(any_tokens, st.integers(0, 10**12), st.sampled_from(["recorded", "list"]))
    def test_parts_always_add_up_to_the_amount(self, tokens: Tokens, recorded: int, prefer: Prefer) -> None:
        prices = PriceBook(Pricing(), {}, Path("nowhere"))
        priced = price_call(tokens, "google", "gemini-2.5-pro", recorded, prices, prefer)
        assert priced.rates is not None
        assert priced.parts is None or sum(priced.parts) == priced.amount_nano
        assert (priced.parts is None) == (tokens.total == 0 and priced.amount_nano > 0)

    @pytest.mark.parametrize("prefer", ["recorded", "list"])
    @pytest.mark.parametrize("own", [{}, {"acme/m": CustomPrice(input=5 * USD)}])
    def test_many_calls_are_priced_as_each_is(
        self, tmp_path: Path, prefer: Prefer, own: dict[str, CustomPrice]
    ) -> None:
        over = {"input": 10, "output": 20}
        models_json(tmp_path, acme={"m": cost(1, 2, cache_read=0.1, context_over_200k=over), "free": cost(0, 0)})
        prices = book_with(tmp_path, own)
        used = (Tokens(), self.tokens, Tokens(250_000, 7, 3, 11, 13))
        calls = [
            Call("c", "s", None, "acme", model, "build", directory, 1_778_666_400_000, None, tokens, nano)
            for model in ("m", "free", "unknown")
            for directory in ("", "/home/dev/shop")
            for tokens in used
            for nano in (0, 7, 14_001)
        ]
        each = [
            price_call(c.tokens, c.provider, c.model, c.recorded_nano, prices, prefer, c.directory, c.created_ms)
            for c in calls
        ]
        assert price_calls(calls, prices, prefer) == each

    @given(any_tokens, any_rates, st.integers(0, 10**12))
    def test_parts_are_apportioned_by_their_price(self, tokens: Tokens, rates: Rates, amount: int) -> None:
        weights = (
            tokens.input * rates.input,
            (tokens.output + tokens.reasoning) * rates.output,
            tokens.cache_read * rates.cache_read + tokens.cache_write * rates.cache_write,
        )
        if any(weights):
            assert cost_parts(tokens, rates, amount) == apportion(amount, weights)
