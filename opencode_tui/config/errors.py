"""Errors of settings as one sentence: where the setting is, what is wrong and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from opencode_tui.paths import tilde

_MOST_TOLD = 20

SettingKey = tuple[str, ...]
"""The path of a setting, such as ("budget", "warning_usd")."""


class SettingsError(Exception):
    """A setting is wrong. The message is one sentence."""


class Given(Struct, frozen=True):
    """The settings of one source: the flags, the environment or the file."""

    values: Mapping[str, Any]
    """Values nested by table, as in the file."""
    names: Mapping[SettingKey, str]
    """The source's name for a key; keys below it are appended as a path."""

    def has(self, key: SettingKey) -> bool:
        """Whether it has this key, or a JSON text that may hold it."""
        value: Any = self.values
        for part in key:
            if not isinstance(value, Mapping):
                return True
            if part not in value:
                return False
            value = value[part]
        return True

    def name(self, key: SettingKey) -> str:
        """The key with its source, such as `config.toml: budget.warning_usd`."""
        for cut in range(len(key), -1, -1):
            if key[:cut] in self.names:
                return ": ".join(part for part in (self.names[key[:cut]], dotted(key[cut:])) if part)
        return dotted(key)


def dotted(key: SettingKey) -> str:
    """The key in TOML syntax, with quotes if a part needs them."""
    return ".".join(part if re.fullmatch(r"[\w-]+", part, re.ASCII) else json.dumps(part) for part in key)


def shown(value: object) -> str:
    """A value for a message: short, with control characters escaped, and without possible secrets."""
    if isinstance(value, str) and "://" in value:
        return "an address"  # an address may be a webhook's, which is a secret
    if isinstance(value, str):
        return repr(value) if len(value) <= 40 else f"{value[:40]!r}…"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    return "a list" if isinstance(value, list) else str(value)[:40]


def unknown(where: str, name: str, known: Iterable[str], kind: str = "key", prefix: str = "") -> str:
    """The sentence for an unknown name, with the most similar known one.

    A common `prefix` of all names does not count as similarity.
    """
    import difflib

    bare = name.removeprefix(prefix)
    others = sorted(other.removeprefix(prefix) for other in known)
    near = difflib.get_close_matches(bare, others, n=1)
    near += [other for other in others if other.startswith(bare)]
    if near:
        return f"{where}: unknown {kind} (did you mean '{prefix}{near[0]}'?)"
    if len(others) > _MOST_TOLD:
        return f"{where}: unknown {kind} (config.example.toml has them all)"
    after = f"after {prefix} " if prefix else ""
    return f"{where}: unknown {kind} ({after}there {'is' if len(others) == 1 else 'are'} {', '.join(others)})"


def unreadable(file: Path, error: OSError) -> SettingsError:
    """The error for a file that cannot be read."""
    reason = (error.strerror or "no reason was given").lower()
    return SettingsError(f"{tilde(file)}: cannot be read ({reason}); correct its path or its permissions")


def first_of(problems: Sequence[str]) -> SettingsError:
    """The first problem as an error, with the number of the others."""
    rest = len(problems) - 1
    more = "setting is" if rest == 1 else "settings are"
    return SettingsError(f"{problems[0]} (and {rest} more {more} wrong)" if rest else problems[0])
