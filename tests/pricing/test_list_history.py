"""A fetched list adds the prices that changed, and a call keeps the price that held when it was made."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from opencode_tui.config.settings import Pricing
from opencode_tui.pricing.book import PriceBook
from opencode_tui.pricing.list_history import DatedRates, ListHistory, render_history, with_list
from opencode_tui.pricing.rates import Rates, Tier
from tests.support.prices import USD, cost, flat, models_json, opencode_json

KEY = ("acme", "m")
FIRST, SECOND = 1_700_000_000_000, 1_750_000_000_000
OLD = Rates(1 * USD, 2 * USD, 0, 0, (Tier(200_000, 3 * USD, 4 * USD, 0, 0),), "models.json", 100)
NEW = Rates(USD // 2, 2 * USD, source="list 2025-06-15", context=100)


def written(tmp_path: Path, *prices: DatedRates, fetched_ms: int = SECOND) -> Path:
    file = tmp_path / "list-prices.csv"
    file.write_text(render_history({KEY: prices}, fetched_ms, "http://127.0.0.1/api.json"))
    return file


def test_a_changed_price_is_added_and_an_equal_one_is_not() -> None:
    first = with_list({}, {KEY: OLD}, FIRST)
    assert first == {KEY: (DatedRates(None, OLD),)}
    assert with_list(first, {KEY: Rates(*OLD.amounts, source="another", context=100)}, SECOND) == first
    second = with_list(first, {KEY: NEW, ("b", "n"): OLD}, SECOND)
    assert second == {KEY: (DatedRates(None, OLD), DatedRates(SECOND, NEW)), ("b", "n"): (DatedRates(None, OLD),)}
    assert with_list(second, {}, SECOND + 1) == second


def test_the_newest_price_has_the_context_limit_of_the_list() -> None:
    known = {KEY: (DatedRates(None, OLD),)}
    (dated,) = with_list(known, {KEY: Rates(*OLD.amounts, context=200)}, SECOND)[KEY]
    assert (dated.rates.context, dated.rates.source) == (200, "models.json")


def test_the_file_gives_back_what_was_written(tmp_path: Path) -> None:
    prices = (DatedRates(None, OLD), DatedRates(SECOND, NEW))
    history = ListHistory(written(tmp_path, *prices))
    assert history.of(KEY) == prices
    assert (history.fetched_ms, history.moments, history.problem) == (SECOND, [SECOND], "")
    assert history.rates(KEY, SECOND - 1) == OLD
    assert history.rates(KEY, SECOND) == NEW
    assert history.rates(("acme", "other"), SECOND) is None


def book_of(tmp_path: Path) -> PriceBook:
    return PriceBook(Pricing(), {}, tmp_path, tmp_path / "list-prices.csv")


def test_a_call_is_priced_by_the_list_that_held_when_it_was_made(tmp_path: Path) -> None:
    written(tmp_path, DatedRates(None, OLD), DatedRates(SECOND, NEW))
    prices = book_of(tmp_path)
    assert prices.lookup(*KEY, "", SECOND - 1) == OLD
    assert prices.lookup(*KEY, "", SECOND) == NEW
    assert prices.lookup(*KEY) == NEW
    assert prices.list_prices(*KEY) == (DatedRates(None, OLD), DatedRates(SECOND, NEW))


@pytest.mark.parametrize(("downloaded_ms", "newest"), [(SECOND - 1000, 0.5), (SECOND + 1000, 9.0)])
def test_after_the_last_fetch_the_newer_of_the_two_lists_counts(
    tmp_path: Path, downloaded_ms: int, newest: float
) -> None:
    models = models_json(tmp_path, acme={"m": cost(9, 9), "n": cost(8, 8)})
    os.utime(models, ns=(0, downloaded_ms * 1_000_000))
    written(tmp_path, DatedRates(None, OLD), DatedRates(SECOND, NEW))
    prices = book_of(tmp_path)
    assert flat(prices.lookup(*KEY))[0] == newest
    assert flat(prices.lookup(*KEY, "", FIRST))[0] == 1
    assert flat(prices.lookup("acme", "n", "", FIRST))[0] == 8


def test_what_the_configuration_leaves_out_is_of_the_list_that_held(tmp_path: Path) -> None:
    opencode_json(tmp_path, "acme", m=cost(input=5, output=2))
    written(tmp_path, DatedRates(None, Rates(1, 2, 3 * USD, 4)), DatedRates(SECOND, Rates(1, 2, 6 * USD, 4)))
    prices = book_of(tmp_path)
    assert [flat(prices.lookup(*KEY, "", at))[::2] for at in (FIRST, SECOND)] == [(5, 3), (5, 6)]


def test_a_list_that_is_fetched_meanwhile_counts_after_a_refresh(tmp_path: Path) -> None:
    prices = book_of(tmp_path)
    assert prices.lookup(*KEY) is None
    written(tmp_path, DatedRates(None, OLD))
    assert prices.refresh()
    assert prices.lookup(*KEY) == OLD
    assert not prices.refresh()


@pytest.mark.parametrize("text", ["", "nonsense", "# List prices fetched at May from x\n", "\0"])
def test_a_broken_file_is_said_and_the_other_lists_count(tmp_path: Path, text: str) -> None:
    models_json(tmp_path, acme={"m": cost(9, 9)})
    (tmp_path / "list-prices.csv").write_text(text)
    prices = book_of(tmp_path)
    assert flat(prices.lookup(*KEY))[0] == 9
    (problem,) = prices.problems
    assert "list-prices.csv" in problem


def test_a_broken_row_is_said(tmp_path: Path) -> None:
    file = written(tmp_path, DatedRates(None, OLD))
    file.write_text(file.read_text().replace("acme,m,1,", "acme,m,one,"))
    prices = book_of(tmp_path)
    assert prices.lookup(*KEY) is None
    assert "acme/m" in prices.problems[0]
