"""The prices of models, in nano-dollars per million tokens, and when each holds."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class PriceTier(Struct, frozen=True):
    """The rates of calls whose context is larger than `above` tokens."""

    above: int
    input: int
    output: int
    cache_read: int
    cache_write: int


class ModelPrice(Struct, frozen=True):
    """One price of a model."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    tiers: tuple[PriceTier, ...]
    """In ascending order of `above`."""
    source: str
    """`custom`, `opencode.json`, `models.json`, or `list` with the day or month of the list."""
    own: bool
    """It is the user's own, which comes before what OpenCode recorded."""
    holds: bool
    """It is the price of a call that is made now."""
    since_ms: int | None = None
    """The moment from which it holds, in Unix milliseconds; None means for all time before as well."""
    hours: str = ""
    """The hours of the day in which it holds, with their time zone; empty means all."""
    directory: str = ""
    """The project to which it applies; empty means all that have no price of their own."""


class PricedModel(Struct, frozen=True):
    """A model with all its known prices, the newest first."""

    key: str
    """As in `model_key`."""
    calls: int
    """The calls in the ledger, without copies; 0 for a model that was never used."""
    context: int | None
    """Its context limit in tokens."""
    prices: tuple[ModelPrice, ...]


class Prices(Struct, frozen=True):
    """The prices of some models."""

    taken_ms: int
    prefer: Literal["recorded", "list"]
    """What is used for models without an own price."""
    fetched_ms: int | None
    """When the public list was last fetched on request, in Unix milliseconds; None if it never was."""
    models: tuple[PricedModel, ...]
