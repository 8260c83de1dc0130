"""Reads the prices of the models in the ledger, or of others that a person names."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from opencode_tui.analysis.matching import matching
from opencode_tui.clock import EVER
from opencode_tui.ledger.sums import paid_calls
from opencode_tui.pricing.book import PriceBook
from opencode_tui.pricing.rates import Rates
from opencode_tui.readings.context import Context
from opencode_tui.records.model_key import model_key, split_key
from opencode_tui.records.prices import ModelPrice, PricedModel, Prices, PriceTier

_MOST_NAMED = 8


def read_model_prices(text: str, context: Context, book: PriceBook) -> Prices:
    """The prices of all models in the ledger, most used first, or of those like a text.

    If no model in the ledger is like it, those of a list that are. No such model gives no models.
    """
    used = used_models(context.connection)
    names = list(used) if not text else matching(text, list(used))
    if text and not names:
        names = matching(text, known_models_of(book))
    return Prices(
        taken_ms=context.now_ms,
        prefer=context.settings.pricing.prefer,
        fetched_ms=book.list_fetched_ms,
        models=tuple(_priced_model(name, used.get(name, {}), book, context.now_ms) for name in names),
    )


def one_model(
    text: str, connection: sqlite3.Connection, book: PriceBook, *, with_price: bool = False
) -> tuple[str, bool]:
    """(the key of the model that a text names, whether the ledger or a list has it).

    `provider/model` names exactly this model; other text the one model in the ledger that is like it, or else the one
    in a list. `with_price` passes over models in the ledger that have no price in general. Raises ValueError with a
    sentence if there is none, or several.
    """
    used = list(used_models(connection))
    if with_price:
        used = [key for key in used if _has_price(key, book)]
    known = known_models_of(book)
    if all(text.partition("/")):
        return text, text in used or text in known
    found = matching(text, used) or matching(text, known)
    if not found:
        raise ValueError(f"no model is like {text!r}; write provider/model, such as opencode/kimi-k2.6")
    if len(found) > 1:
        some = ", ".join(found[:_MOST_NAMED]) + (", …" if len(found) > _MOST_NAMED else "")
        raise ValueError(f"{text!r} may be {some}; write one of them")
    return found[0], True


def _has_price(key: str, book: PriceBook) -> bool:
    return bool(book.lookup(*split_key(key)) or book.own_prices(*split_key(key)))


def known_models_of(book: PriceBook) -> list[str]:
    """The keys of all models that a list or the settings have."""
    return [model_key(*key) for key in book.models()]


def used_models(connection: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """Calls by directory, by model key; the model with the most calls first. Calls of no known model are left out."""
    paid = paid_calls(connection, EVER)
    rows = connection.execute(
        f"SELECT provider, model, directory, sum(calls) FROM {paid.table} GROUP BY provider, model, directory"
        " HAVING provider <> '' AND provider <> 'unknown' AND model <> '' ORDER BY 4 DESC, 1, 2, 3"
    )
    found: dict[str, dict[str, int]] = {}
    for provider, model, directory, calls in rows:
        found.setdefault(model_key(provider, model), {})[directory] = calls
    return dict(sorted(found.items(), key=lambda item: -sum(item[1].values())))


def _priced_model(key: str, directories: dict[str, int], book: PriceBook, now_ms: int) -> PricedModel:
    provider, model = split_key(key)
    prices = (*_own(provider, model, book, now_ms), *_listed(provider, model, directories, book, now_ms))
    limits = (book.context_limit(provider, model, directory) for directory in ("", *directories))
    return PricedModel(key, sum(directories.values()), next(filter(None, limits), None), prices)


def _own(provider: str, model: str, book: PriceBook, now_ms: int) -> Iterator[ModelPrice]:
    current = book.custom(provider, model, now_ms)
    for price in book.own_prices(provider, model):
        holds = price.rates is current
        yield _record(price.rates, own=True, holds=holds, since_ms=price.since_ms, hours=price.hours_in_zone)


def _listed(
    provider: str, model: str, directories: dict[str, int], book: PriceBook, now_ms: int
) -> Iterator[ModelPrice]:
    """The list prices in general, and those of the projects that have others."""
    is_own = book.custom(provider, model, now_ms) is not None
    general = book.list_prices(provider, model)
    for directory in ("", *sorted(directories)):
        prices = general if not directory else book.list_prices(provider, model, directory)
        if directory and [price.rates for price in prices] == [price.rates for price in general]:
            continue
        for place, price in reversed(list(enumerate(prices, 1))):
            holds = not is_own and place == len(prices)
            yield _record(price.rates, own=False, holds=holds, since_ms=price.since_ms, directory=directory)


def _record(
    rates: Rates, *, own: bool, holds: bool, since_ms: int | None, hours: str = "", directory: str = ""
) -> ModelPrice:
    return ModelPrice(
        *(rates.input, rates.output, rates.cache_read, rates.cache_write),
        tuple(
            PriceTier(tier.above, tier.input, tier.output, tier.cache_read, tier.cache_write) for tier in rates.tiers
        ),
        "custom" if own else rates.source,
        own,
        holds,
        since_ms,
        hours,
        directory,
    )
