"""In which environments sessions ran, as the guard has noted it beside the ledger: OpenCode records none."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

_NAME = "guard-environments.tsv"
_MOST = 4 << 20


def environments_beside(ledger: Path) -> Path:
    """The path of the notes: lines of a session's id and its environment, the newest last."""
    return ledger.with_name(_NAME)


def file_behind(connection: sqlite3.Connection) -> Path | None:
    """The ledger's file, whose name may be no UTF-8; None for one in memory."""
    row = connection.execute("SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'").fetchone()
    return Path(os.fsdecode(row[0])) if row and row[0] else None


def environments_of(connection: sqlite3.Connection) -> dict[str, str]:
    """The environment by session; empty where nothing was noted or the notes cannot be read."""
    ledger = file_behind(connection)
    if ledger is None:
        return {}
    file = environments_beside(ledger)
    try:
        if not file.is_file() or file.stat().st_size > _MOST:
            return {}
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return {id: name for id, tab, name in (line.partition("\t") for line in lines) if tab and name}
