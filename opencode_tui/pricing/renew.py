"""Rewrites the bundled price list: `python -m opencode_tui.pricing.renew [FILE] [--as-of YYYY-MM]`.

FILE is OpenCode's models.json (models.dev's format), or a snapshot
`{provider: {model: {input, output, cache_read?, cache_write?, context?, tiers?: [{above, …}]}}}`.
It uses no network: OpenCode has downloaded the list. Exit code 3 for a file that cannot be used.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from opencode_tui.money import plural
from opencode_tui.pricing import list_table, models_dev
from opencode_tui.pricing.files import put_in_place, reason
from opencode_tui.pricing.list_table import PriceKey
from opencode_tui.pricing.models_cache import default_path
from opencode_tui.pricing.rates import Rates

BAD_INPUT = 3


def renew(argv: Sequence[str] | None = None) -> int:
    args = _arguments(argv)
    source: Path = args.file or default_path(os.environ, Path.home())
    try:
        prices, left_out = read_prices(source)
        as_of = args.as_of or _month(source)
        put_in_place(args.to, list_table.render(prices.items(), as_of), 0o644)
    except (OSError, ValueError) as error:
        print(f"renew: the price list was not made from {source}: {reason(error)}.", file=sys.stderr)
        return BAD_INPUT
    without = plural(left_out, "model")
    print(f"{args.to}: {plural(len(prices), 'price')} as of {as_of}; {without} without a usable one left out.")
    return 0


def read_prices(path: Path) -> tuple[dict[PriceKey, Rates], int]:
    """The prices in a file of either format, and the number of models left out because they have no usable price.

    Raises OSError or ValueError if the file cannot be read or has no price at all.
    """
    return prices_in(path.read_bytes())


def prices_in(content: bytes, source: str = "") -> tuple[dict[PriceKey, Rates], int]:
    """The same for the content of a file; `source` is that of the prices. Raises ValueError."""
    try:
        data = json.loads(content)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    prices: dict[PriceKey, Rates] = {}
    left_out = 0
    for key, model in _models(models_dev.json_table_of(data)):
        cost = models_dev.json_table_of(model.get("cost"))
        try:
            if "input" not in cost or "output" not in cost:
                raise ValueError("no price")
            prices[key] = models_dev.rates_from(cost, source, models_dev.limit(model.get("limit")))
        except ValueError:
            left_out += 1
    if not prices:
        raise ValueError("it holds no prices")
    return prices, left_out


def _models(data: Mapping[str, object]) -> Iterator[tuple[PriceKey, Mapping[str, object]]]:
    """Yields every model in the file in models.dev's format."""
    for provider, value in data.items():
        entry = models_dev.json_table_of(value)
        listed = entry.get("models")
        if isinstance(listed, dict):
            models = models_dev.with_modes(listed)
        else:
            models = {name: _from_snapshot(models_dev.json_table_of(model)) for name, model in entry.items()}
        for name, model in models.items():
            yield (provider, name), model


def _from_snapshot(flat: Mapping[str, object]) -> Mapping[str, object]:
    tiers = flat.get("tiers")
    items = [models_dev.json_table_of(item) for item in tiers] if isinstance(tiers, list) else []
    named = [{**item, "tier": {"type": "context", "size": item.get("above")}} for item in items]
    return {"cost": {**flat, "tiers": named}, "limit": {"context": flat.get("context")}}


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m opencode_tui.pricing.renew",
        description="Write the bundled price list again from a list that OpenCode has downloaded.",
    )
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="models.json; OpenCode's own by default")
    parser.add_argument("--as-of", type=_as_of, metavar="YYYY-MM", help="month of the prices; FILE's own by default")
    parser.add_argument(
        "--to",
        type=Path,
        default=list_table.PATH,
        metavar="TABLE",
        help="where to write; our own table by default",
    )
    return parser.parse_args(argv)


def _as_of(text: str) -> str:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a month such as 2026-11")
    return text


def _month(path: Path) -> str:
    """The month in which the file was last changed."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m")


if __name__ == "__main__":
    sys.exit(renew())
