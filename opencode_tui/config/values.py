"""Validators that convert a setting from TOML or text to the records' value.

Each raises ValueError with the second half of a sentence: what is wrong, and what to write.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Literal

from opencode_tui.clock import calendar_for
from opencode_tui.config.errors import shown
from opencode_tui.money import NANO, nano_from_usd
from opencode_tui.paths import expand, path_list

TOO_MUCH_NANO = 1_000_000 * NANO
YES = ("true", "yes", "on", "1")
NO = ("false", "no", "off", "0")


def amount_setting(value: object) -> int:
    """An amount in USD, above 0 and below a million, as nano-dollars."""
    amount = nano(value, "an amount in USD", "0.80")
    if not 0 < amount < TOO_MUCH_NANO:
        raise ValueError(f"{shown(value)} is out of range; write an amount above 0 and below 1000000")
    return amount


def price(value: object) -> int:
    """A price in USD per million tokens, from 0 to below a million, as nano-dollars per million tokens."""
    price = nano(value, "a price in USD per million tokens", "0.95")
    if not 0 <= price < TOO_MUCH_NANO:
        raise ValueError(f"{shown(value)} is out of range; write a price from 0 to below 1000000")
    return price


def nano(value: object, what: str, example: str) -> int:
    """A number of USD as nano-dollars; `what` and `example` are for the error message."""
    try:
        if isinstance(value, int | str | Decimal):
            return nano_from_usd(value)
    except ValueError:
        pass
    raise ValueError(f"{shown(value)} is not {what}; write a number such as {example}")


def price_table(value: object) -> object:
    """A table of prices, parsed as JSON if it is text (of a variable or a flag)."""
    return json_table(value, "prices", '{"opencode/kimi-k2.6": {"input": 0.95, "output": 4}}')


def json_table(value: object, of: str, example: str) -> object:
    """Parse text as a JSON table; other values are returned unchanged."""
    if not isinstance(value, str):
        return value
    try:
        table = json.loads(value, parse_float=Decimal)
    except (ValueError, RecursionError):
        table = None
    if not isinstance(table, dict):
        raise ValueError(f"{shown(value)} is not a JSON table of {of}; write one such as {example}")
    return table


def custom_price_key(value: str) -> str:
    """A `provider/model` key; a slash in the provider's name is written %2F."""
    provider, _, model = value.partition("/")
    if not provider or not model:
        raise ValueError(
            'a model is named with its provider; write provider/model in quotes, such as "opencode/kimi-k2.6"'
        )
    return value


def interval(value: object) -> float:
    """Seconds between two polls, 0.2 to 3600."""
    wrong = ValueError(f"{shown(value)} is not a number of seconds; write one from 0.2 to 3600")
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise wrong
    try:
        seconds = Decimal(value)
        fits = Decimal("0.2") <= seconds <= 3600
    except InvalidOperation:
        raise wrong from None
    if not fits:
        raise ValueError(f"{shown(value)} is out of range; write seconds from 0.2 to 3600")
    return float(seconds)


def switch(value: object) -> bool:
    """A boolean."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in YES + NO:
        return value.lower() in YES
    raise ValueError(f"{shown(value)} is neither true nor false; write one of them")


def text_setting(value: object) -> str:
    """Text without control characters."""
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text; write it in quotes")
    if not value.isprintable():
        raise ValueError(f"{shown(value)} has a control character in it; take it out")
    return value


def zone(value: object) -> str:
    """The name of an existing time zone, or empty for the machine's own."""
    name = text_setting(value)
    try:
        calendar_for(name)
    except ValueError as error:
        raise ValueError(f"{error}; write one such as 'Europe/Berlin', or '' for the machine's") from None
    return name


def preference(value: object) -> Literal["recorded", "list"]:
    """The preferred source of costs."""
    if value == "recorded":
        return "recorded"
    if value == "list":
        return "list"
    raise ValueError(f"{shown(value)} is neither 'recorded' nor 'list'; write one of them")


def directories_setting(value: object) -> tuple[Path, ...]:
    """Directories from a list, or from text by `path_list`."""
    if isinstance(value, str):
        return path_list(value)
    if not isinstance(value, list):
        raise ValueError(f'{shown(value)} is not a list of paths; write one such as ["/first", "/second"]')
    return tuple(_path(part) for part in value)


def file_path(value: object) -> Path | None:
    """A file's path, or None for empty text."""
    return None if value == "" else _path(value)


def _path(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError(f"{shown(value)} is not a path; write it in quotes, such as '~/ledger.db'")
    return expand(value)
