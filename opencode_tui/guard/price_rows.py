"""Prices as guard.json has them for the plugin."""

from __future__ import annotations

from typing import Any

from opencode_tui.clock import Span
from opencode_tui.config.settings import Pricing
from opencode_tui.pricing.own_prices import OwnPrices
from opencode_tui.pricing.rates import Rates

Rows = list[list[int]]


def rows_of(rates: Rates) -> Rows:
    """A price's rows: (above which context, input, output, cache read, cache write), ascending."""
    first = [-1, rates.input, rates.output, rates.cache_read, rates.cache_write]
    tiers = [[tier.above, tier.input, tier.output, tier.cache_read, tier.cache_write] for tier in rates.tiers]
    return [first, *tiers]


def own_price_rows(pricing: Pricing, span: Span) -> dict[str, dict[str, Any]]:
    """`custom` and, if there are any, `changes`: the own prices that always hold, and those that change in a span.

    The plugin knows neither time zones nor the settings, so the moments of all changes are worked out here.
    """
    own = {key: OwnPrices(prices) for key, prices in pricing.custom.items()}
    custom = {key: rows_of(prices.prices[0].rates) for key, prices in own.items() if prices.is_constant}
    changes = {
        key: [[at_ms, rows_of(rates) if rates else None] for at_ms, rates in prices.changes(span)]
        for key, prices in own.items()
        if not prices.is_constant
    }
    return {"custom": custom, **({"changes": changes} if changes else {})}
