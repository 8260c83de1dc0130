"""Looks up a model's price in the first source that has it, and prices calls.

The order is: the user's own price, OpenCode's configuration, the list that OpenCode downloaded, the bundled list. A
provider in none of them, such as a local one, has no price; another provider's price is never used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from opencode_tui.config.settings import Pricing
from opencode_tui.pricing.list_table import ListTable, PriceKey
from opencode_tui.pricing.merged_config import Known, known_models
from opencode_tui.pricing.models_cache import ModelsCache
from opencode_tui.pricing.models_cache import default_path as models_path
from opencode_tui.pricing.opencode_config import OpenCodeConfig
from opencode_tui.pricing.rates import Rates, cost_nano, cost_parts
from opencode_tui.records.calls import Basis, Tokens
from opencode_tui.records.model_key import model_key


class PriceBook:
    """Prices by provider and model; each source is read when a lookup first needs it.

    A project can have its own OpenCode configuration, so lookups take the absolute directory of a call, or "" for the
    global configuration only. Which configuration files exist is checked once per `refresh`.
    """

    def __init__(self, pricing: Pricing, environ: Mapping[str, str], home: Path) -> None:
        self._pricing = pricing
        self._config = OpenCodeConfig(environ, home)
        self._models = ModelsCache(models_path(environ, home))
        self._table = ListTable()

    def lookup(self, provider: str, model: str, directory: str = "") -> Rates | None:
        """The list price with its tiers; None if no source has this provider and model."""
        return self._known((provider, model), directory)[0]

    def custom(self, provider: str, model: str) -> Rates | None:
        """The user's own price, from the setting `pricing.custom` under exactly this model's key."""
        price = self._pricing.custom.get(model_key(provider, model))
        if price is None:
            return None
        return Rates(price.input, price.output, price.cache_read, price.cache_write, source="custom")

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None:
        """The model's context limit in tokens, also for a model without a price; None if unknown."""
        return self._known((provider, model), directory)[1]

    def refresh(self) -> bool:
        """Drops what was read from OpenCode's files that have changed since; returns whether a global one has.

        A project's files are checked at the next lookup for its directory.
        """
        config, models = self._config.refresh(), self._models.changed()
        if models:
            self._models = ModelsCache(self._models.path)
            self._config.forget_prices()
        return config or models

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
        return (*self._config.problems, *self._models.problems, *filter(None, [self._table.problem]))

    def _known(self, key: PriceKey, directory: str) -> Known:
        config = self._config.at(directory)
        if not config.known:
            config.known.update(known_models(config.models, self._listed))
        if key not in config.known:
            config.known[key] = self._listed(key)
        return config.known[key]

    def _listed(self, key: PriceKey) -> Known:
        """The price and context limit from OpenCode's list, else from the bundled one."""
        rates = self._models.rates(*key) or self._table.rates(*key)
        return rates, self._models.context(*key) or self._table.context(*key)


class Priced(Struct, frozen=True):
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
) -> Priced:
    """Prices a call by the user's own price, else by the recorded cost; an unbilled call also gets its list price.

    With `prefer="list"` the list price comes before the recorded cost. `directory` is that of the call, because a
    project can have its own prices.
    """
    own = book.custom(provider, model)
    known = own or book.lookup(provider, model, directory)
    rates = known.at(tokens.context) if known else None
    if rates and (own or prefer == "list"):
        amount = cost_nano(tokens, rates)
        return Priced(amount, "custom" if own else "list", rates, None, _parts(tokens, rates, amount))
    not_billed = recorded_nano == 0 and tokens.total > 0
    list_nano = cost_nano(tokens, rates) if rates and not_billed else None
    return Priced(recorded_nano, "recorded", rates, list_nano, _parts(tokens, rates, recorded_nano))


def _parts(tokens: Tokens, rates: Rates | None, amount_nano: int) -> tuple[int, int, int] | None:
    if amount_nano == 0:
        return 0, 0, 0
    return cost_parts(tokens, rates, amount_nano) if rates and tokens.total else None
