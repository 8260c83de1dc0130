"""What a model costs, from the first source that knows it, and what a call costs by that.

The user's own price comes first, then OpenCode's configuration, the list that OpenCode downloaded, and the
bundled list. A provider that none of them knows, a local one for instance, has no price: never another's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from opencode_tui.pricing.list_table import Key, ListTable
from opencode_tui.pricing.models_cache import ModelsCache
from opencode_tui.pricing.models_cache import default_path as models_path
from opencode_tui.pricing.opencode_config import INLINE, OpenCodeConfig
from opencode_tui.pricing.opencode_config import default_paths as config_paths
from opencode_tui.pricing.rates import Rates, cost_nano, cost_parts
from opencode_tui.records import Basis, Tokens
from opencode_tui.settings import Pricing


class PriceBook:
    """Prices by provider and model; sources are read at the first question that gets to them."""

    def __init__(self, pricing: Pricing, environ: Mapping[str, str], home: Path) -> None:
        self._pricing = pricing
        self._config = OpenCodeConfig(config_paths(environ, home), environ.get(INLINE, ""))
        self._models = ModelsCache(models_path(environ, home))
        self._table = ListTable()
        self._found: dict[Key, Rates | None] = {}
        self._limits: dict[Key, int | None] = {}

    def lookup(self, provider: str, model: str) -> Rates | None:
        """The list price with its tiers, None where no source knows this provider and model."""
        key = provider, model
        if key not in self._found:
            entry = self._config.model(provider, model)
            base = self._listed(provider, entry.base if entry else model)
            self._found[key] = entry.rates(base) if entry else base
        return self._found[key]

    def custom(self, provider: str, model: str) -> Rates | None:
        """The user's own price, from the setting `pricing.custom` under exactly `provider/model`."""
        price = self._pricing.custom.get(f"{provider}/{model}")
        if price is None:
            return None
        return Rates(price.input, price.output, price.cache_read, price.cache_write, source="custom")

    def context_limit(self, provider: str, model: str) -> int | None:
        """How many tokens the model can read, also for a model without a price."""
        key = provider, model
        if key not in self._limits:
            entry = self._config.model(provider, model)
            base = entry.base if entry else model
            self._limits[key] = (
                (entry and entry.context) or self._models.context(provider, base) or self._table.context(provider, base)
            )
        return self._limits[key]

    def refresh(self) -> bool:
        """Forgets what was read from a file of OpenCode's that has changed since; true when one has."""
        config, models = self._config.changed(), self._models.changed()
        if config:
            self._config = self._config.again()
        if models:
            self._models = ModelsCache(self._models.path)
        if config or models:
            self._found.clear()
            self._limits.clear()
        return config or models

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each source read so far that is there and could not be used."""
        return tuple(filter(None, (self._config.problem, self._models.problem, self._table.problem)))

    def _listed(self, provider: str, model: str) -> Rates | None:
        return self._models.rates(provider, model) or self._table.rates(provider, model)


@dataclass(frozen=True, slots=True)
class Priced:
    """What one call costs, and why."""

    amount_nano: int
    basis: Basis
    rates: Rates | None
    """The flat rates that made the amount; for a recorded one, those that are known for the call."""
    list_nano: int | None
    """The list price of a call that was recorded as $0, None for any other and where it is not known."""
    parts: tuple[int, int, int] | None
    """The amount as (input, output with reasoning, cache), None where no rates are known to split it by."""


def price_call(
    tokens: Tokens,
    provider: str,
    model: str,
    recorded_nano: int,
    book: PriceBook,
    prefer: Literal["recorded", "list"],
) -> Priced:
    """A call's cost by the user's own price, else by what OpenCode recorded, else by the list price.

    With `prefer="list"` the last two change places.
    """
    own = book.custom(provider, model)
    known = own or book.lookup(provider, model)
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
