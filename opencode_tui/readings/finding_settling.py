"""Brings what the insight rules find in sessions up to date, for the sessions that changed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from opencode_tui.analysis.insights import SESSION_RULES
from opencode_tui.analysis.task_classes import VERSION
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.findings import keep_findings
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.session_work_queries import latest_rates
from opencode_tui.ledger.turns import keep_turns
from opencode_tui.readings.context import ContextLimits
from opencode_tui.readings.session_works import session_works
from opencode_tui.readings.turn_settling import stamp_part, turns_to_keep
from opencode_tui.records.collecting import paused_collection

_AT_ONCE = 200
"""Sessions that are settled in one transaction."""


def settle_findings(
    ledger: Ledger,
    thresholds: Mapping[str, int],
    limits: ContextLimits | None = None,
    span: Span = EVER,
    most: int | None = None,
) -> None:
    """Finds again what is in the sessions around a span that changed, at most so many, a transaction for each step.

    Their turns are classified on the way.

    `thresholds` are those that are no defaults; other ones find all again. May be interrupted anywhere and run twice
    at once. Raises sqlite3.OperationalError if the ledger is locked.
    """
    stamp_part(ledger, "turns", VERSION)
    stamp_part(ledger, "findings", _stamp(thresholds))
    behind = sessions_behind(ledger.connection, "findings", span)[:most]
    unclassified = set(sessions_behind(ledger.connection, "turns", span)) if behind else set()
    rates = latest_rates(ledger.connection) if behind else {}
    rules = [rule for rule in SESSION_RULES if rule.is_on(thresholds)]
    for first in range(0, len(behind), _AT_ONCE):
        ids = behind[first : first + _AT_ONCE]
        with paused_collection(), ledger.writing() as connection:
            works = list(session_works(connection, ids, limits, rates))
            lagging = unclassified.intersection(ids)
            turns = (turn for work in works if work.id in lagging for turn in turns_to_keep(work))
            keep_turns(connection, sorted(lagging), turns)
            found = [each for work in works for rule in rules for each in rule.find(work, thresholds)]
            keep_findings(connection, ids, found)


def _stamp(thresholds: Mapping[str, int]) -> str:
    """What the findings depend on besides the calls."""
    rules = [(rule.name, rule.version, [each.of(thresholds) for each in rule.thresholds]) for rule in SESSION_RULES]
    return json.dumps([VERSION, rules])
