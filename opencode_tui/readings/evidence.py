"""From the ledger to what it has on a crossing: which calls made it, whose they were, and what the dearest did."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from opencode_tui.analysis.rules import crossed_at, spend_rules
from opencode_tui.analysis.trees import roots
from opencode_tui.clock import HOUR_MS, Calendar, Span
from opencode_tui.config.settings import Settings, SpendRule
from opencode_tui.ledger import alert_queries
from opencode_tui.privacy.harmless import shown_id
from opencode_tui.readings.measures import present
from opencode_tui.records.alerts import EVER, Crossing
from opencode_tui.records.evidence import Evidence, SessionEvidence, Share
from opencode_tui.records.facts import CallScope

_LEADING = 5
_ALWAYS = Span(0, 1 << 62)


def scope_of(
    connection: sqlite3.Connection, crossing: Crossing, settings: Settings, now_ms: int, calendar: Calendar
) -> CallScope:
    """The calls that a crossing is about."""
    subject = crossing.subject
    if crossing.kind == "rate":
        return CallScope(Span(crossing.at_ms - HOUR_MS + 1, now_ms + 1))
    if crossing.kind in ("loop", "edits") and crossing.session_id:
        return CallScope(present("day", now_ms, calendar), (crossing.session_id,))
    if crossing.kind in ("context", "depth"):
        return CallScope(_ALWAYS, (subject,))
    if crossing.period == EVER:
        return CallScope(_ALWAYS, tuple(alert_queries.trees(connection, [subject])))
    rule = spend_rules(settings).get(crossing.rule) or SpendRule()  # the steps are of the day
    span = present(rule.period, now_ms, calendar)
    if rule.scope == "session":
        return CallScope(span, tuple(alert_queries.trees(connection, [subject])))
    return CallScope(span) if rule.scope == "all" else CallScope(span, by=rule.scope, key=subject)


def dated(connection: sqlite3.Connection, crossing: Crossing, scope: CallScope) -> Crossing:
    """The crossing at the call that carried the sum over the line, where it is about a sum."""
    if crossing.kind != "spend" and crossing.rule != "every_usd":
        return crossing
    at_ms = crossed_at(alert_queries.costs_in(connection, scope), crossing.line)
    return crossing if at_ms is None else replace(crossing, at_ms=at_ms)


def evidence_of(connection: sqlite3.Connection, crossing: Crossing, scope: CallScope) -> Evidence:
    """The shares of all sessions in the scope, and of the dearest few what they did."""
    since_ms = crossing.at_ms - HOUR_MS
    rows = alert_queries.shares(connection, scope, since_ms)
    known = alert_queries.ancestry(connection, (row[0] for row in rows))
    titles = {id: title or shown_id(id) for id, (_, title) in known.items()}
    root_of = roots([row[0] for row in rows], {id: parent for id, (parent, _) in known.items()})
    if scope.sessions is not None:  # a subagent on its own stands for itself
        root_of = {id: root if root in scope.sessions else scope.sessions[0] for id, root in root_of.items()}
    shares: dict[str, Share] = {}
    for id, nano, hour_nano, calls in rows:
        root = root_of[id]
        had = shares.get(root) or Share(root, titles.get(root) or shown_id(root))
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
        leading.append(SessionEvidence(id, titles.get(id) or shown_id(id), tuple(calls_of), tuple(tools)))
    ordered = sorted(shares.values(), key=lambda share: (-share.nano, -share.calls, share.id))
    return Evidence(since_ms, tuple(ordered), tuple(leading))
