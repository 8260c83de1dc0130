"""Ledgers as earlier versions of the program left them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from opencode_tui.ledger.schema import SCRIPTS


def old_ledger(file: Path, version: int) -> sqlite3.Connection:
    """A new ledger of an earlier schema, with a store and a machine, as that version would have made it."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT)"
    )
    for name, script in list(SCRIPTS.items())[:version]:
        connection.executescript(script)
        connection.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('opencode_tui', ?)", (name,))
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("INSERT INTO machine (name) VALUES ('laptop')")
    connection.execute("INSERT INTO store (key) VALUES ('a store')")
    return connection


def old_call(
    connection: sqlite3.Connection,
    id: str,
    at_ms: int,
    nano: int = 0,
    *,
    session: str = "ses_1",
    agent: str = "build",
    finish: str | None = "stop",
    error: str | None = None,
) -> None:
    """A completed call, a turn of its own."""
    values: dict[str, object] = {
        "id": id,
        "session_id": session,
        "turn_id": id,
        "agent": agent,
        "finish": finish,
        "error": error,
    }
    values |= {"provider": "opencode", "model": "kimi-k2.6", "directory": "/home/dev/shop", "basis": "recorded"}
    values |= dict.fromkeys(("output", "reasoning", "cache_read", "cache_write", "copied"), 0)
    values |= dict.fromkeys(("machine_id", "store_id"), 1) | dict.fromkeys(("recorded_nano", "amount_nano"), nano)
    insert(connection, "call", values | {"created_ms": at_ms, "completed_ms": at_ms + 500, "input": 1000})


def insert(connection: sqlite3.Connection, table: str, values: Mapping[str, object]) -> None:
    """One row by the names of its columns."""
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
