"""Adds or changes a price of the user's own in the text of config.toml, and keeps its comments and its order."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, MutableMapping, MutableSequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, InlineTable, Table

from opencode_tui.config.editing import toml_number
from opencode_tui.config.errors import SettingsError, dotted

PriceFields = Mapping[str, Decimal | date | str | list[dict[str, int | Decimal]]]
"""A price by the file's keys: `input`, …, `from`, `hours`, `zone`, `tiers`. An empty list takes the tiers out."""

_PLACE = ("pricing", "custom")
_DOTTED = re.compile(r"(\s*(?:pricing\s*\.\s*)?custom\s*\.\s*)\S")
"""The beginning of a line with a price in dotted keys."""


def with_price(text: str, model: str, price: PriceFields) -> str:
    """The text with this price of a model. One that holds from the same day and at the same hours is changed.

    A model that has other prices gets a list of them. Raises SettingsError if the text is not TOML, or has a form in
    which the price cannot be added.
    """
    try:
        tomlkit.parse(text)
        tomllib.loads(text)
    except (TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the file is not TOML ({error}); correct it there first") from None
    for change in (_in_table, _below_dotted):
        with suppress(TOMLKitError, tomllib.TOMLDecodeError, TypeError, AttributeError, LookupError):
            changed = change(text, model, price)
            if tomllib.loads(changed) == _expected(tomllib.loads(text), model, price):
                return changed
    name = dotted((*_PLACE, model))
    raise SettingsError(
        f"{name} cannot be added to the file in its form; write it there yourself, or write each price there as a table"
        f" of its own, such as [{name}], instead of dotted keys"
    )


def _in_table(text: str, model: str, price: PriceFields) -> str:
    document = tomlkit.parse(text)
    _put(document, model, price)
    return tomlkit.dumps(document)


def _below_dotted(text: str, model: str, price: PriceFields) -> str:
    """The text with the price on a line of its own below the last price that stands there in dotted keys."""
    lines = text.splitlines(keepends=True)
    place, before = [(number, found[1]) for number, line in enumerate(lines, 1) if (found := _DOTTED.match(line))][-1]
    lines[place - 1] = lines[place - 1].rstrip("\n") + "\n"
    value = _table(price, is_inline=True).as_string()
    return "".join([*lines[:place], f"{before}{tomlkit.key(model).as_string()} = {value}\n", *lines[place:]])


def _put(document: MutableMapping[str, Any], model: str, price: PriceFields) -> None:
    custom = document.setdefault(_PLACE[0], tomlkit.table(is_super_table=True))
    if _PLACE[1] not in custom:
        custom[_PLACE[1]] = tomlkit.inline_table() if isinstance(custom, InlineTable) else tomlkit.table(True)
    custom = custom[_PLACE[1]]
    is_inline = isinstance(custom, InlineTable)
    known = custom.get(model)
    if known is None:
        custom[model] = _table(price, is_inline=is_inline)
    elif isinstance(known, MutableMapping):
        if _slot(known) == _slot(price):
            _change(known, price)
        else:
            custom[model] = _listed(known, price)
    else:
        _put_in_list(known, price)


def _put_in_list(known: MutableSequence[Any], price: PriceFields) -> None:
    for table in known:
        if _slot(table) == _slot(price):
            _change(table, price)
            return
    known.append(_table(price, is_inline=not isinstance(known, AoT)))


def _listed(known: Any, price: PriceFields) -> Any:
    """A list of the table of a model and of another price."""
    if isinstance(known, Table):
        tables = tomlkit.aot()
        for each in (known, _table(price)):
            tables.append(each)
        return tables
    array = tomlkit.array()
    for each in (known, _table(price, is_inline=True)):
        array.append(each)
    return array


def _table(price: PriceFields, *, is_inline: bool = False) -> Any:
    table: Any = tomlkit.inline_table() if is_inline else tomlkit.table()
    _change(table, price)
    return table


def _change(table: MutableMapping[str, Any], price: PriceFields) -> None:
    for key, value in price.items():
        if value == []:
            table.pop(key, None)
        elif key not in table or table[key] != value:
            table[key] = _item(value)


def _item(value: Any) -> Any:
    """A value as tomlkit writes it: numbers as they were typed, tiers each as an inline table."""
    if isinstance(value, Decimal):
        return tomlkit.value(toml_number(value))
    if not isinstance(value, list):
        return value
    array = tomlkit.array()
    for tier in value:
        table = tomlkit.inline_table()
        for key, number in tier.items():
            table[key] = _item(number)
        array.append(table)
    return array


def _plain(value: Any) -> Any:
    """The value that `tomllib` reads of what `_item` writes."""
    if isinstance(value, list):
        return [{key: _plain(number) for key, number in tier.items()} for tier in value]
    return float(value) if isinstance(value, Decimal) else value


def _slot(price: Mapping[str, Any]) -> tuple[object, ...]:
    """What makes two prices of a model the same: when they hold."""
    hours, zone = str(price.get("hours") or "").replace(" ", ""), str(price.get("zone", "UTC"))
    first = price.get("from")
    return str(first) if first else "", hours, zone if hours or first else ""


def _expected(data: dict[str, Any], model: str, price: PriceFields) -> dict[str, Any]:
    """What the file has to hold afterwards."""
    plain = {key: _plain(value) for key, value in price.items() if value != []}
    gone = price.keys() - plain.keys()
    custom = data.setdefault(_PLACE[0], {}).setdefault(_PLACE[1], {})
    known = custom.get(model)
    tables = known if isinstance(known, list) else [] if known is None else [known]
    for table in tables:
        if _slot(table) == _slot(price):
            table |= plain
            for key in gone:
                table.pop(key, None)
            return data
    custom[model] = [*tables, plain] if isinstance(known, list) or tables else plain
    return data
