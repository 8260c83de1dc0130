"""What tells the whole path of a file that a tool was given: a relative one is in the directory of its session."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from opencode_tui.paths import in_folder

DIRECTORY = "coalesce(nullif(k.directory, ''), k.project, '')"
"""The directory of a session, whose row is called `k`."""
_FOLDER = f"rtrim({DIRECTORY}, '/\\')"
FILE = f"""
  CASE WHEN {_FOLDER} = '' OR substr(t.target, 1, 1) IN ('/', '\\') OR substr(t.target, 2, 2) IN (':/', ':\\')
    THEN t.target
  ELSE {_FOLDER} || '/' || CASE WHEN t.target LIKE './%' THEN substr(t.target, 3) ELSE t.target END END
"""
"""The whole path of the file of a tool `t`, as `paths.in_folder` makes it."""
_DIRECTORIES = f"""
  SELECT k.id, {DIRECTORY} FROM session k WHERE k.id IN (SELECT value FROM json_each(?))
"""


def files_text(files: Sequence[str]) -> str | None:
    """The files of a command as the ledger has them, a line each; None for none."""
    return "\n".join(files) or None


def files_of_command(text: str, directory: str) -> tuple[str, ...]:
    """The same with whole paths, by the directory of the session."""
    return tuple([in_folder(file, directory) for file in text.split("\n")])


def directory_by_session(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """The directories of the sessions that the ledger has a row of, by id."""
    return dict(connection.execute(_DIRECTORIES, (json.dumps(list(ids)),)).fetchall())
