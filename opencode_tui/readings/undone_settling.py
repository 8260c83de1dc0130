"""Asks OpenCode's store what it no longer has, of the sessions that it wrote again, and keeps that in the ledger."""

from __future__ import annotations

from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.known_undone import calls_to_ask_for, keep_undone
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.context import LiveStore
from opencode_tui.readings.session import is_undone

_AT_ONCE = 500
"""Sessions that are settled in one transaction."""


def settle_undone(ledger: Ledger, live: LiveStore | None, span: Span = EVER, most: int | None = None) -> None:
    """Finds what was undone in the sessions around a span that changed, at most so many.

    A session that the store does not have was deleted, which is not undone: what is known of it stays. Raises
    sqlite3.OperationalError if the ledger is locked.
    """
    behind = sessions_behind(ledger.connection, "undone", span)[:most] if live else []
    for first in range(0, len(behind), _AT_ONCE):
        ids = behind[first : first + _AT_ONCE]
        there = {id: messages for id in ids if live and (messages := live.message_ids(id)) is not None}
        with ledger.writing() as connection:
            calls = calls_to_ask_for(connection, list(there))
            undone = [id for id, session_id, agent in calls if is_undone(id, agent, there[session_id])]
            keep_undone(connection, ids, list(there), undone)
