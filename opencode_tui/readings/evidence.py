"""Reads the evidence on a crossing from the ledger."""

from __future__ import annotations

import sqlite3

from msgspec.structs import replace

from opencode_tui.analysis.thresholds import crossed_at
from opencode_tui.analysis.trees import roots
from opencode_tui.clock import EVER, HOUR_MS, Calendar
from opencode_tui.config.settings import Settings
from opencode_tui.ledger import alert_queries
from opencode_tui.readings.naming import session_titles
from opencode_tui.records.alerts import Crossing
from opencode_tui.records.evidence import Evidence, SessionEvidence, Share
from opencode_tui.records.facts import CallScope

_LEADING = 5


def dated(connection: sqlite3.Connection, crossing: Crossing, scope: CallScope) -> Crossing:
    """The crossing of a sum with the time of the call at which the sum reached the line."""
    at_ms = crossed_at(alert_queries.costs_in(connection, scope), crossing.line)
    return crossing if at_ms is None else replace(crossing, at_ms=at_ms)


def evidence_of(
    connection: sqlite3.Connection, crossing: Crossing, scope: CallScope, calendar: Calendar, settings: Settings
) -> Evidence:
    """The shares of all sessions in the scope, and the calls and tool uses of the few most expensive."""
    since_ms = max(crossing.at_ms - HOUR_MS, EVER.start_ms)
    rows = alert_queries.shares(connection, scope, since_ms)
    known = alert_queries.ancestry(connection, (row[0] for row in rows))
    titles = session_titles(connection, {*known, *(row[0] for row in rows)}, calendar)
    root_of = roots([row[0] for row in rows], {id: parent for id, (parent, _) in known.items()})
    if scope.sessions is not None:  # a subagent that is measured on its own is its own root
        root_of = {id: root if root in scope.sessions else scope.sessions[0] for id, root in root_of.items()}
    shares: dict[str, Share] = {}
    for id, nano, hour_nano, calls in rows:
        root = root_of[id]
        had = shares.get(root) or Share(root, titles[root])
        is_below = id != root
        shares[root] = Share(
            root,
            had.title,
            had.nano + nano,
            had.hour_nano + hour_nano,
            had.calls + calls,
            had.subagents + is_below,
            had.subagents_nano + nano * is_below,
            had.subagents_hour_nano + hour_nano * is_below,
        )
    leading = []
    for id, *_ in rows[:_LEADING]:
        calls_of = alert_queries.calls_in(connection, scope, id)
        tools = alert_queries.tools_of(connection, calls_of)
        leading.append(SessionEvidence(id, titles[id], tuple(calls_of), tuple(tools)))
    ordered = sorted(shares.values(), key=lambda share: (-share.nano, -share.calls, share.id))
    return Evidence(since_ms, tuple(ordered), tuple(leading), settings.insights.options)
