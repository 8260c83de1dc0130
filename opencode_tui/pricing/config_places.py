"""Finds the configuration files that OpenCode uses for a session's directory, in its order: a later one wins.

As observed in 1.18.34: the global files, `OPENCODE_CONFIG`, the project's `opencode.json(c)` from the worktree down to
the directory, those in `.opencode` directories from the directory up to the worktree and in the home directory,
`OPENCODE_CONFIG_DIR`, `OPENCODE_CONFIG_CONTENT`, and last the files of the system's administrator.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from opencode_tui.pricing.files import xdg

NAMES = ("opencode.json", "opencode.jsonc")
INLINE = Path("OPENCODE_CONFIG_CONTENT")
"""A placeholder path for the environment variable of this name, whose value is a configuration."""
_MANAGED = {"darwin": "/Library/Application Support/opencode"}
_TRUE = ("true", "1")


class ConfigPlace(NamedTuple):
    """A file with a configuration, or a folder with Markdown that describes agents."""

    file: Path
    is_folder: bool = False


class ConfigPlaces:
    """The configuration files for a directory, given the environment."""

    def __init__(self, environ: Mapping[str, str], home: Path) -> None:
        self._base = xdg(environ, "XDG_CONFIG_HOME", home / ".config")
        self._home = home / ".opencode"
        self._file = environ.get("OPENCODE_CONFIG") or ""
        self._folder = environ.get("OPENCODE_CONFIG_DIR") or ""
        self._inline = bool(environ.get(str(INLINE)))
        self._projects = environ.get("OPENCODE_DISABLE_PROJECT_CONFIG", "").lower() not in _TRUE
        managed = environ.get("OPENCODE_TEST_MANAGED_CONFIG_DIR") or _MANAGED.get(sys.platform, "/etc/opencode")
        self._managed = Path(managed)

    def of(self, directory: str, exists: Callable[[Path], bool]) -> list[Path]:
        """The files that OpenCode looks for when started in a directory; "" means an unknown one.

        Relative paths in the environment are relative to that directory, which is OpenCode's working directory.
        """
        return [each.file for each in self.with_folders(directory, exists) if not each.is_folder]

    def with_folders(
        self, directory: str, exists: Callable[[Path], bool], *, is_new: bool = False
    ) -> list[ConfigPlace]:
        """The same with the folders, each where the agents that Markdown in it describes come in the order.

        As observed: OpenCode 1 reads those of the global folder after the project's files, OpenCode 2 (`is_new`, on
        2.0.15) before them; both read those of any other folder after its files.
        """
        start = working_directory(directory)
        found = [ConfigPlace(self._base / name) for name in ("config.json", *NAMES)]
        if is_new:
            found.append(ConfigPlace(self._base, is_folder=True))
        if self._file:
            found.append(ConfigPlace(start / self._file))
        folders = _upward(start, exists) if self._projects and Path(directory).is_absolute() else []
        for folder in reversed(folders):
            found += _both(folder)
        extra = start / self._folder if self._folder else None
        dotted = [folder / ".opencode" for folder in folders]
        for folder in dict.fromkeys([self._base, *dotted, self._home, *([extra] if extra else [])]):
            if folder == extra or folder.name.endswith(".opencode"):
                found += _both(folder)
            if folder != self._base or not is_new:
                found.append(ConfigPlace(folder, is_folder=True))
        if self._inline:
            found.append(ConfigPlace(INLINE))
        return found + _both(self._managed)


def working_directory(directory: str) -> Path:
    """The directory itself, or the process's working directory if it is unknown."""
    path = Path(directory)
    try:
        return path if path.is_absolute() else Path.cwd()
    except OSError:
        return Path("/")


def _both(folder: Path) -> list[ConfigPlace]:
    return [ConfigPlace(folder / name) for name in NAMES]


def _upward(directory: Path, exists: Callable[[Path], bool]) -> list[Path]:
    """The directory and its parents, up to the repository's top, or to the root outside a repository."""
    folders = []
    for folder in (directory, *directory.parents):
        folders.append(folder)
        if exists(folder / ".git"):
            break
    return folders
