"""Reads the sign-ins that OpenCode 2 keeps in its database, in the table `credential`.

Seen on 2.0.15: where it upgrades a database of OpenCode 1 it copies those of `auth.json` there, and leaves that file as
it is. `value` is JSON such as `{"type": "key", "key": "…"}` or `{"type": "oauth", "refresh": "…", "expires": …}`. The
database is opened read-only, and never changed.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from msgspec import Struct

DATABASE = "opencode.db"
_VARIABLE = "OPENCODE_DB"
"""Where OpenCode itself reads the place of another database: absolute, or relative to the data directory."""
_BUSY_S = 0.2
_MOST = 500
_STORED = """
  SELECT integration_id, substr(value, 1, 65536), time_updated FROM credential
  WHERE typeof(integration_id) = 'text' AND typeof(value) = 'text' AND typeof(time_updated) = 'integer'
  ORDER BY coalesce(active, 0) DESC, time_updated DESC LIMIT ?
"""


class StoredEntry(Struct, frozen=True):
    """One sign-in, in the form of `auth.json`."""

    provider: str
    entry: dict[str, Any]
    updated_ms: int

    def __repr__(self) -> str:  # without the entry, which has the key
        return f"StoredEntry({self.provider!r})"


def stored_entries(directories: Sequence[Path], environ: Mapping[str, str]) -> Iterator[StoredEntry]:
    """The sign-ins of the databases in OpenCode's data directories, the active and newest first.

    A database that cannot be read has none: the sync tells what is wrong with it.
    """
    for file in dict.fromkeys(each for directory in directories for each in _databases(directory, environ)):
        for provider, value, updated_ms in _rows(file):
            with suppress(ValueError, RecursionError):
                entry = json.loads(value)
                if isinstance(entry, dict):
                    yield StoredEntry(provider, entry, updated_ms)


def _databases(directory: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    named = environ.get(_VARIABLE)
    if named and named != ":memory:":
        yield directory / named
    yield directory / DATABASE


def _rows(file: Path) -> list[tuple[str, str, int]]:
    if not file.is_file():
        return []
    address = f"file:{quote(os.fsencode(file.absolute()))}?mode=ro"
    with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True, timeout=_BUSY_S)) as connection:
        return connection.execute(_STORED, (_MOST,)).fetchall()
    return []
