"""The platform's paths (our settings, our ledger, OpenCode's data), and the modules that lie in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Literal

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

_XDG = {"config": ("XDG_CONFIG_HOME", ".config"), "data": ("XDG_DATA_HOME", ".local/share")}


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


def downloads() -> Path:
    """Where a person looks for saved files: their folder for downloads, else their home, else the current folder."""
    import platformdirs

    for folder in (platformdirs.user_downloads_path(), home()):
        if folder.is_dir():
            return folder
    return Path.cwd()


def is_folder(path: str | Path) -> bool:
    """Whether a folder is there; somebody's text that can be no path is none."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):  # such as a name that is too long
        return False


def is_there(path: Path) -> bool:
    """Whether anything is there, as far as one can see; somebody's text that can be no path is nothing."""
    try:
        return path.exists()
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


def in_folder(path: str, folder: str) -> str:
    """A path as a whole one: a relative path is one in the folder, if that is known. Reads nothing."""
    is_whole = path.startswith(("/", "\\")) or path[1:3] in (":/", ":\\")
    folder = folder.rstrip("/\\")
    return path if is_whole or not folder else f"{folder}/{path.removeprefix('./')}"


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
    place = _platforms("config")
    return (Path(os.devnull) if place is None else place) / "config.toml"


def ledger_file() -> Path:
    """The default path of the ledger, in the platform's data directory. Raises NoHomeError."""
    place = _platforms("data")
    if place is None:
        raise NoHomeError("no home directory is known for the ledger; name its file with --ledger")
    return place / "ledger.db"


def list_prices_file(name: str, environ: Mapping[str, str]) -> Path | None:
    """A file of list prices in our data directory; None if no home directory is known."""
    if base := environ.get("XDG_DATA_HOME"):
        return Path(base) / APP / name
    place = _platforms("data")
    return None if place is None else place / name


def _platforms(kind: Literal["config", "data"]) -> Path | None:
    """One of our platform directories, or None if it would be in a home directory that is not known."""
    # What platformdirs finds, without its import: with tempfile and shutil, a sixteenth of `status`.
    if sys.platform == "linux" and "ANDROID_DATA" not in os.environ:
        variable, below_home = _XDG[kind]
        for base, below in ((os.environ.get(variable, ""), ""), (os.environ.get("HOME", ""), below_home)):
            if base.startswith("/"):
                return Path(base, below, APP)
    import platformdirs

    try:
        place = (platformdirs.user_config_path if kind == "config" else platformdirs.user_data_path)(
            APP, appauthor=False
        )
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


def modules_in(package: str, places: Iterable[str]) -> Iterator[ModuleType]:
    """Import all modules of a package, by name, and return them. `places` is its `__path__`.

    By this, every file of a folder is a rule or a channel, without a list that names them.
    """
    # What pkgutil finds, without its import of inspect, which takes a twentieth of `status`.
    for name in sorted(file.stem for place in places for file in Path(place).glob("[!_]*.py")):
        yield import_module(f"{package}.{name}")
