"""Checks across lines: a notice must be below its warning, and a warning below its cutoff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from opencode_tui.config.errors import Given, SettingKey
from opencode_tui.config.held_values import budget_faults, rate_faults, tag_fault
from opencode_tui.config.quota_values import plan_fault
from opencode_tui.config.settings import Fills, Lines, Settings, SpendRule
from opencode_tui.money import format_usd


def wrong_lines(settings: Settings, givens: Sequence[Given]) -> Iterator[str]:
    """A sentence for each table whose lines do not ascend, and for each rule, rate, budget and plan that is incomplete
    or contradicts itself."""
    for table, lines in _tables(settings):
        in_usd = isinstance(lines, Lines)
        unit = "_usd" if in_usd else ""
        for (lower, low), (upper, high) in pairwise(lines.levels):
            if low > high:
                keys = [(*table, f"{lower}{unit}"), (*table, f"{upper}{unit}"), ("budget", "week_target_usd")]
                where = next(given.name(key) for given in givens for key in keys if given.has(key))
                lows, highs = (format_usd(at) if in_usd else f"{at}%" for at in (low, high))
                yield (
                    f"{where}: the {lower} at {lows} comes after the {upper} at {highs}; "
                    f"lower the {lower} or raise the {upper}"
                )
    for key, fault in _faults_of_named(settings):
        yield f"{next(given.name(key) for given in givens if given.has(key))}: {fault}"


def _tables(settings: Settings) -> Iterator[tuple[SettingKey, Lines | Fills]]:
    for name, table in (("budget", settings.budget), ("chart", settings.chart), ("team", settings.team)):
        yield (name,), Lines(warning_nano=table.warning_nano, cutoff_nano=table.cutoff_nano)
    for name, lines in settings.alerts.options.items():
        if isinstance(lines, Lines | Fills):
            yield ("alerts", name), lines
    for name, rule in settings.alerts.spend.items():
        yield ("alerts", "spend", name), rule.lines
    for name, budget in settings.budgets.items():
        yield ("budgets", name), Lines(warning_nano=budget.warning_nano, cutoff_nano=budget.cutoff_nano)


def _faults_of_named(settings: Settings) -> Iterator[tuple[SettingKey, str]]:
    """What is wrong with each table that the user has named."""
    for name, rule in settings.alerts.spend.items():
        yield from ((("alerts", "spend", name), fault) for fault in _faults(rule))
    for name, plan in settings.quota.items():
        if fault := plan_fault(plan):
            yield ("quota", name), fault
    for name, rate in settings.guard.rates.items():
        yield from ((("guard", "rates", name), fault) for fault in rate_faults(rate))
    for name, budget in settings.budgets.items():
        yield from ((("budgets", name), fault) for fault in budget_faults(budget))
        # The tags of a team's file may arrive later than a budget for one of them.
        if settings.team.budgets_file is None and (fault := tag_fault(budget, settings.tags)):
            yield ("budgets", name, "only"), fault


def _faults(rule: SpendRule) -> Iterator[str]:
    if not rule.lines.levels:
        yield "this rule has no line; write a notice_usd, a warning_usd or a cutoff_usd"
    if rule.only and rule.scope == "all":
        yield "'only' needs to know of what; write a scope beside it, such as scope = \"model\""
