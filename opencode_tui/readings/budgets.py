"""Reads what is spent of each budget in its current period."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from opencode_tui.analysis.tags import matches
from opencode_tui.clock import Calendar, Span
from opencode_tui.config.held import NamedBudget
from opencode_tui.config.settings import Settings
from opencode_tui.config.team_budgets import all_budgets, all_tags, name_clashes, team_budget_troubles
from opencode_tui.config.team_rows import known_rows
from opencode_tui.ledger.bounds import is_lower_bound
from opencode_tui.ledger.budget_queries import SpendPart, spend_parts
from opencode_tui.ledger.environments import environments_of
from opencode_tui.readings.context import Context
from opencode_tui.records.alerts import Period
from opencode_tui.records.budgets import Budgets, BudgetState

_STRICTER = ("ci", "automation", "background")


def read_budgets(context: Context) -> Budgets:
    """All budgets, the user's first. Raises sqlite3.Error."""
    states = budget_states(context.connection, context.settings, context.calendar, context.now_ms)
    rows = known_rows(context.settings)
    trouble = "; ".join(team_budget_troubles(context.settings))
    known = (rows.database, rows.fetched_ms, name_clashes(context.settings))
    return Budgets(tuple(states.values()), context.now_ms, trouble, *known)


def budget_states(
    connection: sqlite3.Connection, settings: Settings, calendar: Calendar, now_ms: int
) -> dict[str, BudgetState]:
    """The state of each budget by name; without a budget nothing is read."""
    budgets = all_budgets(settings)
    spans = {budget.period: period_span(budget.period, calendar, now_ms) for budget in budgets.values()}
    parts = {period: spend_parts(connection, span) for period, span in spans.items()}
    least = {period: is_lower_bound(connection, span) for period, span in spans.items()}
    is_about = _Scopes(settings, environments_of(connection) if budgets else {})
    found = {}
    for name, budget in budgets.items():
        mine = [part for part in parts[budget.period] if is_about(budget, part)]
        found[name] = _state(name, budget, mine, spans[budget.period], least[budget.period])
    return found


def _state(name: str, budget: NamedBudget, parts: Sequence[SpendPart], span: Span, least: bool) -> BudgetState:
    stricter = [(kind, getattr(budget, f"{kind}_nano")) for kind in _STRICTER]
    return BudgetState(
        name=name,
        owner=budget.owner,
        scope=budget.scope,
        only=budget.only,
        period=budget.period,
        span=span,
        spent_nano=sum(part.nano for part in parts),
        warning_nano=budget.warning_nano,
        cutoff_nano=budget.cutoff_nano,
        stricter=tuple((kind, nano) for kind, nano in stricter if nano is not None),
        sessions=tuple(dict.fromkeys(part.session_id for part in parts)),
        of_team=budget.of_team,
        lower_bound=least,
    )


class _Scopes:
    """Which parts a budget is about, as the guard's plugin decides it for calls (guard/plugin/scopes.js)."""

    def __init__(self, settings: Settings, environments: Mapping[str, str]) -> None:
        self._tags, self._environments = all_tags(settings), environments
        self._real: dict[str, str] = {}

    def __call__(self, budget: NamedBudget, part: SpendPart) -> bool:
        match budget.scope:
            case "seat":
                return True
            case "agent":
                return part.agent == budget.only
            case "provider":
                return part.provider == budget.only
            case "environment":
                return self._environments.get(part.session_id) == budget.only
            case "project":
                return self._any_place(part, lambda place: _is_under(place, self._path(budget.only)))
            case "tag":
                patterns = self._tags.get(budget.only, ())
                return self._any_place(part, lambda place: any(matches(place, pattern) for pattern in patterns))

    def _any_place(self, part: SpendPart, fits: Callable[[str], bool]) -> bool:
        places = {part.project, part.directory} - {""}
        return any(fits(name) for place in places for name in {place, self._path(place)})

    def _path(self, place: str) -> str:
        """A path without links."""
        if place not in self._real:
            self._real[place] = os.path.realpath(place)
        return self._real[place]


def _is_under(place: str, parent: str) -> bool:
    return place == parent or place.startswith(parent if parent.endswith("/") else f"{parent}/")


def period_span(period: Period, calendar: Calendar, now_ms: int) -> Span:
    """The current day, ISO week or month."""
    day = calendar.day(now_ms)
    if period == "week":
        return calendar.span(*calendar.week(day))
    return calendar.span(*_month(day)) if period == "month" else calendar.span(day)


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
