"""Changes values in the text of config.toml and keeps its comments, its order and the rest as they are."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from opencode_tui.config.errors import SettingKey, SettingsError, dotted


def with_values(text: str, changes: Mapping[SettingKey, Decimal | str]) -> str:
    """The text with these values; tables that are missing are added at its end.

    Raises SettingsError if the text is not TOML, or has a value where a table has to be.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise SettingsError(f"the file is not TOML ({error}); correct it there first") from None
    for key, value in changes.items():
        _set(document, key, value)
    return tomlkit.dumps(document)


def _set(document: MutableMapping[str, Any], key: SettingKey, value: Decimal | str) -> None:
    table = document
    for place, part in enumerate(key[:-1], 1):
        if part not in table:
            table[part] = tomlkit.table()
        table = table[part]
        if not isinstance(table, MutableMapping):
            raise SettingsError(
                f"{dotted(key[:place])} has to be a table; write its keys below [{dotted(key[:place])}]"
            )
    # A Decimal as its own text: a float would turn 0.80 into 0.8.
    table[key[-1]] = value if isinstance(value, str) else tomlkit.value(toml_number(value))


def toml_number(value: Decimal) -> str:
    """A number as TOML with a fraction: 4 as 4.0."""
    text = f"{value:f}"
    return text if "." in text else f"{text}.0"
