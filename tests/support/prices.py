"""Lists of prices in a home, the book that reads them, and any tokens and rates."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import strategies as st

from opencode_tui.config.settings import CustomPrice, Pricing
from opencode_tui.pricing.book import PriceBook
from opencode_tui.pricing.rates import Rates
from opencode_tui.records.calls import Tokens

USD = 1_000_000_000
GLOBAL = ".config/opencode/opencode.jsonc"
"""OpenCode's configuration in a home."""

counts = st.integers(0, 5_000_000)
any_tokens = st.builds(Tokens, counts, counts, counts, counts, counts)
prices = st.integers(0, 200 * USD)
any_rates = st.builds(Rates, prices, prices, prices, prices)


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def models_json(home: Path, **providers: dict[str, object]) -> Path:
    content = {name: {"models": models} for name, models in providers.items()}
    return write(home / ".cache/opencode/models.json", content)


def opencode_json(home: Path, provider: str, **models: object) -> Path:
    content = {"provider": {provider: {"models": models}}}
    return write(home / ".config/opencode/opencode.json", content)


def book(home: Path, **environ: str) -> PriceBook:
    return PriceBook(Pricing(), environ, home)


def book_with(home: Path, custom: dict[str, CustomPrice]) -> PriceBook:
    return PriceBook(Pricing(custom={key: (price,) for key, price in custom.items()}), {}, home)


def cost(input: object = 1, output: object = 2, **rest: object) -> dict[str, object]:
    return {"cost": {"input": input, "output": output, **rest}}


def gw(**models: object) -> dict[str, object]:
    """A configuration of OpenCode's with models of the provider `gw`."""
    return {"provider": {"gw": {"models": models}}}


def flat(rates: Rates | None) -> tuple[float, ...]:
    """The four rates in USD per million."""
    assert rates is not None
    return tuple(r / USD for r in (rates.input, rates.output, rates.cache_read, rates.cache_write))


def price_of(prices: PriceBook, model: str = "m", directory: Path | str = "") -> tuple[float, ...]:
    """The four rates of a model of `gw`."""
    return flat(prices.lookup("gw", model, str(directory)))
