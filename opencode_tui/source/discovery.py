"""Where OpenCode's stores are: every one that exists is read, and a call that stands in several counts once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from opencode_tui.source.batch import Store, StoreTrouble
from opencode_tui.source.files import FilesStore
from opencode_tui.source.sqlite_file import SqliteFile, columns
from opencode_tui.source.sqlite_v1 import SqliteV1
from opencode_tui.source.sqlite_v2 import SqliteV2


def database_files(data_dirs: Iterable[Path], environ: Mapping[str, str], *, everywhere: bool) -> list[Path]:
    """`opencode.db`, the channels' `opencode-*.db`, and what `OPENCODE_DB` names.

    A relative `OPENCODE_DB` is relative to the data directory; an absolute one counts only where the person
    did not name the data directories (`everywhere`).
    """
    named = environ.get("OPENCODE_DB", "")
    found: list[Path] = []
    for directory in data_dirs:
        found += [directory / "opencode.db", *sorted(directory.glob("opencode-*.db"))]
        if named and named != ":memory:" and not Path(named).is_absolute():
            found.append(directory / named)
    if everywhere and named and Path(named).is_absolute():
        found.append(Path(named))
    unique = {path.resolve(): path for path in found if path.is_file()}
    return list(unique)


def generations(path: Path) -> list[Store]:
    """The stores in a database file: v1, v2, or both after an upgrade. Raises StoreTrouble."""
    file = SqliteFile(path)
    try:
        with file.reading() as connection:
            v1 = {"id", "session_id", "data"} <= columns(connection, "message") and "id" in columns(
                connection, "session"
            )
            # 1.18 has a `session_message` of its own, which belongs to `session` and costs nothing.
            v2 = {"id", "session_id", "type", "seq", "data"} <= columns(
                connection, "session_message"
            ) and "id" in columns(connection, "session_v2")
    except sqlite3.Error as error:  # pragma: no cover - reading() turns these into StoreTrouble
        raise StoreTrouble("broken", f"{path} cannot be read ({error})") from error
    finally:
        file.close()
    stores: list[Store] = []
    if v2:
        stores.append(SqliteV2(SqliteFile(path)))
    if v1:
        stores.append(SqliteV1(SqliteFile(path)))
    return stores


def file_stores(data_dirs: Iterable[Path]) -> list[Store]:
    """The JSON files of before OpenCode 1.2."""
    unique = {directory.resolve() / "storage" for directory in data_dirs}
    return [FilesStore(storage) for storage in sorted(unique) if (storage / "message").is_dir()]
