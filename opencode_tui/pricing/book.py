"""What a model costs, from the first source that knows it, and what a call costs by that.

The user's own price comes first, then OpenCode's configuration, the list that OpenCode downloaded, and the
bundled list. A provider that none of them knows, a local one for instance, has no price: never another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from msgspec import Struct

from opencode_tui.config.settings import Pricing
from opencode_tui.pricing.list_table import Key, ListTable
from opencode_tui.pricing.merged_config import Known, resolved
from opencode_tui.pricing.models_cache import ModelsCache
from opencode_tui.pricing.models_cache import default_path as models_path
from opencode_tui.pricing.opencode_config import OpenCodeConfig
from opencode_tui.pricing.rates import Rates, cost_nano, cost_parts
from opencode_tui.records.calls import Basis, Tokens
from opencode_tui.records.model_key import model_key


class PriceBook:
    """Prices by provider and model; sources are read at the first question that gets to them.

    OpenCode's configuration can be a project's own: a question is asked for the directory of a call, an absolute
    path, or for "", where only what counts everywhere is known. Which files those are is looked at once a `refresh`.
    """

    def __init__(self, pricing: Pricing, environ: Mapping[str, str], home: Path) -> None:
        self._pricing = pricing
        self._config = OpenCodeConfig(environ, home)
        self._models = ModelsCache(models_path(environ, home))
        self._table = ListTable()

    def lookup(self, provider: str, model: str, directory: str = "") -> Rates | None:
        """The list price with its tiers, None where no source knows this provider and model."""
        return self._known((provider, model), directory)[0]

    def custom(self, provider: str, model: str) -> Rates | None:
        """The user's own price, from the setting `pricing.custom` under exactly this model's key."""
        price = self._pricing.custom.get(model_key(provider, model))
        if price is None:
            return None
        return Rates(price.input, price.output, price.cache_read, price.cache_write, source="custom")

    def context_limit(self, provider: str, model: str, directory: str = "") -> int | None:
        """How many tokens the model can read, also for a model without a price."""
        return self._known((provider, model), directory)[1]

    def refresh(self) -> bool:
        """Forgets what was read from a file of OpenCode's that has changed since; true when one has.

        A project's files are looked at when its directory is asked for again.
        """
        config, models = self._config.refresh(), self._models.changed()
        if models:
            self._models = ModelsCache(self._models.path)
            self._config.forget_prices()
        return config or models

    def look(self, directories: Iterable[str] = ()) -> tuple[str, ...]:
        """Reads what counts everywhere and in these directories, as it is now; the problems that are left."""
        self.refresh()
        for directory in ("", *directories):
            self._config.at(directory)
        self._models.check()
        return self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each source read so far that is there and could not be used."""
        return (*self._config.problems, *self._models.problems, *filter(None, [self._table.problem]))

    def _known(self, key: Key, directory: str) -> Known:
        config = self._config.at(directory)
        if not config.known:
            config.known.update(resolved(config.models, self._listed))
        if key not in config.known:
            config.known[key] = self._listed(key)
        return config.known[key]

    def _listed(self, key: Key) -> Known:
        """What the lists say, OpenCode's own and the bundled one."""
        rates = self._models.rates(*key) or self._table.rates(*key)
        return rates, self._models.context(*key) or self._table.context(*key)


class Priced(Struct, frozen=True):
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
    directory: str = "",
) -> Priced:
    """A call's cost by the user's own price, else by what OpenCode recorded, else by the list price.

    With `prefer="list"` the last two change places. `directory` is where it was made: a project has own prices.
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
