"""Tells which rows of OpenCode 2 its upgrade imported from OpenCode 1."""

from __future__ import annotations

import sqlite3

from opencode_tui.source.sqlite_file import columns

_IN_V1 = "EXISTS (SELECT 1 FROM message o WHERE o.id = m.id)"
_SESSION_LEFT_V1 = (
    "(s.version LIKE '1.%' AND m.id NOT GLOB '*_*_[0-9]*' AND NOT EXISTS (SELECT 1 FROM session o WHERE o.id = s.id))"
)
"""A fork that OpenCode 2 made of such a session has its version, but ids that end in a number."""


def imported_from_v1(connection: sqlite3.Connection) -> str:
    """The SQL that tells whether a row `m` of a session `s` of OpenCode 2 was imported from OpenCode 1's tables.

    An OpenCode 1 that was used again may have deleted the whole session from them since.
    """
    if not columns(connection, "message"):
        return "0"
    has_sessions = "id" in columns(connection, "session") and "version" in columns(connection, "session_v2")
    return f"({_IN_V1} OR {_SESSION_LEFT_V1})" if has_sessions else _IN_V1
