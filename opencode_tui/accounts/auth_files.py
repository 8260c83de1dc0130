"""Reads `auth.json`, in which OpenCode 1 keeps its sign-ins, from its data directories."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from opencode_tui import paths
from opencode_tui.records.privacy.harmless import one_line

AUTH_FILE = "auth.json"
_MOST_BYTES = 1 << 20


class AuthFiles(Struct, frozen=True):
    """What the `auth.json` of OpenCode's data directories say, with the sentences on those that cannot be read."""

    entries: tuple[tuple[Path, dict[str, Any]], ...]
    problems: tuple[str, ...]

    def __repr__(self) -> str:  # without the entries, which have the keys
        return f"AuthFiles({len(self.entries)} read)"


def auth_files(directories: Sequence[Path]) -> AuthFiles:
    """Reads the `auth.json` of each directory. That there is none is no trouble; one that is broken is a sentence."""
    entries: list[tuple[Path, dict[str, Any]]] = []
    problems: list[str] = []
    for file in (directory / AUTH_FILE for directory in directories):
        try:
            found = _content(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = (error.strerror or "no reason was given").lower()
            problems.append(f"{_shown(file)} cannot be read ({reason}); see to its rights")
        except (ValueError, RecursionError):
            # Raised away here: a decoder's error holds the text, which has the keys.
            problems.append(f"{_shown(file)} is not the JSON that OpenCode writes; sign in again with `opencode auth`")
        else:
            entries.append((file, found))
            if os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                problems.append(f"{_shown(file)} has keys and can be read by others; run chmod 600 on it")
    return AuthFiles(tuple(entries), tuple(problems))


def _content(file: Path) -> dict[str, Any]:
    """The file's providers. Raises OSError, and ValueError for anything else than a JSON object of a sane size."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise ValueError
    with file.open("rb") as opened:
        data = opened.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError
    content = json.loads(data)
    if not isinstance(content, dict):
        raise ValueError
    return content


def _shown(file: Path) -> str:
    return one_line(paths.tilde(file))
