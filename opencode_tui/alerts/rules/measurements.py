"""The measurements that the rules are evaluated on, read from the ledger and cached."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.analysis.trees import TreeNode, roots, tree_nodes
from opencode_tui.clock import Calendar, Span
from opencode_tui.config.settings import Settings
from opencode_tui.guard.troubles import GuardTrouble
from opencode_tui.ledger import alert_queries, queries
from opencode_tui.readings.budgets import budget_states, period_span
from opencode_tui.readings.context import ContextLimits
from opencode_tui.readings.naming import session_titles
from opencode_tui.records.alerts import Period, Scope
from opencode_tui.records.budgets import BudgetState

_ALL = ""


class ScopeSpend(Struct, frozen=True):
    """The spend of one member of a scope: a root session with its tree, a model, a project, …"""

    key: str
    name: str
    """A session's title, else the key."""
    nano: int


class Measurements(Struct, dict=True):
    """Reads each measurement on first use and caches it for the other rules.

    All are of one moment; each evaluation needs a new instance.
    """

    connection: sqlite3.Connection
    settings: Settings
    now_ms: int
    calendar: Calendar
    limits: ContextLimits | None = None
    troubles: tuple[GuardTrouble, ...] = ()
    """The guard's current troubles."""
    _spends: dict[tuple[Scope, Period], tuple[ScopeSpend, ...]] = {}
    _known: dict[str, tuple[str | None, str]] = {}

    def span(self, period: Period) -> Span:
        """The current day, ISO week or month."""
        return period_span(period, self.calendar, self.now_ms)

    @cached_property
    def day(self) -> Span:
        return self.span("day")

    @cached_property
    def day_counts(self) -> tuple[int, int]:
        """Today's number of calls, and of minutes with spend."""
        return alert_queries.day_counts(self.connection, self.day)

    def spends(self, scope: Scope, period: Period) -> tuple[ScopeSpend, ...]:
        """The spend of each member of a scope in the current period; `all` has one sum with an empty key."""
        if (scope, period) not in self._spends:
            self._spends[scope, period] = self._spends_of(scope, self.span(period))
        return self._spends[scope, period]

    def _spends_of(self, scope: Scope, span: Span) -> tuple[ScopeSpend, ...]:
        if scope == "all":
            return (ScopeSpend("", "", queries.spend(self.connection, span)),)
        sums = alert_queries.sums_by(self.connection, span, scope)
        if scope != "session":
            return tuple(ScopeSpend(key, key, nano) for key, nano in sums)
        root_of = self._roots(id for id, _ in sums)
        totals: dict[str, int] = {}
        for id, nano in sums:
            totals[root_of[id]] = totals.get(root_of[id], 0) + nano
        return tuple(ScopeSpend(id, self.title(id), nano) for id, nano in totals.items())

    @cached_property
    def budgets(self) -> dict[str, BudgetState]:
        """The state of each budget by name."""
        return budget_states(self.connection, self.settings, self.calendar, self.now_ms)

    @cached_property
    def nodes(self) -> tuple[TreeNode, ...]:
        """The trees of all sessions active today, with the cost over their whole life; roots have depth 0.

        Subagents that were not active today are left out, but count in their ancestors' totals.
        """
        active = alert_queries.active_sessions(self.connection, self.day)
        tops = set(self._roots(active).values())
        parents = alert_queries.trees(self.connection, tops)
        spent = alert_queries.cost_by_session(self.connection, parents)
        # an artificial root above all, so that one walk covers every tree
        above = {id: _ALL if id in tops else parent for id, parent in parents.items()}
        own = {id: spent.get(id, 0) for id in parents}
        shown = {*active, *tops}
        return tuple(
            replace(node, depth=node.depth - 1)
            for node in tree_nodes(_ALL, {_ALL: None} | above, {_ALL: 0} | own)
            if node.id in shown
        )

    def tree(self, session_id: str) -> tuple[str, ...]:
        """The ids of a session and all its subagents."""
        return tuple(alert_queries.trees(self.connection, [session_id]))

    def title(self, session_id: str) -> str:
        self._learn((session_id,))
        return self._known[session_id][1] or session_titles(self.connection, [session_id], self.calendar)[session_id]

    def _roots(self, ids: Iterable[str]) -> dict[str, str]:
        wanted = list(ids)
        self._learn(wanted)
        return roots(wanted, {id: parent for id, (parent, _) in self._known.items()})

    def _learn(self, ids: Iterable[str]) -> None:
        unknown = {id for id in ids if id not in self._known}
        if unknown:
            self._known |= dict.fromkeys(unknown, (None, "")) | alert_queries.ancestry(self.connection, unknown)
