"""Parses prices in the format of models.dev, which OpenCode's price list and configuration use.

`{input, output, cache_read?, cache_write?, tiers?: [{…, tier: {type: "context", size}}],
context_over_200k?: {…}}`, in USD per million tokens. A missing part costs 0, as in OpenCode (seen in the source of
1.18.34).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from opencode_tui.money import MAX_CALL_NANO, nano_from_usd
from opencode_tui.pricing.rates import Rates, Tier

PARTS = ("input", "output", "cache_read", "cache_write")
OLD_TIER = 200_000
TIERS = ("tiers", "context_over_200k")


def json_table_of(value: object) -> Mapping[str, object]:
    """The value if it is a JSON object, else an empty object."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def rate(value: object) -> int:
    """Converts a price from USD to nano-dollars, both per million tokens. Raises ValueError if it is not a price."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"a price cannot be {type(value).__name__}")
    nano = nano_from_usd(value)
    if not 0 <= nano <= MAX_CALL_NANO:
        raise ValueError(f"a price cannot be {value}")
    return nano


def limit(value: object) -> int | None:
    """The context limit in tokens in a model's `limit` object, or None."""
    tokens = json_table_of(value).get("context")
    if isinstance(tokens, bool) or not isinstance(tokens, int | float) or not 0 < tokens < 2**53:
        return None
    return int(tokens)


def rates_from(cost: Mapping[str, object], source: str, context: int | None) -> Rates:
    """Converts a `cost` object to rates. Raises ValueError if any part is not a price."""
    own = _four(cost)
    return Rates(own[0], own[1], own[2], own[3], tiers(cost), source, context)


def tiers(cost: Mapping[str, object]) -> tuple[Tier, ...]:
    """The context tiers of a `cost` object in ascending order. Raises ValueError if a part is not a price.

    The older `context_over_200k` is used only if there are no tiers, which are more accurate.
    """
    found: dict[int, Tier] = {}
    listed = cost.get("tiers")
    for item in listed if isinstance(listed, list) else []:
        kind = json_table_of(json_table_of(item).get("tier"))
        if kind.get("type") != "context":
            continue
        size = kind.get("size")
        if isinstance(size, bool) or not isinstance(size, int | float) or not 0 <= size < 2**53:
            raise ValueError("a tier has no size")
        found.setdefault(int(size), Tier(int(size), *_four(json_table_of(item))))
    old = cost.get("context_over_200k")
    if isinstance(old, dict) and not found:
        found[OLD_TIER] = Tier(OLD_TIER, *_four(json_table_of(old)))
    return tuple(found[above] for above in sorted(found))


def with_modes(models: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """A provider's models, plus their modes, which OpenCode treats as models of their own (`gpt-5.4-fast`).

    A mode's price replaces its model's, but a mode without tiers inherits those of the model.
    """
    found: dict[str, Mapping[str, object]] = {}
    for name, value in models.items():
        model = json_table_of(value)
        found[name] = model
        for mode, settings in json_table_of(json_table_of(model.get("experimental")).get("modes")).items():
            base, cost = json_table_of(model.get("cost")), json_table_of(json_table_of(settings).get("cost"))
            inherited = {key: base[key] for key in TIERS if key in base and not any(own in cost for own in TIERS)}
            price = {**inherited, **cost} if cost else base
            found[f"{model.get('id', name)}-{mode}"] = {**model, "cost": price}
    return found


def _four(cost: Mapping[str, object]) -> tuple[int, int, int, int]:
    def of(part: str) -> int:
        value = cost.get(part)
        return 0 if value is None else rate(value)

    return of("input"), of("output"), of("cache_read"), of("cache_write")
