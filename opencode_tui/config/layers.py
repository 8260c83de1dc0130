"""Merges and validates flags, environment and config.toml, and reports each error with its source.

Imported only when needed (see `load_settings`), since importing pydantic takes longer than a whole `check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace
from pydantic import BaseModel, ValidationError
from pydantic_settings import InitSettingsSource, PydanticBaseSettingsSource, TomlConfigSettingsSource

from opencode_tui.config import PLAIN_FLAGS
from opencode_tui.config.errors import Given, SettingKey, dotted, first_of, shown, unknown
from opencode_tui.config.lines import wrong_lines
from opencode_tui.config.model import NAMED_TABLES, TABLE, TABLES, SettingsDocument, all_keys, document_with, tables_in
from opencode_tui.config.options import Declared, declared
from opencode_tui.config.settings import Settings
from opencode_tui.config.table import keys_in
from opencode_tui.config.toml import read_toml
from opencode_tui.paths import VARIABLE_PREFIX, tilde

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_NO_KEYS = ("[key]", TABLE, TABLES)
"""Parts of the place of an error that stand in no file."""
_DECLARED_TABLES = frozenset({"alerts", "channels", "insights", "budget"})
"""The tables whose keys rules and channels declare, and the one that some of their defaults follow."""


class TomlFile(TomlConfigSettingsSource):
    """A settings source that reads the file with exact decimals and one-sentence errors."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return read_toml(file_path)


def read_settings(flags: Mapping[str, str], variables: Mapping[str, str], file: Path | None) -> Settings:
    """Validate the settings given by flags (by dotted key), variables (by name) and the file.

    Flags win over variables, and variables over the file. Raises SettingsError.
    """
    toml = TomlFile(SettingsDocument, file)
    is_declared_one_given = bool(flags.keys() - PLAIN_FLAGS or variables or toml.toml_data.keys() & _DECLARED_TABLES)
    document = document_with(declared() if is_declared_one_given else Declared())
    by_flag, by_variable = _keys_by_name(document) if flags or variables else ({}, {})
    problems = [unknown(f"flag {name}", name, by_flag, "setting") for name in flags if name not in by_flag]
    problems += [
        unknown(name, name, by_variable, "setting", VARIABLE_PREFIX) for name in variables if name not in by_variable
    ]

    givens = [
        _given({by_flag[name]: (f"flag {name}", text) for name, text in flags.items() if name in by_flag}),
        _given({by_variable[name]: (name, text) for name, text in variables.items() if name in by_variable}),
        Given(toml.toml_data, {(): tilde(file) if file else ""}),
    ]
    sources = (*(InitSettingsSource(SettingsDocument, dict(given.values)) for given in givens[:2]), toml)
    settings = Settings()
    try:
        settings = _sourced(document)(sources=sources).settings()
    except ValidationError as error:
        problems += _wrong_values(error.errors(), givens, tables_in(document))
    problems += wrong_lines(settings, givens)
    if problems:
        raise first_of(problems)
    return _anchored(settings, givens, file)


@cache
def _keys_by_name(document: type[SettingsDocument]) -> tuple[dict[str, SettingKey], dict[str, SettingKey]]:
    """All keys by the names of their flags, and by those of their variables."""
    keys = all_keys(tables_in(document))
    return {dotted(key): key for key in keys}, {VARIABLE_PREFIX + "__".join(key).upper(): key for key in keys}


def _given(texts: Mapping[SettingKey, tuple[str, str]]) -> Given:
    """A source of texts: (name in the source, text) by key."""
    nested: dict[str, Any] = {}
    for key, (_, text) in texts.items():
        table = nested
        for part in key[:-1]:
            table = table.setdefault(part, {})
        table[key[-1]] = text
    return Given(nested, {key: name for key, (name, _) in texts.items()})


@cache
def _sourced(document: type[SettingsDocument]) -> Any:
    """The document as a class whose `sources` are the only ones; making a class takes longer than reading a file."""

    class Sourced(document):  # type: ignore[valid-type,misc]  # its keys depend on the rules and channels
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: Any, init_settings: Any, *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            sources: tuple[PydanticBaseSettingsSource, ...] = init_settings.init_kwargs["sources"]
            return sources

    return Sourced


def _wrong_values(
    errors: Sequence[ErrorDetails], givens: Sequence[Given], tables: Mapping[SettingKey, type[BaseModel]]
) -> Iterator[str]:
    reported: set[SettingKey] = set()
    for error in errors:
        key = tuple(_part(part) for part in error["loc"] if part not in _NO_KEYS)
        if any(key[:cut] in reported for cut in range(len(key) + 1)):
            continue  # already reported, by itself or by a key above it
        reported.add(key)
        where = _source_of(key, givens).name(key)
        if error["type"] == "value_error":
            yield f"{where}: {error['ctx']['error']}"
        elif error["type"] == "extra_forbidden":
            yield unknown(where, key[-1], keys_in(_table_at(key, tables)))
        else:
            off = ", such as warning_usd = 'off'" if error["input"] == "off" else ""
            yield f"{where}: {shown(error['input'])} is not a table; write its keys below [{dotted(key)}]{off}"


def _table_at(key: SettingKey, tables: Mapping[SettingKey, type[BaseModel]]) -> type[BaseModel]:
    """The model of the table that has an unknown key."""
    return tables.get(key[:-1]) or next(NAMED_TABLES[key[:cut]] for cut in (2, 1) if key[:cut] in NAMED_TABLES)


def _part(part: str | int) -> str:
    """A part of the place of an error; the tables of a list are counted from 1."""
    return str(part + 1) if isinstance(part, int) else part


def _source_of(key: SettingKey, givens: Sequence[Given]) -> Given:
    """The source of the effective value; the file if no source has the key."""
    return next((given for given in givens if given.has(key)), givens[-1])


def _anchored(settings: Settings, givens: Sequence[Given], file: Path | None) -> Settings:
    """The settings with the file's relative paths resolved against the file's directory."""
    if file is None:
        return settings
    if settings.ledger and _source_of(("ledger",), givens) is givens[-1]:
        settings = replace(settings, ledger=file.parent / settings.ledger)
    options = {
        name: file.parent / value
        for name, value in settings.channels.options.items()
        if isinstance(value, Path) and _source_of(("channels", name), givens) is givens[-1]
    }
    if options:
        channels = replace(settings.channels, options={**settings.channels.options, **options})
        settings = replace(settings, channels=channels)
    cookie = settings.network.console_cookie_file
    if cookie and _source_of(("network", "console_cookie_file"), givens) is givens[-1]:
        network = replace(settings.network, console_cookie_file=file.parent / cookie)
        settings = replace(settings, network=network)
    if settings.team.seats and _source_of(("team", "seats"), givens) is givens[-1]:
        seats = {name: replace(seat, path=file.parent / seat.path) for name, seat in settings.team.seats.items()}
        settings = replace(settings, team=replace(settings.team, seats=seats))
    budgets = settings.team.budgets_file
    if budgets and _source_of(("team", "budgets_file"), givens) is givens[-1]:
        settings = replace(settings, team=replace(settings.team, budgets_file=file.parent / budgets))
    push = settings.team.push
    if push.password_file and _source_of(("team", "push", "password_file"), givens) is givens[-1]:
        push = replace(push, password_file=file.parent / push.password_file)
        settings = replace(settings, team=replace(settings.team, push=push))
    if _source_of(("data_dirs",), givens) is givens[-1]:
        settings = replace(settings, data_dirs=tuple(file.parent / path for path in settings.data_dirs))
    return settings
