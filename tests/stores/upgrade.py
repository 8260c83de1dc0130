"""OpenCode 2 laid over the file of an OpenCode 1, whose sessions, messages and parts it leaves as they are."""

from __future__ import annotations

from tests.stores.database import Database

NEW_COLUMNS = (
    ("project", "icon_url_override", "text"),
    ("project", "time_active", "integer DEFAULT 0 NOT NULL"),
    ("event", "created", "integer DEFAULT 0 NOT NULL"),
)


def lay_v2_over_v1(database: Database, at: int) -> None:
    """Add the tables of v2; the `session_message` of 1.18, which holds no cost, makes room for that of v2.

    The events of 1.x are deleted, and with them what had been undone.
    """
    database.run("DROP TABLE IF EXISTS session_message")
    for table, column, kind in NEW_COLUMNS:
        there = database.columns(table)
        if there and column not in there:
            database.run(f"ALTER TABLE {table} ADD {column} {kind}")
    database.create("v2.sql")
    database.run("DELETE FROM event")
    database.run("DELETE FROM event_sequence")
    imported = ("migration.v1-v2", '{"phase":"completed"}', at, at)
    database.run("INSERT INTO kv (key, value, time_created, time_updated) VALUES (?, ?, ?, ?)", *imported)
