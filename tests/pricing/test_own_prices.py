"""Of the user's own prices, the one that held when a call was made counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from opencode_tui.clock import DAY_MS, MINUTE_MS, Span
from opencode_tui.config.price_values import hours_of_day
from opencode_tui.config.settings import CustomPrice, CustomTier, Pricing
from opencode_tui.pricing.book import PriceBook, price_call
from opencode_tui.pricing.own_prices import OwnPrices
from opencode_tui.records.calls import Tokens

MAY = date(2026, 5, 1)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def input_at(prices: OwnPrices, text: str) -> int | None:
    rates = prices.at(ms(text))
    return rates.input if rates else None


def off_peak(input: int, hours: str = "16:30-00:30", zone: str = "UTC", from_: date | None = None) -> CustomPrice:
    return CustomPrice(input, hours=hours_of_day(hours), zone=zone, from_=from_)


def test_a_price_holds_from_its_day_on_and_the_one_before_until_then() -> None:
    prices = OwnPrices([CustomPrice(2, from_=MAY), CustomPrice(1)])
    assert input_at(prices, "2026-04-30T23:59:59") == 1
    assert input_at(prices, "2026-05-01T00:00:00") == 2
    assert input_at(prices, "1970-01-01T00:00:00") == 1


def test_before_the_first_day_there_is_no_own_price() -> None:
    assert input_at(OwnPrices([CustomPrice(2, from_=MAY)]), "2026-04-30T23:59:59") is None


def test_hours_go_past_midnight_and_come_before_the_price_of_all_hours() -> None:
    prices = OwnPrices([CustomPrice(2), off_peak(1)])
    found = [input_at(prices, f"2026-05-13T{time}") for time in ("16:29:59", "16:30:00", "00:29:59", "00:30:00")]
    assert found == [2, 1, 1, 2]


def test_a_later_day_ends_the_hours_of_an_earlier_one() -> None:
    prices = OwnPrices([CustomPrice(2), off_peak(1), CustomPrice(3, from_=MAY)])
    assert (input_at(prices, "2026-04-30T20:00"), input_at(prices, "2026-05-01T20:00")) == (1, 3)


def test_days_and_hours_are_of_the_zone_that_the_price_names() -> None:
    prices = OwnPrices([CustomPrice(2), off_peak(1, "00:30-08:30", "Asia/Shanghai", MAY)])
    found = [input_at(prices, f"2026-{time}") for time in ("04-30T16:29", "04-30T16:30", "05-01T00:29", "05-01T00:30")]
    assert found == [2, 1, 1, 2]


def test_the_source_says_when_the_price_holds() -> None:
    prices = OwnPrices([CustomPrice(2), off_peak(1, from_=MAY), CustomPrice(3, from_=MAY)])
    assert [price.rates.source for price in prices.prices] == [
        "custom, from 2026-05-01 16:30-00:30 UTC",
        "custom, from 2026-05-01",
        "custom",
    ]


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("UTC", "2026-05-13"),
        ("Asia/Kathmandu", "2026-05-13"),
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("America/St_Johns", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04"),
    ],
)
def test_the_changes_in_a_span_are_what_each_minute_says(zone: str, day: str) -> None:
    """Most of the days set the clock, so that hours are missing or come twice."""
    prices = OwnPrices([CustomPrice(2), off_peak(1, "01:45-02:15", zone, date.fromisoformat(day))])
    start_ms = ms(f"{day}T00:00") - 14 * 60 * MINUTE_MS
    span = Span(start_ms, start_ms + 2 * DAY_MS)
    changes = prices.changes(span)
    for at_ms in range(span.start_ms, span.end_ms, 5 * MINUTE_MS):
        assert prices.at(at_ms) == next(rates for since_ms, rates in reversed(changes) if since_ms <= at_ms)
    assert all(one[1] != other[1] for one, other in pairwise(changes))
    assert {rates.input for _, rates in changes if rates} == {1, 2}


def test_a_call_is_priced_by_what_held_when_it_was_made(tmp_path: Path) -> None:
    book = PriceBook(Pricing(custom={"gw/m": (CustomPrice(2_000_000, from_=MAY),)}), {}, tmp_path)
    tokens = Tokens(input=10)
    for days, amount, basis in ((-1, 7, "recorded"), (0, 20, "custom")):
        at_ms = ms("2026-05-01T00:00") + int(timedelta(days=days).total_seconds()) * 1000
        priced = price_call(tokens, "gw", "m", 7, book, "recorded", at_ms=at_ms)
        assert (priced.amount_nano, priced.basis) == (amount, basis)


def test_a_call_above_a_context_costs_what_the_tier_says_and_the_rest_as_below(tmp_path: Path) -> None:
    price = CustomPrice(2_000_000, 5_000_000, 1_000_000, tiers=(CustomTier(100, input=4_000_000, output=9_000_000),))
    book = PriceBook(Pricing(custom={"gw/m": (price,)}), {}, tmp_path)
    for tokens, amount in ((Tokens(50, 10, cache_read=50), 200), (Tokens(51, 10, cache_read=50), 344)):
        assert price_call(tokens, "gw", "m", 7, book, "recorded").amount_nano == amount
