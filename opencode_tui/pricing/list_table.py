"""The bundled price list, `list_prices.csv`, which `renew` writes.

Its first line is a comment with the month of the prices. Prices are USD per million tokens in plain decimals; tiers
have the form `200000: 2.5/15/0.25/0; …`: the context in tokens above which a tier applies, and its four prices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from io import StringIO
from pathlib import Path

from opencode_tui.money import NANO, nano_from_usd, plural
from opencode_tui.pricing.files import reason
from opencode_tui.pricing.rates import Rates, Tier

PATH = Path(__file__).with_name("list_prices.csv")
COLUMNS = ("provider", "model", "input", "output", "cache_read", "cache_write", "context", "tiers")
_AS_OF = re.compile(r"as of (\d{4}-\d{2})\b")

PriceKey = tuple[str, str]
"""(provider, model)"""


class ListTable:
    """The table, read at the first lookup; a row is parsed when it is looked up."""

    def __init__(self, path: Path = PATH) -> None:
        self.path = path
        self.problem = ""
        """One sentence if the table, or a row that was looked up, cannot be read; else ""."""
        self.as_of = ""
        """The month of the prices, such as 2026-11."""
        self._rows: dict[PriceKey, list[str]] | None = None

    def rates(self, provider: str, model: str) -> Rates | None:
        row = self._load().get((provider, model))
        if row is None:
            return None
        try:
            return rates_of(row, f"list {self.as_of}")
        except ValueError as error:
            self.problem = f"The bundled price of {provider}/{model} in {self.path} cannot be read: {error}."
            return None

    def context(self, provider: str, model: str) -> int | None:
        known = self.rates(provider, model)
        return known.context if known else None

    def models(self) -> tuple[PriceKey, ...]:
        return tuple(self._load())

    def _load(self) -> dict[PriceKey, list[str]]:
        if self._rows is None:
            try:
                self.as_of, self._rows = _bundled() if self.path == PATH else _read(self.path)
            except (OSError, ValueError) as error:
                self.problem = f"The bundled price list {self.path} cannot be read: {reason(error)}."
                self._rows = {}
        return self._rows


def _read(path: Path) -> tuple[str, dict[PriceKey, list[str]]]:
    """The month of the prices and the rows. Raises OSError and ValueError."""
    import csv  # here, since many commands look no price up

    head, _, body = path.read_text(encoding="utf-8").partition("\n")
    found = _AS_OF.search(head)
    try:
        rows = {(row[0], row[1]): row for row in csv.reader(StringIO(body)) if len(row) > 1}
    except csv.Error as error:
        raise ValueError(str(error)) from error
    rows.pop(COLUMNS[:2], None)
    return found[1] if found else "", rows


@cache
def _bundled() -> tuple[str, dict[PriceKey, list[str]]]:
    """The table of the package, read once a process although prices are looked up again when settings change."""
    return _read(PATH)


def render(prices: Iterable[tuple[PriceKey, Rates]], as_of: str) -> str:
    """The text of the table, sorted by provider and model."""
    import csv

    out = StringIO()
    out.write(f"# List prices as of {as_of}, USD per million tokens; tiers: the context above, four prices\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(row_of(key, rates) for key, rates in sorted(prices, key=lambda item: item[0]))
    return out.getvalue()


def row_of(key: PriceKey, rates: Rates) -> list[str]:
    """The row of a price: a text for each of COLUMNS."""
    tiers = "; ".join(f"{tier.above}: {'/'.join(_four(tier))}" for tier in rates.tiers)
    return [*key, *_four(rates), str(rates.context or ""), tiers]


def _four(rates: Rates | Tier) -> list[str]:
    return [_decimal(nano) for nano in (rates.input, rates.output, rates.cache_read, rates.cache_write)]


def _decimal(nano: int) -> str:
    dollars, rest = divmod(nano, NANO)
    return f"{dollars}.{rest:09d}".rstrip("0").rstrip(".")


def rates_of(row: Sequence[str], source: str) -> Rates:
    """The price in a row. Raises ValueError."""
    if len(row) != len(COLUMNS):
        raise ValueError(f"it has {plural(len(row), 'column')}")
    own = [_price(text) for text in row[2:6]]
    tiers: list[Tier] = []
    for part in filter(None, row[7].split(";")):
        above, _, prices = part.partition(":")
        four = [_price(text) for text in prices.split("/")]
        if len(four) != 4:
            raise ValueError(f"a tier has {plural(len(four), 'price')}")
        tiers.append(Tier(int(above), *four))
    context = int(row[6]) if row[6] else None
    return Rates(own[0], own[1], own[2], own[3], tuple(tiers), source, context)


def _price(text: str) -> int:
    nano = nano_from_usd(text.strip())
    if nano < 0:
        raise ValueError(f"a price cannot be {text}")
    return nano
