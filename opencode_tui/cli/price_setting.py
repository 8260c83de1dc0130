"""`opencode-tui prices set`: writes a price of the user's own into config.toml."""

from __future__ import annotations

import argparse
import re
import sqlite3
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from opencode_tui.cli import EXIT_USAGE
from opencode_tui.cli.common import Trouble, new_sync, opened, settings_for, using_ledger
from opencode_tui.cli.settings_file import SettingsFile
from opencode_tui.clock import now_ms
from opencode_tui.config import price_values, values
from opencode_tui.config.errors import SettingKey
from opencode_tui.config.price_editing import PriceFields, with_price
from opencode_tui.config.settings import CustomPrice
from opencode_tui.ledger.queries import has_calls
from opencode_tui.money import typed_usd
from opencode_tui.pricing.book import PriceBook
from opencode_tui.readings.prices import one_model
from opencode_tui.report.prices import own_price_text

_CUSTOM: SettingKey = ("pricing", "custom")
_RATES = price_values.TIER_RATES
_TIER_EXAMPLE = "above=200000,input=1.90,output=8.00"
_TOKENS = re.compile(r"[1-9][0-9]{0,15}")


def set_price(arguments: argparse.Namespace) -> int:
    fields, wanted = _price(arguments)
    model, is_known = _model(arguments)
    file = SettingsFile(arguments)
    if variable := file.overridden_by(_CUSTOM):
        raise Trouble(f"the environment variable {variable} goes before {file.name}; unset it first")
    try:
        saved = file.rewrite(lambda text: with_price(text, model, fields), [_CUSTOM])
    except ValueError as error:
        raise Trouble(str(error)) from None
    prices = saved.pricing.custom[model]
    written = next(price for price in prices if _holds_when(price) == _holds_when(wanted))
    print(own_price_text(model, written, len(prices) - 1, is_known=is_known, file=file.name))
    return 0


def _model(arguments: argparse.Namespace) -> tuple[str, bool]:
    """The model, and whether the ledger or a list has it. Raises Trouble.

    What OpenCode has written by now is read at the prices of before; but not all of it into a ledger that has nothing
    yet, because a price that is set first is meant for the first import too.
    """
    settings = settings_for(arguments)
    with using_ledger(settings) as ledger, ledger.reading() as connection:
        if not has_calls(connection):
            return _named(arguments.model, connection, new_sync(settings, ledger).book)
    with opened(arguments) as at, at.reading(now_ms()) as context:
        return _named(arguments.model, context.connection, at.sync.book)


def _named(text: str, connection: sqlite3.Connection, book: PriceBook) -> tuple[str, bool]:
    try:
        return one_model(text, connection, book)
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None


def _holds_when(price: CustomPrice) -> tuple[object, ...]:
    return price.from_, price.hours, price.zone if price.from_ or price.hours else ""


def _price(arguments: argparse.Namespace) -> tuple[PriceFields, CustomPrice]:
    """The price as the file has it, and as the settings do. Raises Trouble."""
    fields: dict[str, Any] = {}
    checked: dict[str, Any] = {}
    for name in _RATES:
        if (text := getattr(arguments, name)) is not None:
            fields[name] = _given(name, text, typed_usd)
            checked[name] = _given(name, fields[name], values.price)
    if arguments.first is not None:
        fields["from"] = checked["from_"] = _given("from", arguments.first, price_values.first_day)
    if arguments.hours is not None:
        checked["hours"] = _given("hours", arguments.hours, price_values.hours_of_day)
        fields["hours"] = price_values.hours_text(checked["hours"])
    if arguments.zone is not None:
        fields["zone"] = checked["zone"] = _given("zone", arguments.zone, values.zone)
        if "from" not in fields and "hours" not in fields:
            raise Trouble("--zone goes with --from or --hours; name one of them", EXIT_USAGE)
    if arguments.tier:
        fields["tiers"] = _given("tier", arguments.tier, _tiers)
        checked["tiers"] = _given("tier", fields["tiers"], price_values.tiers_of_context)
    return fields, CustomPrice(**checked)


def _tiers(texts: Sequence[str]) -> list[dict[str, int | Decimal]]:
    """The tiers from texts such as `above=200000,input=1.90`; none from `none`. Raises ValueError."""
    if list(texts) == ["none"]:
        return []
    tiers: list[dict[str, int | Decimal]] = []
    for text in texts:
        tier: dict[str, int | Decimal] = {}
        for part in text.split(","):
            name, equals, number = part.strip().partition("=")
            key = name.replace("-", "_")
            if not equals or key not in ("above", *price_values.TIER_RATES) or key in tier:
                raise ValueError(f"{part[:40]!r} is no part of a tier; write such as {_TIER_EXAMPLE}")
            if key == "above" and not _TOKENS.fullmatch(number):
                raise ValueError(f"{number[:40]!r} is not a number of tokens; write one such as 200000")
            tier[key] = int(number) if key == "above" else typed_usd(number)
        tiers.append(tier)
    return tiers


def _given(name: str, value: Any, check: Callable[[Any], Any]) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise Trouble(f"--{name.replace('_', '-')}: {error}", EXIT_USAGE) from None
