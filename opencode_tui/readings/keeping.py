"""Reads ahead what takes long to read for the first time, so that it is there once somebody asks for it."""

from __future__ import annotations

from opencode_tui.ledger.queries import count_sessions
from opencode_tui.ledger.session_changes import MOST_CHANGES, last_change
from opencode_tui.readings.context import Context
from opencode_tui.readings.kept import KeptSessions, KeptTrees
from opencode_tui.readings.kept_breakdown import all_sessions, kept_sessions
from opencode_tui.readings.kept_trees import kept_rows
from opencode_tui.readings.periods import days, span_of
from opencode_tui.readings.subagent_roots import roots_of_subagents
from opencode_tui.records.requests import SessionsRequest

MANY = 2_000
"""Fewer sessions than this are read in no time."""
_PERIODS = ("all", "year")


def keep_ahead(context: Context) -> bool:
    """Reads one of the long lists of sessions if it is far behind; returns whether it did."""
    kept, connection = context.kept, context.connection
    if kept is None or count_sessions(connection) < MANY:
        return False
    for period in _PERIODS:
        request, span = SessionsRequest.first(period), span_of(*days(period, None, None, context), context)
        behind = _is_far_behind(kept.trees.get((span, request.parts)), context)
        if behind and kept_rows(request, span, context) is not None:
            return True
        if _is_far_behind(kept.sessions.get((span, False)), context):
            root_of = roots_of_subagents(connection)
            if kept_sessions(all_sessions(span), context, root_of, details=False) is not None:
                return True
    return False


def _is_far_behind(kept: KeptTrees | KeptSessions | None, context: Context) -> bool:
    return kept is None or not 0 <= last_change(context.connection) - kept.number <= MOST_CHANGES // 2
