"""Merges OpenCode's configuration files, and resolves the prices of the models in them with the price lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from opencode_tui.pricing import models_dev
from opencode_tui.pricing.config_document import Document, ModelEntry
from opencode_tui.pricing.list_table import PriceKey
from opencode_tui.pricing.models_dev import PARTS
from opencode_tui.pricing.rates import Rates

CONFIG_SOURCE = "opencode.json"

Known = tuple[Rates | None, int | None]
"""A model's price and its context limit in tokens, each None if unknown."""


class ConfigModel(Struct):
    """The merged configuration of one model."""

    base: PriceKey
    """The model whose price is used for parts that this one does not set: that of its `id`, or its own key."""
    cost: dict[str, object] = field(default_factory=dict)
    context: int | None = None

    def rates(self, base: Rates | None) -> Rates | None:
        """The price: each of its four parts from here, else from the base, else 0, as in OpenCode.

        If the configuration sets no price, or a broken one, it is the base's. Tiers come from where the price does.
        """
        missing = [part for part in PARTS if part not in self.cost]
        context = self.context or (base.context if base else None)
        mine = None
        if len(missing) < len(PARTS) and all(self.cost[part] is not None for part in PARTS if part in self.cost):
            try:
                mine = models_dev.rates_from(self.cost, CONFIG_SOURCE, context)
            except ValueError:
                mine = None
        if mine is None:
            return replace(base, context=context) if base else None
        return replace(mine, **{part: getattr(base, part) for part in missing}) if base else mine


def merged(documents: Iterable[Document]) -> dict[PriceKey, ConfigModel]:
    """Merges all files part by part, as OpenCode does."""
    found: dict[PriceKey, ConfigModel] = {}
    for document in documents:
        for key, entry in document.models.items():
            _add(found.setdefault(key, ConfigModel(base=key)), key, entry)
    return found


def _add(model: ConfigModel, key: PriceKey, entry: ModelEntry) -> None:
    if entry.id or entry.canonical:
        model.base = entry.canonical or key[0], entry.id or key[1]
    for part, value in entry.cost.items():
        before = model.cost.get(part)
        both = isinstance(before, dict) and isinstance(value, dict)
        model.cost[part] = {**models_dev.json_table_of(before), **models_dev.json_table_of(value)} if both else value
    model.context = entry.context or model.context


def known_models(models: Mapping[PriceKey, ConfigModel], listed: Callable[[PriceKey], Known]) -> dict[PriceKey, Known]:
    """The price and context limit of each configured model; `listed` looks a key up in the price lists.

    As in OpenCode, a model takes what it does not set from the model that its `id` names: from the configuration if
    that comes before it, else from the lists. If that gives nothing (OpenCode then counts $0), the named model is used
    even if it comes later, and then the lists' entry for the model's own key.
    """
    known: dict[PriceKey, Known] = {}
    for key, model in models.items():
        rates, limit = known[model.base] if model.base in known else listed(model.base)
        known[key] = model.rates(rates), model.context or limit
    for key, model in models.items():
        rates, limit = known[key]
        if rates is None or limit is None:
            others = [known.get(other) or listed(other) for other in _named(models, key)]
            others += [listed((model.base[0], key[1])), listed(key)]
            for more_rates, more_limit in others:
                rates, limit = rates or model.rates(more_rates), limit or more_limit
            known[key] = rates, limit
    return known


def _named(models: Mapping[PriceKey, ConfigModel], key: PriceKey) -> list[PriceKey]:
    """The chain of models that a configured one names, up to its end or until it repeats."""
    named = {key: None}
    while (key := models[key].base) not in named:
        named[key] = None
        if key not in models:
            break
    return list(named)[1:]
