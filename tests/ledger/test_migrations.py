"""A ledger that is created at once is the one that all migrations make, and takes no library."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.migrations import apply_migrations
from opencode_tui.ledger.schema import LATEST
from opencode_tui.ledger.session_work_queries import calls_of_sessions
from tests.support.old_ledgers import insert, old_call, old_ledger

MASTER = "SELECT rowid, type, name, tbl_name, rootpage, sql FROM sqlite_master ORDER BY rowid"
SIZES = ("user_version", "schema_version", "page_size", "page_count", "freelist_count", "auto_vacuum", "encoding")


def contents(connection: sqlite3.Connection) -> dict[str, Any]:
    """The schema to the byte and to the page, and all rows but the moments at which migrations ran."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    rows["_sqlite_migrations"] = [row[:-1] for row in rows["_sqlite_migrations"]]
    sizes = {size: connection.execute(f"PRAGMA {size}").fetchall() for size in SIZES}
    return {"master": connection.execute(MASTER).fetchall(), "rows": rows, "sizes": sizes}


def test_a_new_ledger_is_what_all_migrations_make_of_an_empty_file(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger.db")) as ledger:
        created = contents(ledger.connection)
    with closing(sqlite3.connect(tmp_path / "migrated.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        apply_migrations(connection)
        connection.execute(f"PRAGMA user_version = {LATEST}")
        connection.execute("COMMIT")
        assert created == contents(connection)
    assert len(created["rows"]["_sqlite_migrations"]) == LATEST


def test_migrations_find_nothing_left_to_do_in_a_new_ledger(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger.db")) as ledger:
        created = contents(ledger.connection)
        ledger.connection.execute("PRAGMA user_version = 0")
    with closing(Ledger(tmp_path / "ledger.db")) as ledger:
        assert contents(ledger.connection) == created


def test_only_a_ledger_with_tables_takes_the_library_of_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "sqlite_utils"]:
        monkeypatch.delitem(sys.modules, name)
    Ledger(tmp_path / "ledger.db").close()
    assert "sqlite_utils" not in sys.modules
    old_ledger(tmp_path / "old.db", 3).close()
    Ledger(tmp_path / "old.db").close()
    assert "sqlite_utils" in sys.modules


def test_uses_of_an_older_ledger_are_read_as_before(tmp_path: Path) -> None:
    with closing(old_ledger(tmp_path / "old.db", 18)) as connection:
        old_call(connection, "msg_1", 1_000)
        use = {"id": "prt_1", "call_id": "msg_1", "session_id": "ses_1", "name": "bash", "target": "cat", "ok": 1}
        insert(connection, "tool", use)
    with closing(Ledger(tmp_path / "old.db")) as ledger:
        (session,) = calls_of_sessions(ledger.connection, ["ses_1"])
    ((_, (used,)),) = session.turns.values()
    assert (used.target, used.ok, used.files) == ("cat", True, ())
