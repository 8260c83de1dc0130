"""The root of each subagent that the ledger knows."""

from __future__ import annotations

import sqlite3

from opencode_tui.analysis.trees import roots
from opencode_tui.ledger.session_queries import parents


def roots_of_subagents(connection: sqlite3.Connection) -> dict[str, str]:
    """The root of each subagent whose parent is known, by id."""
    above = parents(connection)
    nested = [id for id, parent in above.items() if parent in above]
    known: dict[str, str | None] = {**dict.fromkeys(above.values()), **above}
    found = above | roots(nested, known)
    return {id: root for id, root in found.items() if id != root}
