"""Reads what the insights of each lever cost together, each call's money once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from opencode_tui.analysis.insights import RULE_OF
from opencode_tui.analysis.lever_sums import SharedCall, lever_sum, shared_sessions
from opencode_tui.ledger.findings import sessions_of_calls
from opencode_tui.ledger.period_work_queries import paid_calls_of
from opencode_tui.readings.insights import FoundInsights
from opencode_tui.records.insights import LEVERS, Finding, Lever
from opencode_tui.records.levers import LeverSum


def read_lever_sums(found: FoundInsights, connection: sqlite3.Connection) -> dict[Lever, LeverSum]:
    """The sum of each lever's insights that are neither dismissed nor done."""
    return {lever: _sum(_findings(found, lever), found, connection) for lever in LEVERS}


def _findings(found: FoundInsights, lever: Lever) -> list[Finding]:
    new = [each for each in found.insights.insights if each.state == "new" and each.lever == lever]
    return [finding for each in new for finding in found.groups[each.rule, each.key]]


def _sum(findings: Sequence[Finding], found: FoundInsights, connection: sqlite3.Connection) -> LeverSum:
    broad = {id for each in findings if RULE_OF[each.rule].is_broad for id in each.calls}
    session_of = sessions_of_calls(connection, broad) if broad else {}
    shared = shared_sessions(findings, found.costs, session_of)
    return lever_sum(findings, found.costs, _paid_calls(connection, sorted(shared), found))


def _paid_calls(connection: sqlite3.Connection, ids: Sequence[str], found: FoundInsights) -> list[SharedCall]:
    if not ids:
        return []
    return [
        SharedCall(id, session_id, created_ms, nano, bool(is_undone) or id in found.undone_ids)
        for id, session_id, created_ms, nano, is_undone in paid_calls_of(connection, ids, found.span)
    ]
