"""Keeps the measures of all sessions, and reads only those again of sessions that changed."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from opencode_tui.clock import EVER
from opencode_tui.ledger.breakdown_queries import breakdown
from opencode_tui.ledger.changed_work import is_behind
from opencode_tui.ledger.selection import NamedSpan, Selection
from opencode_tui.ledger.session_changes import changed_since, last_change
from opencode_tui.ledger.sums import is_unsummed
from opencode_tui.readings.context import Context
from opencode_tui.readings.kept import KeptSessions
from opencode_tui.records.breakdown import BreakdownRow
from opencode_tui.records.requests import Filter

ALL_SESSIONS = Selection((NamedSpan((), EVER),), ("session",))


def kept_sessions(context: Context, root_of: Mapping[str, str], *, details: bool) -> list[BreakdownRow] | None:
    """What `breakdown` returns for ALL_SESSIONS, in no order; None where that is to be asked.

    It is where nothing is kept, and as long as sums are not complete or turns not classified.
    """
    kept, connection = context.kept, context.connection
    if kept is None or is_unsummed(connection) or (details and is_behind(connection, "turns")):
        return None
    sessions = kept.sessions.get(details)
    changed = None if sessions is None else changed_since(connection, sessions.number)
    if sessions is None or changed is None:
        rows = breakdown(connection, ALL_SESSIONS, root_of=root_of, details=details)
        sessions = kept.sessions[details] = KeptSessions(0, {row.keys[0]: row for row in rows})
    elif changed:
        for id in changed:
            sessions.rows.pop(id, None)
        only = replace(ALL_SESSIONS, where=(Filter("session", tuple(sorted(changed))),))
        for row in breakdown(connection, only, root_of=root_of, details=details):
            sessions.rows[row.keys[0]] = row
    sessions.number = last_change(connection)
    return list(sessions.rows.values())
