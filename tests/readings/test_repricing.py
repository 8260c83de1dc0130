"""What the same work would have cost at another price: each call by its own context and time, rounded on its own."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from opencode_tui.analysis.cheaper_models import price_of_tokens
from opencode_tui.config.settings import CustomPrice, Pricing, Settings
from opencode_tui.ledger.work_queries import WorkRow
from opencode_tui.pricing.book import PriceBook
from opencode_tui.pricing.rates import Rates, Tier, cost_nano
from opencode_tui.readings.context import Context
from opencode_tui.readings.repricing import price_of, read_work_on, reprice
from opencode_tui.records.calls import Tokens
from opencode_tui.records.repricing import RepricedWork, summed_work
from opencode_tui.records.requests import BreakdownRequest, Filter
from opencode_tui.records.session import CallRates
from tests.stores import V1
from tests.stores import Tokens as StoredTokens
from tests.support.ledgers import reader
from tests.support.prices import USD, any_rates, any_tokens, cost, models_json


def row(tokens: Tokens, spend: int = 0, key: str = "a/b", at_ms: int = 0, listed: int = 0, is_own: int = 1) -> WorkRow:
    return (key, at_ms, *tokens.counts, spend, listed, is_own)


@given(st.lists(st.tuples(any_tokens, st.integers(0, 10**12), st.sampled_from(["a/b", "c/d"])), max_size=8), any_rates)
def test_a_total_is_the_sum_of_its_calls_to_the_nano_dollar(calls: list[tuple[Tokens, int, str]], rates: Rates) -> None:
    works = reprice((row(tokens, spend, key) for tokens, spend, key in calls), 1, lambda _: rates)
    total = summed_work(works.values())
    assert total.repriced_nano == sum(cost_nano(tokens, rates) for tokens, _, _ in calls if tokens.total)
    assert total.spend_nano + total.no_tokens_nano == sum(spend for _, spend, _ in calls)
    assert total.tokens == sum((tokens for tokens, _, _ in calls), Tokens())
    assert total.calls + total.no_tokens == len(calls)


def test_the_work_of_a_model_at_its_own_price_costs_what_it_did() -> None:
    rates = Rates(3 * USD, 15 * USD, USD // 3, 1, (Tier(200_000, 6 * USD, 22 * USD, USD // 2, 1),))
    tokens = [Tokens(199_999, 7, 3, 1, 0), Tokens(200_000, 7, 3, 1, 0), Tokens(1, 1, 1, 1, 1)]
    calls = [row(each, cost_nano(each, rates.at(each.context))) for each in tokens]
    (work,) = reprice(calls, 1, lambda _: rates).values()
    assert work.repriced_nano == work.spend_nano


def test_cache_tokens_of_another_model_are_input_where_the_price_has_none_for_them() -> None:
    rates = Rates(950_000_000, 4 * USD, 160_000_000, 0, (Tier(200_000, 2 * USD, 8 * USD, 0, 0),))
    small, large = Tokens(3600, 25_200, 0, 100_000, 50_000), Tokens(1_000, 100, 0, 200_000, 10_000)
    others, own = ([row(each, is_own=is_own) for each in (small, large)] for is_own in (0, 1))
    both = reprice([*others, *(("own", *each[1:]) for each in own)], 1, lambda _: rates)
    assert both["a/b",].repriced_nano == 167_720_000 + 422_800_000
    assert both["own",].repriced_nano == 120_220_000 + 2_800_000


def test_a_free_price_stays_free_and_one_with_all_rates_is_the_same_for_all_calls() -> None:
    tokens = Tokens(1_000, 100, 0, 200_000, 10_000)
    for rates, nano in ((Rates(0, 0), 0), (Rates(USD, 4 * USD, USD // 10, USD // 4), 23_900_000)):
        for is_own in (0, 1):
            (work,) = reprice([row(tokens, is_own=is_own)], 1, {0: rates}.get).values()
            assert work.repriced_nano == nano


def test_why_and_usage_have_the_same_price_for_the_same_tokens(tmp_path: Path) -> None:
    models_json(tmp_path, gw={"dear": cost(5, 25, cache_read=0.5, cache_write=6.25), "cheap": cost(0.95, 4)})
    store = V1(tmp_path)
    tokens = StoredTokens(input=3_600, output=2_520, cache_read=56_625, cache_write=15_150)
    store.call(store.session("Look"), cost="1", model="gw/dear", tokens=tokens)
    store.call(store.session("Fix"), cost="1", model="gw/cheap", tokens=tokens)
    one = reader(store.data_dir)
    one.poll()
    book = PriceBook(Pricing(), {}, tmp_path)
    with one.ledger.reading() as connection:
        context = Context(connection, 0, Settings(timezone="UTC"))
        request = BreakdownRequest(("model",), "all", where=(Filter("model", ("gw/dear",)),))
        other = read_work_on(request, "gw/cheap", context, book)
        own = read_work_on(replace(request, where=(Filter("model", ("gw/cheap",)),)), "gw/cheap", context, book)
    one.close()
    counted, rates = Tokens(3_600, 2_520, 0, 56_625, 15_150), CallRates(950_000_000, 4 * USD, 0, 0, "models.json")
    assert other and other.repriced_nano == price_of_tokens(counted, rates) == 81_686_250
    assert own and own.repriced_nano == 13_500_000  # as OpenCode prices its own calls


def test_each_call_takes_the_tier_of_its_own_context() -> None:
    rates = Rates(1 * USD, 0, tiers=(Tier(200_000, 2 * USD, 0, 0, 0),))
    calls = [row(Tokens(input=150_000)), row(Tokens(input=150_000)), row(Tokens(input=100_000, cache_read=100_001))]
    (work,) = reprice(calls, 1, lambda _: rates).values()
    assert work.repriced_nano == 2 * 150_000_000 + 200_000_000


def test_each_call_takes_the_price_of_its_own_time(tmp_path: Path) -> None:
    own = (CustomPrice(2 * USD), CustomPrice(USD, hours=(990, 30)))
    price_at = price_of("gw/m", [], PriceBook(Pricing(custom={"gw/m": own}), {}, tmp_path))
    assert price_at
    minutes = (989, 990, 1439, 30)
    calls = [row(Tokens(input=10**6), at_ms=minute * 60_000, key=str(minute)) for minute in minutes]
    works = reprice(calls, 1, price_at)
    assert [works[str(minute),].repriced_nano // USD for minute in minutes] == [2, 1, 1, 2]


def test_what_cannot_be_repriced_is_left_out_on_both_sides() -> None:
    calls = [row(Tokens(), 5), row(Tokens(), 0), row(Tokens(input=1), 7, at_ms=1), row(Tokens(input=10), 9)]
    (work,) = reprice(calls, 1, lambda at_ms: None if at_ms else Rates(1_000_000, 0)).values()
    assert work == RepricedWork(2, Tokens(input=10), 9, 0, 10, 1, 5, 1, 7)


def test_the_price_is_the_general_one_or_that_of_the_first_project_that_has_one(tmp_path: Path) -> None:
    models_json(tmp_path, acme={"m": cost(1, 0)})
    project = tmp_path / "p"
    project.mkdir()
    (project / "opencode.json").write_text(
        '{"provider": {"gw": {"models": {"x": {"cost": {"input": 3, "output": 0}}}}}}', encoding="utf-8"
    )
    book = PriceBook(Pricing(), {}, tmp_path)
    for model, price in (("acme/m", 1), ("gw/x", 3)):
        price_at = price_of(model, ["/nowhere", str(project)], book)
        rates = price_at(0) if price_at else None
        assert rates and rates.input == price * USD
    assert price_of("gw/y", [str(project)], book) is None


def test_the_work_of_each_of_two_rows_on_the_model_of_the_other(tmp_path: Path) -> None:
    models_json(tmp_path, gw={"a": cost(1, 0), "b": cost(10, 0)})
    store = V1(tmp_path)
    for model, recorded, tokens in (("gw/a", "0.5", 200_000), ("gw/b", "3", 300_000), ("gw/b", "4", 400_000)):
        store.call(store.session(model), cost=recorded, model=model, tokens=StoredTokens(input=tokens))
    one = reader(store.data_dir)
    one.poll()
    book = PriceBook(Pricing(), {}, tmp_path)
    with one.ledger.reading() as connection:
        context = Context(connection, 0, Settings(timezone="UTC"))
        found = {}
        for key, other in (("gw/a", "gw/b"), ("gw/b", "gw/a"), ("gw/a", "gw/c")):
            request = BreakdownRequest(("model",), "all", where=(Filter("model", (key,)),))
            found[key, other] = read_work_on(request, other, context, book)
    one.close()
    first, second, none = found.values()
    assert first and (first.calls, first.spend_nano, first.repriced_nano) == (1, USD // 2, 2 * USD)
    assert second and (second.calls, second.spend_nano, second.repriced_nano) == (2, 7 * USD, 7 * USD // 10)
    assert none is None
