"""The platform's paths: our settings, our ledger, and OpenCode's data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

APP = "opencode-tui"
VARIABLE_PREFIX = "OPENCODE_TUI_"
CONFIG_VARIABLE = VARIABLE_PREFIX + "CONFIG_FILE"
"""The environment variable that names another config.toml."""
OPENCODES_VARIABLE = VARIABLE_PREFIX + "CONFIG"
"""OpenCode's own variable for the settings of its TUI: despite its name not one of ours."""
WEBHOOK_VARIABLE = VARIABLE_PREFIX + "WEBHOOK_URL"
"""The environment variable that holds the webhook's address, which is a secret and therefore not a setting."""

COOKIE_VARIABLE = VARIABLE_PREFIX + "CONSOLE_COOKIE"
"""The environment variable that holds the cookie of OpenCode's console, which is a secret as well."""


class NoHomeError(ValueError):
    """No home directory is known, as for a container user without a passwd entry. The message is one sentence."""


def expand(path: str | Path) -> Path:
    """Expand `~` or `~name` to the home directory. Raises NoHomeError."""
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise NoHomeError(f"no home directory is known for {str(path)!r}; write the whole path") from error


def home() -> Path:
    """The home directory, or os.devnull, under which no file can exist, if there is none."""
    try:
        return Path.home()
    except RuntimeError:
        return Path(os.devnull)


def is_folder(path: str | Path) -> bool:
    """Whether a folder is there; somebody's text that can be no path is none."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # such as a name that is too long
        return False


def stat_key(file: Path) -> tuple[int, ...] | None:
    """Values that differ if a file was written again; None if it is not there. Costs microseconds."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def tilde(path: Path) -> str:
    """The path with `~` for the user's home directory, for display."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def last_part(path: str) -> str:
    """The last part of a path with slashes or backslashes; other text unchanged."""
    return path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or path


def path_list(text: str) -> tuple[Path, ...]:
    """Parse paths from a JSON list or from text separated by `os.pathsep` (`:`, on Windows `;`), with `~` expanded.

    Raises ValueError for text that starts with `[` and is not a JSON list of paths.
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
    """The path of config.toml: OPENCODE_TUI_CONFIG_FILE, else the platform's configuration directory."""
    named = environ.get(CONFIG_VARIABLE)
    if named:
        return expand(named)
    import platformdirs

    place = _of_home(platformdirs.user_config_path)
    return (Path(os.devnull) if place is None else place) / "config.toml"


def ledger_file() -> Path:
    """The default path of the ledger, in the platform's data directory. Raises NoHomeError."""
    import platformdirs

    place = _of_home(platformdirs.user_data_path)
    if place is None:
        raise NoHomeError("no home directory is known for the ledger; name its file with --ledger")
    return place / "ledger.db"


def list_prices_file(name: str, environ: Mapping[str, str]) -> Path | None:
    """A file of list prices in our data directory; None if no home directory is known."""
    if base := environ.get("XDG_DATA_HOME"):
        return Path(base) / APP / name
    import platformdirs

    place = _of_home(platformdirs.user_data_path)
    return None if place is None else place / name


def _of_home(platforms: Callable[..., Path]) -> Path | None:
    """One of our platform directories, or None if it would be in a home directory that is not known."""
    try:
        place = platforms(APP, appauthor=False)
    except RuntimeError:
        return None
    return None if str(place).startswith("~") else place


def opencode_data_dirs(configured: Sequence[Path], environ: Mapping[str, str]) -> tuple[Path, ...]:
    """OpenCode's data directories: those of the settings, else its own. Raises NoHomeError."""
    return tuple(configured) or (opencode_data_dir(environ),)


def opencode_data_dir(environ: Mapping[str, str]) -> Path:
    """OpenCode's data directory (XDG, on macOS too). Raises NoHomeError."""
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else expand("~/.local/share")) / "opencode"
