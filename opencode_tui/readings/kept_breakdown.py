"""Keeps the measures of a span's sessions, and reads only those again of sessions that changed."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from opencode_tui.clock import Span
from opencode_tui.ledger.breakdown_queries import breakdown
from opencode_tui.ledger.changed_work import is_behind
from opencode_tui.ledger.selection import NamedSpan, Selection
from opencode_tui.ledger.session_changes import changed_since, last_change
from opencode_tui.ledger.session_queries import whole_trees
from opencode_tui.ledger.sums import each_call, paid_calls
from opencode_tui.readings.context import Context
from opencode_tui.readings.kept import KeptSessions
from opencode_tui.records.breakdown import BreakdownRow
from opencode_tui.records.requests import Filter


def all_sessions(span: Span) -> Selection:
    """All sessions of a span, which are what is kept."""
    return Selection((NamedSpan((), span),), ("session",))


def is_kept(selection: Selection) -> bool:
    """Whether a selection is that of all sessions of one span."""
    return len(selection.spans) == 1 and selection == all_sessions(selection.spans[0].span)


def kept_sessions(
    selection: Selection, context: Context, root_of: Mapping[str, str], *, details: bool
) -> list[BreakdownRow] | None:
    """What `breakdown` returns for such a selection, in no order; None where that is to be asked.

    It is where nothing is kept, and as long as sums are not complete or turns not classified.
    """
    kept, connection, span = context.kept, context.connection, selection.spans[0].span
    if kept is None or paid_calls(connection, span) == each_call():
        return None
    if details and is_behind(connection, "turns", span):
        return None
    sessions = kept.sessions.get((span, details))
    changed = None if sessions is None else changed_since(connection, sessions.number)
    if sessions is None or changed is None:
        rows = breakdown(connection, selection, root_of=root_of, details=details)
        sessions = KeptSessions(0, {row.keys[0]: row for row in rows})
    elif changed:
        # Who is a subagent can change for a whole tree, if its parents form a cycle.
        changed = frozenset(whole_trees(connection, changed))
        only = replace(selection, where=(Filter("session", tuple(sorted(changed))),))
        rows = breakdown(connection, only, root_of=root_of, details=details)
        for id in changed:
            sessions.rows.pop(id, None)
        sessions.rows |= {row.keys[0]: row for row in rows}
    sessions.number = last_change(connection)
    kept.sessions.keep((span, details), sessions)
    return list(sessions.rows.values())
