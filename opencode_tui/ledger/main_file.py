"""The file of a connection, whose name need not be UTF-8."""

from __future__ import annotations

import os
import sqlite3

_NAME = "SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'"


def main_file(connection: sqlite3.Connection) -> str:
    """The path of its main database; empty for one in memory."""
    (name,) = connection.execute(_NAME).fetchone()
    return os.fsdecode(name or b"")
