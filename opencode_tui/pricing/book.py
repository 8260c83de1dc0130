"""Looks up a model's price in the first source that has it, and prices calls.

The order is: the user's own price, OpenCode's configuration, the newer of the list that `prices refresh` fetched and
the one that OpenCode downloaded, the bundled list. A provider in none of them, such as a local one, has no price;
another provider's price is never used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Literal

from msgspec import Struct

from opencode_tui.config.settings import Pricing
from opencode_tui.pricing.list_history import DatedRates, ListHistory
from opencode_tui.pricing.list_table import ListTable, PriceKey
from opencode_tui.pricing.merged_config import Known, known_models
from opencode_tui.pricing.models_cache import ModelsCache
from opencode_tui.pricing.models_cache import default_path as models_path
from opencode_tui.pricing.opencode_config import OpenCodeConfig
from opencode_tui.pricing.own_prices import LAST_MOMENT, OwnPrice, OwnPrices
from opencode_tui.pricing.rates import Rates, cost_nano, cost_parts
from opencode_tui.records.calls import Basis, Call, Tokens
from opencode_tui.records.model_key import model_key, split_key

PriceAt = Callable[[int], Rates | None]
"""The price of a model at a moment in Unix milliseconds; None if none is known."""


class PriceBook:
    """Prices by provider, model and moment; each source is read when a lookup first needs it.

    A project can have its own OpenCode configuration, so lookups take the absolute directory of a call, or "" for the
    global configuration only. Which configuration files exist is checked once per `refresh`. Moments are Unix
    milliseconds; LAST_MOMENT is that of the newest price. `history` is the file of the list prices that were fetched.
    """

    def __init__(self, pricing: Pricing, environ: Mapping[str, str], home: Path, history: Path | None = None) -> None:
        self._own = {key: OwnPrices(prices) for key, prices in pricing.custom.items()}
        self._config = OpenCodeConfig(environ, home)
        self._models = ModelsCache(models_path(environ, home))
        self._history = ListHistory(history)
        self._table = ListTable()

    def lookup(self, provider: str, model: str, directory: str = "", at_ms: int = LAST_MOMENT) -> Rates | None:
        """The list price with its tiers; None if no source has this provider and model."""
        return self._known((provider, model), directory, at_ms)[0]

    def custom(self, provider: str, model: str, at_ms: int = LAST_MOMENT) -> Rates | None:
        """The user's own price, from the setting `pricing.custom` under exactly this model's key."""
        own = self._own.get(model_key(provider, model))
        return own.at(at_ms) if own else None

    def is_constant(self, provider: str, model: str) -> bool:
        """Whether a model has no own price, and each list price holds for all moments."""
        return not self._history.moments and model_key(provider, model) not in self._own

    def own_prices(self, provider: str, model: str) -> Sequence[OwnPrice]:
        """All own prices of a model, the latest first."""
        own = self._own.get(model_key(provider, model))
        return own.prices if own else ()

    def price_at(self, provider: str, model: str, directory: str = "") -> PriceAt:
        """A model's own price, or else its list price, by the moment of a call."""
        own = self._own.get(model_key(provider, model))
        if own is not None and own.is_constant:
            always = own.prices[0].rates
            return lambda at_ms: always
        if own is None and not self._history.moments:
            listed = self.lookup(provider, model, directory)
            return lambda at_ms: listed
        return lambda at_ms: (own and own.at(at_ms)) or self.lookup(provider, model, directory, at_ms)

    def list_prices(self, provider: str, model: str, directory: str = "") -> tuple[DatedRates, ...]:
        """All list prices of a model that are known, the earliest first."""
        found: list[DatedRates] = []
        for since_ms in (None, *self._history.moments):
            rates = self.lookup(provider, model, directory, -LAST_MOMENT if since_ms is None else since_ms)
            if rates and (not found or rates.amounts != found[-1].rates.amounts):
                found.append(DatedRates(since_ms, rates))
        return tuple(found)

    def models(self) -> tuple[PriceKey, ...]:
        """All models that a list or the global configuration has, with a price or without."""
        listed = (self._history.models(), self._models.all_models(), self._table.models())
        own = map(split_key, self._own)
        return tuple(dict.fromkeys([*own, *self._config.at("").models, *chain.from_iterable(listed)]))

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None:
        """The model's context limit in tokens, also for a model without a price; None if unknown."""
        return self._known((provider, model), directory, LAST_MOMENT)[1]

    def mcp_servers(self, directory: str) -> dict[str, int]:
        """The MCP servers that OpenCode is certain to offer in a directory, and since when, in Unix milliseconds."""
        return self._config.servers(directory)

    @property
    def list_fetched_ms(self) -> int | None:
        """When `prices refresh` fetched the newest list; None if it never has."""
        return self._history.fetched_ms if self._history.fetched_ms >= 0 else None

    def refresh(self) -> bool:
        """Drops what was read from files that have changed since; returns whether a global one of OpenCode's has.

        A project's files are checked at the next lookup for its directory.
        """
        config, models, history = self._config.refresh(), self._models.changed(), self._history.changed()
        if models:
            self._models = ModelsCache(self._models.path)
        if history:
            self._history = ListHistory(self._history.path)
        if models or history:
            self._config.forget_prices()
        return config or models or history

    def look(self, directories: Iterable[str] = ()) -> tuple[str, ...]:
        """Reads the global configuration and that of these directories again; returns the current problems."""
        self.refresh()
        for directory in ("", *directories):
            self._config.at(directory)
        self._models.check()
        return self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each source read so far that exists but cannot be used."""
        own = filter(None, [self._history.problem, self._table.problem])
        return (*self._config.problems, *self._models.problems, *own)

    def _known(self, key: PriceKey, directory: str, at_ms: int) -> Known:
        config, epoch = self._config.at(directory), self._history.epoch(at_ms)
        known = config.known.get(epoch)
        if known is None:
            known = config.known[epoch] = known_models(config.models, partial(self._listed, at_ms=at_ms))
        if key not in known:
            known[key] = self._listed(key, at_ms)
        return known[key]

    def _listed(self, key: PriceKey, at_ms: int) -> Known:
        """The price and context limit from a list.

        Before the last fetch, the price is that of the history; after it, that of the list which is the newest.
        """
        fetched = self._history.rates(key, at_ms)
        models = self._models.rates(*key)
        newest = self._history.fetched_ms
        rates = (models or fetched) if at_ms >= newest and self._models.downloaded_ms > newest else (fetched or models)
        limit = self._models.context(*key) or (fetched.context if fetched else None)
        return rates or self._table.rates(*key), limit or self._table.context(*key)


class Priced(Struct, frozen=True, gc=False):
    """The cost of one call and its basis."""

    amount_nano: int
    basis: Basis
    rates: Rates | None
    """The flat rates that the amount was computed with; for a recorded amount, the known rates of the model."""
    list_nano: int | None
    """The list price of a call that was recorded as $0; None for any other call, or if it is unknown."""
    parts: tuple[int, int, int] | None
    """The amount split into (input, output with reasoning, cache); None without rates to split it by."""


def price_call(
    tokens: Tokens,
    provider: str,
    model: str,
    recorded_nano: int,
    book: PriceBook,
    prefer: Literal["recorded", "list"],
    directory: str = "",
    at_ms: int = LAST_MOMENT,
) -> Priced:
    """Prices a call by the user's own price, else by the recorded cost; an unbilled call also gets its list price.

    With `prefer="list"` the list price comes before the recorded cost. `directory` is that of the call, because a
    project can have its own prices, and `at_ms` the moment at which it was made: the prices are those of then.
    """
    own = book.custom(provider, model, at_ms)
    known = own or book.lookup(provider, model, directory, at_ms)
    return _priced(tokens, recorded_nano, known, prefer, is_own=own is not None)


def price_calls(calls: Iterable[Call], book: PriceBook, prefer: Literal["recorded", "list"]) -> list[Priced]:
    """`price_call` of each, which looks the price of a model up once if it holds for all moments."""
    listed: dict[tuple[str, str, str], Rates | None] = {}
    found = []
    for call in calls:
        key = call.provider, call.model, call.directory
        tokens, nano = call.tokens, call.recorded_nano
        if key not in listed:
            if not book.is_constant(call.provider, call.model):
                found.append(price_call(tokens, *key[:2], nano, book, prefer, call.directory, call.created_ms))
                continue
            listed[key] = book.lookup(*key)
        rates = listed[key]
        if nano and prefer == "recorded" and (rates is None or not rates.tiers):  # as most are, and twice as fast
            found.append(Priced(nano, "recorded", rates, None, _parts(tokens, rates, nano)))
        else:
            found.append(_priced(tokens, nano, rates, prefer, is_own=False))
    return found


def _priced(
    tokens: Tokens, recorded_nano: int, known: Rates | None, prefer: Literal["recorded", "list"], *, is_own: bool
) -> Priced:
    rates = known.at(tokens.context) if known is not None and known.tiers else known
    if rates is not None and (is_own or prefer == "list"):
        amount = cost_nano(tokens, rates)
        return Priced(amount, "custom" if is_own else "list", rates, None, _parts(tokens, rates, amount))
    if recorded_nano:
        return Priced(recorded_nano, "recorded", rates, None, _parts(tokens, rates, recorded_nano))
    list_nano = cost_nano(tokens, rates) if rates is not None and tokens.total > 0 else None
    return Priced(0, "recorded", rates, list_nano, (0, 0, 0))


def _parts(tokens: Tokens, rates: Rates | None, amount_nano: int) -> tuple[int, int, int] | None:
    if amount_nano == 0:
        return 0, 0, 0
    try:
        return cost_parts(tokens, rates, amount_nano) if rates is not None else None
    except ValueError:  # without tokens
        return None
