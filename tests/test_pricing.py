"""What tokens cost, whose price counts, and what a call's amount is made of."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opencode_tui.money import nano_from_usd
from opencode_tui.pricing import jsonc
from opencode_tui.pricing.book import PriceBook, Priced, price_call
from opencode_tui.pricing.rates import Rates, Tier, cost_nano, cost_parts
from opencode_tui.records import Tokens
from opencode_tui.settings import CustomPrice, Pricing

USD = 1_000_000_000
Prefer = Literal["recorded", "list"]

counts = st.integers(0, 5_000_000)
any_tokens = st.builds(Tokens, counts, counts, counts, counts, counts)
prices = st.integers(0, 200 * USD)
any_rates = st.builds(Rates, prices, prices, prices, prices)


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def models_json(home: Path, **providers: dict[str, object]) -> Path:
    content = {name: {"models": models} for name, models in providers.items()}
    return write(home / ".cache/opencode/models.json", content)


def opencode_json(home: Path, provider: str, **models: object) -> Path:
    content = {"provider": {provider: {"models": models}}}
    return write(home / ".config/opencode/opencode.json", content)


def book(home: Path, **environ: str) -> PriceBook:
    return PriceBook(Pricing(), environ, home)


def book_with(home: Path, custom: dict[str, CustomPrice]) -> PriceBook:
    return PriceBook(Pricing(custom=custom), {}, home)


def cost(input: object = 1, output: object = 2, **rest: object) -> dict[str, object]:
    return {"cost": {"input": input, "output": output, **rest}}


def flat(rates: Rates | None) -> tuple[float, ...]:
    """The four rates in USD per million."""
    assert rates is not None
    return tuple(r / USD for r in (rates.input, rates.output, rates.cache_read, rates.cache_write))


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


class TestJsonWithComments:
    def test_comments_and_trailing_commas_are_read_over(self) -> None:
        text = '{ // one\n "a": [1, 2,], /* two\n lines */ "b": {"c": 3,},\n}'
        assert jsonc.loads(text) == {"a": [1, 2], "b": {"c": 3}}

    def test_what_looks_like_them_inside_a_string_is_kept(self) -> None:
        text = r'{"u": "http://x/*y*/,]", "q": "a\",} // b", "e": "\\"} // end'
        assert jsonc.loads(text) == {"u": "http://x/*y*/,]", "q": 'a",} // b', "e": "\\"}

    @given(st.recursive(st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
    def test_plain_json_means_what_it_meant(self, value: object) -> None:
        assert jsonc.loads(json.dumps(value, ensure_ascii=False)) == value

    def test_an_error_names_the_line_as_it_stands_in_the_file(self) -> None:
        with pytest.raises(ValueError, match="line 4"):
            jsonc.loads('{\n/* a\n b */\n"x": oops}')

    @pytest.mark.parametrize("text", ["", "{", '{"a": "', "/* open", "[" * 200_000])
    def test_what_is_no_json_is_a_value_error(self, text: str) -> None:
        with pytest.raises(ValueError):
            jsonc.loads(text)


class TestSources:
    def test_the_configuration_comes_before_the_cache_and_the_cache_before_the_bundled_list(
        self, tmp_path: Path
    ) -> None:
        listed = book(tmp_path).lookup("anthropic", "claude-sonnet-4-5")
        assert listed and listed.source.startswith("list 20")
        models_json(tmp_path, anthropic={"claude-sonnet-4-5": cost(70, 71)})
        cached = book(tmp_path).lookup("anthropic", "claude-sonnet-4-5")
        assert cached and (cached.source, cached.input) == ("models.json", 70 * USD)
        opencode_json(tmp_path, "anthropic", **{"claude-sonnet-4-5": cost(80, 81)})
        own = book(tmp_path).lookup("anthropic", "claude-sonnet-4-5")
        assert own and (own.source, own.input) == ("opencode.json", 80 * USD)

    def test_a_model_that_the_cache_lacks_is_still_in_the_bundled_list(self, tmp_path: Path) -> None:
        models_json(tmp_path, anthropic={"claude-next": cost()})
        assert book(tmp_path).lookup("anthropic", "claude-sonnet-4-5") is not None

    def test_a_local_provider_has_no_price_though_others_have_one_for_its_model(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"qwen3-coder:30b": cost()})
        opencode_json(tmp_path, "local", **{"qwen3-coder:30b": {"limit": {"context": 32_000}}})
        prices = book(tmp_path)
        assert prices.lookup("local", "qwen3-coder:30b") is None
        assert prices.context_limit("local", "qwen3-coder:30b") == 32_000

    def test_names_are_exact(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": cost()})
        prices = book(tmp_path)
        assert prices.lookup("acme", "m")
        assert [prices.lookup(p, m) for p, m in (("Acme", "m"), ("acme", "M"), ("acme", "m-high"))] == [None] * 3

    def test_a_missing_cache_price_is_nothing(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": cost(3, 15), "n": cost(3, 15, cache_read=0.3)})
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m")) == (3, 15, 0, 0)
        assert flat(prices.lookup("acme", "n")) == (3, 15, 0.3, 0)

    def test_a_tier_missing_a_price_charges_nothing_for_it(self, tmp_path: Path) -> None:
        tier = {"input": 6, "output": 20, "tier": {"type": "context", "size": 100_000}}
        models_json(tmp_path, acme={"m": cost(3, 15, cache_read=0.3, tiers=[tier])})
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and flat(rates.at(100_001)) == (6, 20, 0, 0)

    @pytest.mark.parametrize(
        ("size", "above"), [(128_000, [128_000]), (200_000, [200_000]), (272_000, [200_000, 272_000])]
    )
    def test_context_over_200k_counts_where_no_tier_does(self, tmp_path: Path, size: int, above: list[int]) -> None:
        tier = {"input": 9, "output": 9, "tier": {"type": "context", "size": size}}
        old = {"input": 5, "output": 5}
        models_json(tmp_path, acme={"m": cost(tiers=[tier], context_over_200k=old)})
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and [tier.above for tier in rates.tiers] == above
        assert rates.at(250_000).input == (9 if size <= 200_000 else 5) * USD

    def test_a_tier_of_another_kind_than_context_is_left_out(self, tmp_path: Path) -> None:
        tier = {"input": 9, "output": 9, "tier": {"type": "hour", "size": 5}}
        models_json(tmp_path, acme={"m": cost(tiers=[tier])})
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and rates.tiers == ()

    def test_a_mode_is_a_model_with_its_own_price(self, tmp_path: Path) -> None:
        modes = {"fast": cost(10, 20), "pro": {}}
        model = {"id": "m", **cost(1, 2, cache_read=0.5), "experimental": {"modes": modes}}
        models_json(tmp_path, acme={"m": model})
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m-fast")) == (10, 20, 0, 0)
        assert flat(prices.lookup("acme", "m-pro")) == (1, 2, 0.5, 0)

    @pytest.mark.parametrize("broken", ["NaN", "Infinity", "-1", '"3"', "true", "[]", "1e400", "9e12"])
    @pytest.mark.parametrize("part", ["input", "cache_write"])
    def test_a_price_that_is_none_is_skipped_and_the_others_stay(self, tmp_path: Path, part: str, broken: str) -> None:
        bad = json.dumps(cost(cache_write=1)).replace(f'"{part}": 1', f'"{part}": {broken}')
        text = f'{{"acme": {{"models": {{"bad": {bad}, "good": {json.dumps(cost())}}}}}}}'
        write(tmp_path / ".cache/opencode/models.json", text)
        prices = book(tmp_path)
        assert prices.lookup("acme", "bad") is None
        assert flat(prices.lookup("acme", "good")) == (1, 2, 0, 0)

    @pytest.mark.parametrize(
        "content",
        [
            *("", "{", "[]", "null", "\x00\x01", "[" * 200_000),
            *('{"acme": 3}', '{"acme": {"models": []}}', '{"acme": {"models": {"m": 1}}}'),
            '{"acme": {"models": {"m": {"cost": {}, "limit": 5}}}}',
        ],
    )
    def test_a_broken_cache_knows_nothing_and_stops_nothing(self, tmp_path: Path, content: str) -> None:
        path = write(tmp_path / ".cache/opencode/models.json", content)
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        assert prices.lookup("anthropic", "claude-sonnet-4-5") is not None
        not_an_object = not content.startswith('{"')
        assert [str(path) in problem for problem in prices.problems] == [True] * not_an_object

    def test_bytes_that_are_no_text_and_a_folder_in_its_place_are_problems_too(self, tmp_path: Path) -> None:
        (tmp_path / ".cache/opencode/models.json").mkdir(parents=True)
        (tmp_path / ".config/opencode").mkdir(parents=True)
        (tmp_path / ".config/opencode/opencode.json").write_bytes(b"\xff\xfe{}")
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        assert len(prices.problems) == 2

    def test_absent_files_are_no_problem(self, tmp_path: Path) -> None:
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        assert prices.problems == ()


class TestConfiguration:
    def test_a_part_that_it_does_not_price_is_the_lists(self, tmp_path: Path) -> None:
        tier = {"input": 9, "output": 9, "tier": {"type": "context", "size": 9}}
        models_json(tmp_path, acme={"m": cost(1, 2, cache_read=0.1, cache_write=0.5, tiers=[tier])})
        opencode_json(tmp_path, "acme", m=cost(7, 8, cache_write=0))
        rates = book(tmp_path).lookup("acme", "m")
        assert flat(rates) == (7, 8, 0.1, 0)
        assert rates and rates.tiers == ()

    def test_its_own_tiers_count(self, tmp_path: Path) -> None:
        opencode_json(tmp_path, "acme", m=cost(1, 2, context_over_200k={"input": 3, "output": 4}))
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and flat(rates.at(200_001)) == (3, 4, 0, 0)

    def test_a_model_under_another_name_costs_what_its_id_does_at_the_same_provider(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": {**cost(1, 2), "limit": {"context": 9000}}}, other={"m": cost(5, 6)})
        opencode_json(tmp_path, "acme", mine={"id": "m"})
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "mine")) == (1, 2, 0, 0)
        assert prices.context_limit("acme", "mine") == 9000

    @pytest.mark.parametrize("broken", ["3", -3, True, {}])
    def test_a_broken_price_leaves_the_lists(self, tmp_path: Path, broken: object) -> None:
        models_json(tmp_path, acme={"m": cost(1, 2)})
        opencode_json(tmp_path, "acme", m=cost(broken, 8))
        rates = book(tmp_path).lookup("acme", "m")
        assert rates and (rates.source, rates.output) == ("models.json", 2 * USD)

    def test_its_files_are_merged_and_the_later_one_wins(self, tmp_path: Path) -> None:
        folder = tmp_path / ".config/opencode"
        for name, model in (
            ("config.json", cost(1, 1, cache_read=0.1)),
            ("opencode.json", {"cost": {"output": 2}, "limit": {"context": 5}}),
            ("opencode.jsonc", {"cost": {"input": 3}}),
        ):
            write(folder / name, {"provider": {"acme": {"models": {"m": model}}}})
        rates = book(tmp_path).lookup("acme", "m")
        assert flat(rates) == (3, 2, 0.1, 0)
        assert rates and rates.context == 5

    def test_a_broken_file_is_named_and_the_others_are_read(self, tmp_path: Path) -> None:
        opencode_json(tmp_path, "acme", m=cost(1, 2))
        broken = write(tmp_path / ".config/opencode/opencode.jsonc", '{"provider": {"secret-key": }')
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m")) == (1, 2, 0, 0)
        (problem,) = prices.problems
        assert str(broken) in problem
        assert "secret-key" not in problem

    def test_comments_do_not_hide_its_prices(self, tmp_path: Path) -> None:
        text = '{"provider": {"acme": {"models": {"m": {"cost": {"input": 1, /* new */ "output": 2,},},},},},}'
        write(tmp_path / ".config/opencode/opencode.jsonc", "\ufeff// mine\n" + text)
        assert flat(book(tmp_path).lookup("acme", "m")) == (1, 2, 0, 0)

    def test_the_environment_says_where_it_is(self, tmp_path: Path) -> None:
        def content(price: int) -> dict[str, object]:
            return {"provider": {"acme": {"models": {"m": cost(price, 0)}}}}

        write(tmp_path / "xdg/opencode/opencode.json", content(1))
        environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
        assert flat(book(tmp_path, **environ).lookup("acme", "m"))[0] == 1
        environ["OPENCODE_CONFIG"] = str(write(tmp_path / "extra.json", content(2)))
        assert flat(book(tmp_path, **environ).lookup("acme", "m"))[0] == 2
        environ["OPENCODE_CONFIG_DIR"] = str(write(tmp_path / "dir/opencode.jsonc", content(3)).parent)
        assert flat(book(tmp_path, **environ).lookup("acme", "m"))[0] == 3
        environ["OPENCODE_CONFIG_CONTENT"] = json.dumps(content(4))
        assert flat(book(tmp_path, **environ).lookup("acme", "m"))[0] == 4

    def test_the_environment_says_where_the_cache_is(self, tmp_path: Path) -> None:
        write(tmp_path / "c/opencode/models.json", {"acme": {"models": {"m": cost(1, 0)}}})
        given = write(tmp_path / "given.json", {"acme": {"models": {"m": cost(2, 0)}}})
        cache = str(tmp_path / "c")
        assert flat(book(tmp_path, XDG_CACHE_HOME=cache).lookup("acme", "m"))[0] == 1
        here = book(tmp_path, XDG_CACHE_HOME=cache, OPENCODE_MODELS_PATH=str(given))
        assert flat(here.lookup("acme", "m"))[0] == 2


class TestRefresh:
    def test_a_price_stays_until_refresh_sees_that_its_file_has_changed(self, tmp_path: Path) -> None:
        models_json(tmp_path, acme={"m": {**cost(1, 2), "limit": {"context": 10}}})
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m"))[0] == 1
        assert prices.context_limit("acme", "m") == 10
        assert not prices.refresh()
        models_json(tmp_path, acme={"m": {**cost(3.5, 2), "limit": {"context": 200}}})
        assert flat(prices.lookup("acme", "m"))[0] == 1
        assert prices.refresh()
        assert flat(prices.lookup("acme", "m"))[0] == 3.5
        assert prices.context_limit("acme", "m") == 200
        assert not prices.refresh()

    def test_a_file_of_the_same_size_and_time_put_in_its_place_is_seen(self, tmp_path: Path) -> None:
        path = opencode_json(tmp_path, "acme", m=cost(1, 2))
        prices = book(tmp_path)
        assert flat(prices.lookup("acme", "m"))[0] == 1
        stat = path.stat()
        other = write(tmp_path / "other.json", path.read_text().replace('"input": 1', '"input": 4'))
        os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        other.replace(path)
        assert prices.refresh()
        assert flat(prices.lookup("acme", "m"))[0] == 4

    def test_a_file_that_comes_and_goes_is_seen(self, tmp_path: Path) -> None:
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        path = opencode_json(tmp_path, "acme", m=cost(1, 2))
        assert prices.refresh()
        assert prices.lookup("acme", "m") is not None
        path.unlink()
        assert prices.refresh()
        assert prices.lookup("acme", "m") is None

    def test_a_problem_is_gone_with_its_cause(self, tmp_path: Path) -> None:
        write(tmp_path / ".cache/opencode/models.json", "{")
        prices = book(tmp_path)
        assert prices.lookup("acme", "m") is None
        assert prices.problems
        models_json(tmp_path, acme={"m": cost()})
        prices.refresh()
        assert prices.lookup("acme", "m") is not None
        assert prices.problems == ()


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
