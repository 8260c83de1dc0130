"""Brings the ledger's file to the current schema. `PRAGMA user_version` is the number of applied migrations.

sqlite-utils applies them to an older ledger. Importing it takes longer than all of `today`, so neither a current ledger
nor a new one needs it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opencode_tui.clock import now_ms
from opencode_tui.ledger.schema import LATEST, SCRIPTS, statements
from opencode_tui.ledger.sums import settle_in_steps

if TYPE_CHECKING:
    from sqlite_utils import Database

_SET = "opencode_tui"
# Word for word what sqlite-utils creates, so that it finds its table in a ledger that was new.
_APPLIED = (
    """CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
)""",
    """CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name")""",
)


def migrate(connection: sqlite3.Connection) -> None:
    """Migrates the ledger to the latest schema; does and imports nothing if it is current."""
    if _version(connection) < LATEST:
        _migrate(connection)
    if connection.execute("SELECT 1 FROM chore").fetchone():
        from opencode_tui.ledger.cleaning import scrub

        scrub(connection)
    settle_in_steps(connection)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # If two processes migrate at once, the lock makes one of them wait and find it done.
    connection.execute("BEGIN IMMEDIATE")
    try:
        if _version(connection) < LATEST:
            if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                apply_migrations(connection)
            else:
                _create(connection)
            connection.execute(f"PRAGMA user_version = {LATEST}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _create(connection: sqlite3.Connection) -> None:
    """Runs all scripts on an empty file: what else migrations do is about rows, and there are none."""
    for statement in _APPLIED:
        connection.execute(statement)
    for script in SCRIPTS.values():
        for statement in statements(script):
            connection.execute(statement)
    now = str(datetime.fromtimestamp(now_ms() / 1000, UTC))
    connection.executemany(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)",
        [(_SET, name, now) for name in SCRIPTS],
    )


def apply_migrations(connection: sqlite3.Connection) -> None:
    """Applies those that the ledger has not noted yet. Must run in a write transaction."""
    from opencode_tui.ledger.cleaning import clean_ledger
    from opencode_tui.ledger.copies import link_paying_copies
    from opencode_tui.ledger.lean_imports import without_pandas

    with without_pandas():
        from sqlite_utils import Database, Migrations

    work_on_rows: dict[str, Callable[[sqlite3.Connection], None]] = {
        # Some copies were counted twice, as they were compared by fields that upgrades rewrite.
        "m004_lower_bounds": link_paying_copies,
        "m005_deliveries_and_known_words": clean_ledger,
    }
    migrations = Migrations(_SET)

    def add(name: str, script: str) -> None:
        @migrations(name=name)
        def apply(db: Database) -> None:
            for statement in statements(script):
                db.execute(statement)
            if name in work_on_rows:
                work_on_rows[name](connection)

    for name, script in SCRIPTS.items():
        add(name, script)
    migrations.apply(Database(connection))
