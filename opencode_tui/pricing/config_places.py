"""Which of OpenCode's configuration files count for a session's directory, in OpenCode's order: a later one wins.

As seen in 1.18.34: the global files, `OPENCODE_CONFIG`, the project's `opencode.json(c)` from the worktree down to
the directory, those in `.opencode` directories from the directory up to the worktree and in the home directory,
`OPENCODE_CONFIG_DIR`, `OPENCODE_CONFIG_CONTENT`, and last what the system's administrator set.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from opencode_tui.pricing.files import xdg

NAMES = ("opencode.json", "opencode.jsonc")
INLINE = Path("OPENCODE_CONFIG_CONTENT")
"""Stands in the order for the variable of this name, which holds a configuration itself."""
_MANAGED = {"darwin": "/Library/Application Support/opencode"}
_TRUE = ("true", "1")


class ConfigPlaces:
    """The places that the environment sets; those of a directory are asked for one directory at a time."""

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
        """The files that OpenCode looks for when it is started in a directory; "" is where it is not known.

        Relative settings are relative to that directory, as it is OpenCode's own while it runs there.
        """
        start = working_directory(directory)
        found = [self._base / name for name in ("config.json", *NAMES)]
        if self._file:
            found.append(start / self._file)
        folders = _upward(start, exists) if self._projects and Path(directory).is_absolute() else []
        for folder in reversed(folders):
            found += _both(folder)
        extra = start / self._folder if self._folder else None
        dotted = [folder / ".opencode" for folder in folders]
        for folder in dict.fromkeys([self._base, *dotted, self._home, *([extra] if extra else [])]):
            if folder == extra or folder.name.endswith(".opencode"):
                found += _both(folder)
        if self._inline:
            found.append(INLINE)
        return found + _both(self._managed)


def working_directory(directory: str) -> Path:
    """The directory itself, or the process's own where it is not known."""
    path = Path(directory)
    try:
        return path if path.is_absolute() else Path.cwd()
    except OSError:
        return Path("/")


def _both(folder: Path) -> list[Path]:
    return [folder / name for name in NAMES]


def _upward(directory: Path, exists: Callable[[Path], bool]) -> list[Path]:
    """The directory and those above it, up to the repository's top, or to the root where there is none."""
    folders = []
    for folder in (directory, *directory.parents):
        folders.append(folder)
        if exists(folder / ".git"):
            break
    return folders
