"""The prices of models as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.config.price_values import hours_text
from opencode_tui.config.settings import CustomPrice, CustomTier
from opencode_tui.money import plural, tokens_text, usd
from opencode_tui.records.prices import ModelPrice, PricedModel, Prices, PriceTier
from opencode_tui.report.call_words import exact_usd
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none
from opencode_tui.report.table import TextColumn, text_table

_COLUMNS = (
    TextColumn("model", "left", least=24),
    TextColumn("input"),
    TextColumn("output"),
    TextColumn("cache read", gives_way=1),
    TextColumn("cache write", gives_way=2),
    TextColumn("source", "left", gives_way=3),
    TextColumn("since", "left", gives_way=4),
)
_HOLDS = "●"


def prices_json(prices: Prices, calendar: Calendar) -> dict[str, Any]:
    """The JSON contract: prices are USD per million tokens, exact to 1e-9."""
    return {
        "schema_version": SCHEMA_VERSION,
        "prefer": prices.prefer,
        "list_fetched_at": moment_or_none(prices.fetched_ms, calendar),
        "models": [
            {
                "key": model.key,
                "calls": model.calls,
                "context_tokens": model.context,
                "prices": [_price_json(price, calendar) for price in model.prices],
            }
            for model in prices.models
        ],
    }


def _price_json(price: ModelPrice, calendar: Calendar) -> dict[str, Any]:
    return {
        **_rates_json(price),
        "tiers": [{"above_tokens": tier.above, **_rates_json(tier)} for tier in price.tiers],
        "source": price.source,
        "since_at": moment_or_none(price.since_ms, calendar),
        "hours": price.hours or None,
        "directory": price.directory or None,
        "holds_now": price.holds,
    }


def _rates_json(rates: ModelPrice | PriceTier) -> dict[str, float]:
    return {
        "input_usd": usd(rates.input),
        "output_usd": usd(rates.output),
        "cache_read_usd": usd(rates.cache_read),
        "cache_write_usd": usd(rates.cache_write),
    }


def prices_table(prices: Prices, calendar: Calendar, width: int | None, *, earlier: bool) -> str:
    """The table in `width` cells, and what is used for which calls. `earlier` adds list prices that held before."""
    if not prices.models:
        return "No call is in the ledger yet; `opencode-tui prices MODEL` shows a model of the price lists."
    shown = [(model, _shown(model, earlier)) for model in prices.models]
    rows = [row for model, some in shown for row in _model_rows(model, some, calendar)]
    notes = [f"USD per million tokens. A call costs {_order(prices)}."]
    if any(len(some) > 1 for _, some in shown):
        notes.append(f"{_HOLDS} holds now")
    fetched = "was never fetched"
    if prices.fetched_ms is not None:
        fetched = f"was fetched {calendar.local(prices.fetched_ms):%Y-%m-%d %H:%M}"
    notes.append(f"The public price list {fetched}; `opencode-tui prices refresh` fetches it.")
    return "\n".join([text_table(_COLUMNS, rows, width), "", *notes])


def _order(prices: Prices) -> str:
    if prices.prefer == "list":
        return "its own price (custom), else its list price, else what OpenCode recorded"
    return "its own price (custom), else what OpenCode recorded; a list price stands beside $0"


def _shown(model: PricedModel, earlier: bool) -> list[ModelPrice]:
    """All own prices, and of the list prices of each place the newest, or all."""
    found: list[ModelPrice] = []
    for price in model.prices:
        is_newest = all(price.directory != other.directory for other in found if not other.own)
        if price.own or earlier or is_newest:
            found.append(price)
    return found


def _model_rows(model: PricedModel, shown: Sequence[ModelPrice], calendar: Calendar) -> Iterator[tuple[str, ...]]:
    if not shown:
        yield (model.key, "", "", "", "", "no price is known", "")
    for place, price in enumerate(shown):
        when = ", ".join(filter(None, (price.hours, price.directory and f"in {price.directory}")))
        name = (
            f"· {when or ('all hours' if price.own else 'list price')}"
            if place
            else ", ".join(filter(None, (model.key, when)))
        )
        since = calendar.day(price.since_ms).isoformat() if price.since_ms is not None else ""
        mark = f" {_HOLDS}" if price.holds and len(shown) > 1 else ""
        yield (name, *_cells(price), f"{price.source}{mark}", since)
        for tier in price.tiers:
            yield (f"· above {tokens_text(tier.above)} of context", *_cells(tier), "", "")


def own_price_text(model: str, price: CustomPrice, others: int, *, is_known: bool, file: str) -> str:
    """What `prices set` has written: the price, when it holds, and what stays as it is."""
    rates = (
        ("input", price.input),
        ("output", price.output),
        ("cache read", price.cache_read),
        ("cache write", price.cache_write),
    )
    zone = price.zone or "local time"
    when = [f"from {price.from_} on"] if price.from_ else []
    when += [f"at {hours_text(price.hours)}"] if price.hours else []
    lines = [
        f"{model}: {', '.join(f'{name} {exact_usd(nano)}' for name, nano in rates)} a million tokens",
        *(_own_tier_text(tier) for tier in price.tiers),
        f"{', '.join([*when, zone] if when else ['for all calls that are read from now on'])}, in {file}",
        "Calls that are in the ledger keep what they cost.",
    ]
    if others:
        lines.append(f"It has {plural(others, 'price')} for other times as well.")
    if not is_known:
        lines.append("Neither the ledger nor a price list has a model of this name.")
    return "\n".join(lines)


def _own_tier_text(tier: CustomTier) -> str:
    rates = (
        ("input", tier.input),
        ("output", tier.output),
        ("cache read", tier.cache_read),
        ("cache write", tier.cache_write),
    )
    changed = ", ".join(f"{name} {exact_usd(nano)}" for name, nano in rates if nano is not None)
    return f"above {tier.above:,} tokens of context: {changed}"


def _cells(rates: ModelPrice | PriceTier) -> tuple[str, ...]:
    return tuple(exact_usd(nano) for nano in (rates.input, rates.output, rates.cache_read, rates.cache_write))
