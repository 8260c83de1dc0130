"""Asks OpenCode's store what it no longer has, of the sessions that it wrote again, and keeps that in the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.known_undone import UndoneCall, calls_to_ask_for, keep_undone
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings.context import LiveStore
from opencode_tui.readings.session import is_undone
from opencode_tui.records.calls import message_id

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
        there = {id: messages for id in ids if live and (messages := live.shown_ids(id)) is not None}
        with ledger.writing() as connection:
            undone: dict[str, list[str]] = {}
            for id, session_id, agent in calls_to_ask_for(connection, list(there)):
                if is_undone(id, agent, there[session_id]):
                    undone.setdefault(session_id, []).append(id)
            keep_undone(connection, ids, list(there), _with_rows(undone, live))


def _with_rows(undone: Mapping[str, Sequence[str]], live: LiveStore | None) -> Iterator[UndoneCall]:
    """The undone calls of each session, and whether they still have their row."""
    for session_id, ids in undone.items():
        rows = (live and live.message_ids(session_id)) or frozenset()
        yield from (UndoneCall(id, message_id(id) in rows) for id in ids)
