"""Finds OpenCode's stores. All of them are read, and a call found in several counts once.

A store is recognised by its file name and its tables. OpenCode itself writes `opencode.db`, `opencode-<channel>.db` (a
channel is any run of letters, digits, dots, underscores and hyphens, such as a branch name), `opencode-next.db` before
2.0 was released, and the file that `OPENCODE_DB` names. Other names, such as `opencode copy.db` or `opencode.db.bak`,
are ignored as private files.

A backup copy can be named like a channel, such as `opencode-backup.db` or `opencode-2026-11-20.db`. The calls in it
were paid for, perhaps in sessions deleted since, so it is read too, but marked as a backup: OpenCode's own stores
describe the sessions, and a broken or missing backup is not reported. Costs do not depend on the name: of a call found
in several stores, the ledger keeps the completed row, else the one furthest along (see `ledger.writing`).
"""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from opencode_tui.source.batch import Store, StoreTrouble
from opencode_tui.source.layouts import layouts
from opencode_tui.source.sqlite_file import SqliteFile, columns
from opencode_tui.source.sqlite_store import SqliteStore, layout_of

_CHANNEL = re.compile(r"opencode-([a-zA-Z0-9._-]+)\.db")
_COPY = re.compile(
    r"(?:^|[._-])(?:backups?|bak|bck|copy|copies|old|orig(?:inal)?|saved?|archived?|before|pre|tmp|temp|safe|restored?)"
    r"(?:$|[._-]|\d)|\d{4}[._-]?\d\d[._-]?\d\d|(?:^|[._-])\d{9,}(?:$|[._-])",
    re.IGNORECASE,
)
_COPY_RANK = -10
_MESSAGES_V2 = "session_message"


def is_copy_name(name: str) -> bool:
    """Returns whether a file named like a channel is a backup copy: by a word, a date or a timestamp in its name."""
    channel = _CHANNEL.fullmatch(name)
    return channel is not None and _COPY.search(channel[1]) is not None


def database_files(data_dirs: Iterable[Path], environ: Mapping[str, str], *, everywhere: bool) -> list[Path]:
    """Finds `opencode.db`, the channels' `opencode-*.db`, and the file that `OPENCODE_DB` names.

    A relative `OPENCODE_DB` is relative to the data directory; an absolute one counts only with `everywhere`, that
    is, if the user did not set the data directories.
    """
    named = environ.get("OPENCODE_DB", "")
    found: list[Path] = []
    for directory in data_dirs:
        found += [directory / "opencode.db", *_channels(directory)]
        if named and named != ":memory:" and not Path(named).is_absolute():
            found.append(directory / named)
    if everywhere and named and Path(named).is_absolute():
        found.append(Path(named))
    unique: dict[Path, Path] = {}
    for path in found:
        if _is_file(path):
            unique.setdefault(resolved_path(path), path)
    return list(unique.values())


def closed_places(data_dirs: Iterable[Path]) -> dict[Path, str]:
    """Data directories that cannot be listed or entered, with the reason."""
    closed = {}
    for directory in data_dirs:
        try:
            with os.scandir(directory):
                (directory / "opencode.db").exists()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            closed[directory] = error.strerror or str(error)
    return closed


def not_files(data_dirs: Iterable[Path]) -> dict[Path, str]:
    """Paths named like a store that are not regular files, with the reason; for example a link to an unmounted disk."""
    found = {}
    for directory in data_dirs:
        for path in (directory / "opencode.db", *_channels(directory)):
            if not is_copy_name(path.name) and not _is_file(path) and os.path.lexists(path):
                found[path] = _why_no_file(path)
    return found


def _why_no_file(path: Path) -> str:
    try:
        return "it is a directory" if stat.S_ISDIR(path.stat().st_mode) else "it is no regular file"
    except OSError as error:
        return error.strerror or str(error)


def _channels(directory: Path) -> list[Path]:
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries if _CHANNEL.fullmatch(entry.name)]
    except OSError:
        return []
    return [directory / name for name in sorted(names, key=lambda name: (is_copy_name(name), name))]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def generations(path: Path) -> list[Store]:
    """The stores in a database file: v1, v2, or both after an upgrade. Raises StoreTrouble."""
    file = SqliteFile(path)
    try:
        with file.reading() as connection:
            layout = layout_of(connection)
            has = {table: columns(connection, table) for table in ("session", "message", "session_v2", _MESSAGES_V2)}
            owners = {row[2] for row in connection.execute(f"PRAGMA foreign_key_list({_MESSAGES_V2})")}
    except sqlite3.Error as error:  # pragma: no cover - reading() turns these into StoreTrouble
        raise StoreTrouble("broken", f"{path} cannot be read ({error})") from error
    finally:
        file.close()
    # A store with a missing or unusual table is included; reading it reports the problem.
    v1 = has["message"] >= {"id", "session_id", "data"} or bool(has["message"] and has["session"])
    v1 = v1 or (has["session"] >= {"id", "project_id", "time_created"} and not has["session_v2"])
    # 1.18 also has a `session_message`, which references `session` and holds no costs.
    v2 = has["session_v2"] or "session_v2" in owners
    found: list[type[SqliteStore]] = []
    if v2:
        from opencode_tui.source.sqlite_v2 import SqliteV2

        found.append(SqliteV2)
    if v1:
        from opencode_tui.source.sqlite_v1 import SqliteV1

        found.append(SqliteV1)
    return [_store(generation, path, layout) for generation in found]


def _store(generation: type[SqliteStore], path: Path, layout: int) -> Store:
    store = generation(SqliteFile(path))
    store.layout = layout
    if is_copy_name(path.name):
        store.rank, store.is_backup = generation.rank + _COPY_RANK, True
    return store


def file_stores(data_dirs: Iterable[Path]) -> list[Store]:
    """The stores of JSON files, which OpenCode wrote before 1.2, in another layout before 1.0."""
    unique = sorted({resolved_path(directory) for directory in data_dirs})
    found = [layout for directory in unique for layout in layouts(directory)]
    if not found:
        return []
    from opencode_tui.source.files import FilesStore

    return [FilesStore(layout) for layout in found]


def resolved_path(path: Path) -> Path:
    """The path with symbolic links resolved, or the absolute path if they cannot be."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def file_stamp(path: Path) -> object:
    """A value that changes when the database is written to. Never raises."""
    found = []
    for place in (path, path.with_name(path.name + "-wal")):
        with suppress(OSError):
            now = place.stat()
            found.append((now.st_ino, now.st_size, now.st_mtime_ns))
    return found
