"""Loads settings from flags, the environment, config.toml and the defaults, in this order of precedence.

Without variables, with path flags at most, and with a file without an error, pydantic is not imported, since that
takes longer than a whole `check`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.config.errors import SettingsError, unreadable
from opencode_tui.config.settings import Settings
from opencode_tui.paths import (
    CONFIG_VARIABLE,
    COOKIE_VARIABLE,
    OPENCODES_VARIABLE,
    VARIABLE_PREFIX,
    WEBHOOK_VARIABLE,
    config_file,
    expand,
    path_list,
    tilde,
)

__all__ = ["SettingsError", "load_settings"]

PLAIN_FLAGS = frozenset({"data_dirs", "ledger"})
NO_SETTINGS = frozenset({CONFIG_VARIABLE, OPENCODES_VARIABLE, WEBHOOK_VARIABLE, COOKIE_VARIABLE})


def load_settings(
    flags: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Load the settings.

    `flags` are texts by dotted key, such as {"budget.warning_usd": "0.5"}; `data_dirs` is a JSON list or separated by
    `os.pathsep`. `environ` (default: os.environ) has the same as OPENCODE_TUI_BUDGET__WARNING_USD; empty variables are
    ignored. `file` replaces the default config.toml and must exist.

    Raises SettingsError, whose message is one sentence.
    """
    flags = flags or {}
    environ = os.environ if environ is None else environ
    variables = {
        name: text
        for name, text in environ.items()
        if name.startswith(VARIABLE_PREFIX) and name not in NO_SETTINGS and text
    }
    place = _existing_file(environ, file)
    if not variables and flags.keys() <= PLAIN_FLAGS:
        if place is None:
            return _with_paths(Settings(), flags)
        from opencode_tui.config.plain import NotPlain, plain_settings

        with suppress(NotPlain, SettingsError):
            if all(flags.values()):
                return _with_paths(plain_settings(place), flags)
    from opencode_tui.config.layers import read_settings

    return read_settings(flags, variables, place)


def _existing_file(environ: Mapping[str, str], file: Path | None) -> Path | None:
    """The path of config.toml; None if the default one does not exist."""
    named_by = CONFIG_VARIABLE if environ.get(CONFIG_VARIABLE) else ""
    if file is not None:
        named_by = "the command line"
    try:
        place = config_file(environ) if file is None else expand(file)
    except ValueError as error:
        raise SettingsError(f"{named_by}: {error}") from error
    try:
        mode = place.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if named_by:
            raise SettingsError(
                f"{tilde(place)}: there is no such file, though {named_by} names it; correct the name"
            ) from None
        if place.is_symlink():
            raise SettingsError(f"{tilde(place)}: the link leads to no file; mend or remove it") from None
        return None
    except OSError as error:
        raise unreadable(place, error) from error
    if not stat.S_ISREG(mode) and not stat.S_ISCHR(mode):  # a device: /dev/null means no settings
        what = "a directory" if stat.S_ISDIR(mode) else "not a plain file"
        raise SettingsError(f"{tilde(place)}: this is {what}; put a file with the settings in its place")
    return place


def _with_paths(settings: Settings, flags: Mapping[str, str]) -> Settings:
    name = ""
    try:
        for name, text in flags.items():
            if name == "data_dirs":
                settings = replace(settings, data_dirs=path_list(text))
            elif text:
                settings = replace(settings, ledger=expand(text))
    except ValueError as error:
        raise SettingsError(f"flag {name}: {error}") from error
    return settings
