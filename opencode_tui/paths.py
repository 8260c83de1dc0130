"""Where things are on this platform: our settings and ledger, and OpenCode's data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

APP = "opencode-tui"
VARIABLE_PREFIX = "OPENCODE_TUI_"
CONFIG_VARIABLE = VARIABLE_PREFIX + "CONFIG_FILE"
"""The environment variable that names another config.toml."""
OPENCODES_VARIABLE = VARIABLE_PREFIX + "CONFIG"
"""OpenCode's own variable for the settings of its screen: not one of ours, whatever it is called."""
WEBHOOK_VARIABLE = VARIABLE_PREFIX + "WEBHOOK_URL"
"""The environment variable that holds the webhook's address: a secret, and so not one of the settings."""


class NoHomeError(ValueError):
    """There is no home directory, as for a container's user whom no passwd file names. The message is a sentence."""


def expand(path: str | Path) -> Path:
    """The path with the home directory in place of `~` or `~name`. Raises NoHomeError."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise NoHomeError(f"no home directory is known for {str(path)!r}; write the whole path") from error


def home() -> Path:
    """The home directory; where there is none (a container's user, say), a place in which nothing can be."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


def tilde(path: Path) -> str:
    """The path for people: `~` in place of their home directory."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def last_part(path: str) -> str:
    """The last part of a path, written either way round; what is no path as it is."""
    return path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or path


def path_list(text: str) -> tuple[Path, ...]:
    """Paths from one text: a JSON list, or parts between `os.pathsep` (`:`, on Windows `;`), `~` expanded.

    Raises ValueError for what begins like a JSON list and is not one of paths.
    """
    if not text.lstrip().startswith("["):
        return tuple(expand(part) for part in text.split(os.pathsep) if part)
    import json

    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, list) or not all(isinstance(part, str) and part for part in parts):
        raise ValueError('this is not a JSON list of paths; write one such as ["/first", "/second"]')
    return tuple(expand(part) for part in parts)


def config_file(environ: Mapping[str, str]) -> Path:
    """Our config.toml: what OPENCODE_TUI_CONFIG_FILE names, else the one in the platform's place for it."""
    named = environ.get(CONFIG_VARIABLE)
    if named:
        return expand(named)
    import platformdirs

    place = _of_home(platformdirs.user_config_path)
    return (Path(os.devnull) if place is None else place) / "config.toml"


def ledger_file() -> Path:
    """The ledger in the platform's place for data, where the settings name no other.

    Raises NoHomeError.
    """
    import platformdirs

    place = _of_home(platformdirs.user_data_path)
    if place is None:
        raise NoHomeError("no home directory is known for the ledger; name its file with --ledger")
    return place / "ledger.db"


def _of_home(platforms: Callable[..., Path]) -> Path | None:
    """One of the platform's places for us; None where it would be in a home directory that there is not."""
    try:
        place = platforms(APP, appauthor=False)
    except RuntimeError:
        return None
    return None if str(place).startswith("~") else place


def opencode_data_dir(environ: Mapping[str, str]) -> Path:
    """OpenCode's data directory, which follows XDG on macOS too. Raises NoHomeError."""
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else expand("~/.local/share")) / "opencode"
