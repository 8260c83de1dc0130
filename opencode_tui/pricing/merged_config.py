"""What all of OpenCode's configuration files together say of models, and what these cost by it and by the lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from opencode_tui.pricing import models_dev
from opencode_tui.pricing.config_document import Document, ModelEntry
from opencode_tui.pricing.list_table import Key
from opencode_tui.pricing.models_dev import PARTS
from opencode_tui.pricing.rates import Rates

SOURCE = "opencode.json"

Known = tuple[Rates | None, int | None]
"""A model's price and its context limit in tokens, each None where it is not known."""


class ConfigModel(Struct):
    """What the configuration says of one model, all files together."""

    base: Key
    """The model whose price counts where this one names none: that of its `id`, or its own key."""
    cost: dict[str, object] = field(default_factory=dict)
    context: int | None = None

    def rates(self, base: Rates | None) -> Rates | None:
        """The price: each of its four parts from here, else from the base's, else 0, as in OpenCode.

        Where the configuration sets no price, or a broken one, it is the base's. Tiers are of whoever set it.
        """
        missing = [part for part in PARTS if part not in self.cost]
        context = self.context or (base.context if base else None)
        mine = None
        if len(missing) < len(PARTS) and all(self.cost[part] is not None for part in PARTS if part in self.cost):
            try:
                mine = models_dev.rates(self.cost, SOURCE, context)
            except ValueError:
                mine = None
        if mine is None:
            return replace(base, context=context) if base else None
        return replace(mine, **{part: getattr(base, part) for part in missing}) if base else mine


def merged(documents: Iterable[Document]) -> dict[Key, ConfigModel]:
    """All files together, part by part, as OpenCode merges them."""
    found: dict[Key, ConfigModel] = {}
    for document in documents:
        for key, entry in document.models.items():
            _add(found.setdefault(key, ConfigModel(base=key)), key, entry)
    return found


def _add(model: ConfigModel, key: Key, entry: ModelEntry) -> None:
    if entry.id or entry.canonical:
        model.base = entry.canonical or key[0], entry.id or key[1]
    for part, value in entry.cost.items():
        before = model.cost.get(part)
        both = isinstance(before, dict) and isinstance(value, dict)
        model.cost[part] = {**models_dev.table(before), **models_dev.table(value)} if both else value
    model.context = entry.context or model.context


def resolved(models: Mapping[Key, ConfigModel], listed: Callable[[Key], Known]) -> dict[Key, Known]:
    """What each of the configured models costs and can read; `listed` is what the lists say of a key.

    As OpenCode does it, a model takes what it does not set itself from the one that its `id` names: as configured
    where that one stands before it, else as listed. Where that leaves nothing (OpenCode then counts $0), it is what
    the named one has wherever it stands, and where nobody knows that one, what the lists have for its own key.
    """
    known: dict[Key, Known] = {}
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


def _named(models: Mapping[Key, ConfigModel], key: Key) -> list[Key]:
    """The model that a configured one names, the one that that names, and so on to the end, or round once."""
    named = {key: None}
    while (key := models[key].base) not in named:
        named[key] = None
        if key not in models:
            break
    return list(named)[1:]
