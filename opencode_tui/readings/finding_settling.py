"""Brings what the insight rules find in sessions up to date, for the sessions that changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from opencode_tui.analysis.insights import SESSION_RULES
from opencode_tui.analysis.task_classes import VERSION
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.findings import keep_findings
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.session_work_queries import latest_rates
from opencode_tui.ledger.turns import KeptTurn, keep_turns
from opencode_tui.readings.context import ContextLimits
from opencode_tui.readings.families import child_works
from opencode_tui.readings.session_works import session_works
from opencode_tui.readings.turn_settling import stamp_part, turns_to_keep
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.insights import Finding
from opencode_tui.records.session import CallRates
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork

_AT_ONCE = 500
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
    look = Look(thresholds, limits, latest_rates(ledger.connection) if behind else {})
    for first in range(0, len(behind), _AT_ONCE):
        ids = behind[first : first + _AT_ONCE]
        with paused_collection(), ledger.writing() as connection:
            look.at(connection, ids, unclassified.intersection(ids))


class Look:
    """Looks at sessions by all rules that are on."""

    def __init__(
        self, thresholds: Mapping[str, int], limits: ContextLimits | None, rates: Mapping[str, CallRates]
    ) -> None:
        self._thresholds, self._limits, self._rates = thresholds, limits, rates
        self._rules = [rule for rule in SESSION_RULES if rule.is_on(thresholds)]

    def at(self, connection: sqlite3.Connection, ids: Sequence[str], unclassified: AbstractSet[str]) -> None:
        """Replaces the findings of these sessions, and the turns of the unclassified ones among them."""
        turns: list[KeptTurn] = []
        found: list[Finding] = []
        families: list[tuple[SessionWork, SessionSigns]] = []
        for work, signs in session_works(connection, ids, self._limits, self._rates):
            if work.id in unclassified:
                turns += turns_to_keep(work.id, work.turns)
            found += self._found(work, signs, is_about_subagents=False)
            if any(rule.is_about_subagents and rule.may_find(signs, self._thresholds) for rule in self._rules):
                families.append((work, signs))
        if unclassified:
            keep_turns(connection, sorted(unclassified), turns)
        children = child_works(connection, [work.id for work, _ in families])
        for work, signs in families:
            work = replace(work, children=children.get(work.id, ()))
            found += self._found(work, signs, is_about_subagents=True)
        keep_findings(connection, ids, found)

    def _found(self, work: SessionWork, signs: SessionSigns, *, is_about_subagents: bool) -> Iterator[Finding]:
        if signs.nano or signs.family.nano:
            for rule in self._rules:
                if rule.is_about_subagents == is_about_subagents and rule.may_find(signs, self._thresholds):
                    yield from (each for each in rule.find(work, self._thresholds) if each.cost_nano > 0)


def _stamp(thresholds: Mapping[str, int]) -> str:
    """What the findings depend on besides the calls."""
    rules = [(rule.name, rule.version, [each.of(thresholds) for each in rule.thresholds]) for rule in SESSION_RULES]
    return json.dumps([VERSION, rules])
