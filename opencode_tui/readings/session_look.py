"""Looks at sessions: what their turns were for, and what the insight rules find in them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.analysis.insights import SESSION_RULES
from opencode_tui.analysis.insights.rule import InsightRule
from opencode_tui.ledger.turns import KeptTurn
from opencode_tui.readings.families import child_works, main_task
from opencode_tui.readings.session_works import session_works
from opencode_tui.readings.turn_settling import turns_to_keep
from opencode_tui.records.insights import Finding
from opencode_tui.records.session import ModelRates
from opencode_tui.records.signs import SessionSigns
from opencode_tui.records.work import SessionWork

if TYPE_CHECKING:  # a process that only looks does without its settings and prices
    from opencode_tui.readings.context import ContextLimits


class Looked(Struct, frozen=True, array_like=True):
    """What a look at some sessions has found."""

    turns: list[KeptTurn]
    found: list[Finding]


class Look:
    """Looks by all rules that are on; writes nothing."""

    def __init__(
        self, thresholds: Mapping[str, int], limits: ContextLimits | None, rates: Mapping[str, ModelRates]
    ) -> None:
        self.thresholds, self.limits, self.rates = thresholds, limits, rates
        on = [rule for rule in SESSION_RULES if rule.is_on(thresholds)]
        self._rules = [rule for rule in on if not rule.is_about_subagents]
        self._rules_on_families = [rule for rule in on if rule.is_about_subagents]

    def at(self, connection: sqlite3.Connection, ids: Sequence[str]) -> Looked:
        """The turns of these sessions, and what costs something of what the rules find in them."""
        looked = Looked([], [])
        families: list[tuple[SessionWork, SessionSigns]] = []
        tasks: dict[str, str] = {}
        for work, signs in session_works(connection, ids, self.limits, self.rates):
            looked.turns.extend(turns_to_keep(work.id, work.turns))
            if work.parent_id:
                tasks[work.id] = main_task(work.turns)
            if signs.nano:
                looked.found.extend(self._found(work, signs, self._rules))
            if signs.family.nano and any(rule.may_find(signs, self.thresholds) for rule in self._rules_on_families):
                families.append((work, signs))
        children = child_works(connection, [work.id for work, _ in families], tasks)
        for work, signs in families:
            work = replace(work, children=children.get(work.id, ()))
            looked.found.extend(self._found(work, signs, self._rules_on_families))
        return looked

    def _found(self, work: SessionWork, signs: SessionSigns, rules: Sequence[InsightRule]) -> Iterator[Finding]:
        for rule in rules:
            if rule.may_find(signs, self.thresholds):
                yield from (each for each in rule.find(work, self.thresholds) if each.cost_nano > 0)
