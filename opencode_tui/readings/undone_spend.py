"""Reads what was spent on calls that OpenCode no longer has, by asking its store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from msgspec.structs import replace

from opencode_tui.clock import Span
from opencode_tui.ledger.session_queries import session_calls
from opencode_tui.readings.context import LiveStore
from opencode_tui.readings.session import is_undone
from opencode_tui.records.work import SessionShare

_MOST = 200
"""The sessions that are asked for: the costliest, so that a long period takes no longer."""


def with_undone(
    connection: sqlite3.Connection, shares: Iterable[SessionShare], span: Span, live: LiveStore | None
) -> tuple[SessionShare, ...]:
    """The shares with their undone calls in the span, as far as the store tells; unchanged without a store.

    The shares come with the undone calls that the ledger knows of by itself. A session that the store no longer has
    was deleted, which is not undone.
    """
    return tuple(
        _with_undone(connection, share, span, live) if live and place < _MOST else share
        for place, share in enumerate(shares)
    )


def _with_undone(connection: sqlite3.Connection, share: SessionShare, span: Span, live: LiveStore) -> SessionShare:
    ids = live.message_ids(share.id)
    if ids is None:
        return share
    undone = [
        call
        for call in session_calls(connection, share.id)
        if not call.copied and call.created_ms in span and is_undone(call.id, call.agent, ids)
    ]
    nano = sum(call.cost_nano for call in undone)
    return replace(
        share,
        undone_nano=max(nano, share.undone_nano),
        undone_calls=max(len(undone), share.undone_calls),
        undone_ids=frozenset(call.id for call in undone),
    )
