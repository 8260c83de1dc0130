"""Budgets with an owner: the spend of a day, week or month in one scope, by the user's or the team's settings."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.alerts.rules.rule import USD, Rule, Subject, lines_text, past_the_line
from opencode_tui.config.held import NamedBudget
from opencode_tui.config.settings import Lines, Settings
from opencode_tui.config.team_budgets import all_budgets, plain_name
from opencode_tui.records.alerts import Crossing, FiringPeriod
from opencode_tui.records.facts import CallScope

_PREFIX = "budget."
_WHEN = {"day": "today", "week": "this week", "month": "this month"}


class BudgetSpend(Rule):
    """All budgets, each an alert rule named `budget.NAME` with its own period."""

    name = f"{_PREFIX}*"
    kind = "spend"
    title = "budgets with an owner"
    unit = USD
    period: FiringPeriod = "day"
    option = None
    is_sum = True
    rank = 12

    def owns(self, name: str) -> bool:
        return name.startswith(_PREFIX)

    def title_of(self, name: str) -> str:
        return _title(name.removeprefix(_PREFIX))

    def in_force(self, settings: Settings) -> Iterator[str]:
        for name, budget in all_budgets(settings).items():
            if lines := lines_text(Lines(warning_nano=budget.warning_nano, cutoff_nano=budget.cutoff_nano), USD):
                yield f"{_title(name)}{_owner(budget)} in a {budget.period}: {lines}"

    def crossings(self, measured: Measurements) -> Iterator[Crossing]:
        for name, state in measured.budgets.items():
            budget = all_budgets(measured.settings)[name]
            yield from _OneBudget(name, budget).reached(measured, budget.levels, state.spent_nano, Subject())

    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope | None:
        state = measured.budgets.get(crossing.rule.removeprefix(_PREFIX))
        if state is None:
            return None
        if state.scope in ("agent", "provider"):
            return CallScope(state.span, by=state.scope, key=state.only)
        return CallScope(state.span, None if state.scope == "seat" else state.sessions)

    def headline(self, crossing: Crossing, settings: Settings) -> str:
        name = crossing.rule.removeprefix(_PREFIX)
        budget = all_budgets(settings).get(name, NamedBudget())
        of = f"{_title(name)}{_owner(budget)}"
        return f"{USD.text(crossing.value)} of {of} {_WHEN[budget.period]} {past_the_line(crossing)}"


class _OneBudget(BudgetSpend):
    def __init__(self, name: str, budget: NamedBudget) -> None:
        self.name, self.period = _PREFIX + name, budget.period


def _title(name: str) -> str:
    whose = "the team's budget" if ":" in name else "the budget"
    return f"{whose} “{plain_name(name)}”"


def _owner(budget: NamedBudget) -> str:
    return f" of {budget.owner}" if budget.owner else ""


RULES: tuple[Rule, ...] = (BudgetSpend(),)
