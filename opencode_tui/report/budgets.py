"""Budgets with an owner as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from opencode_tui.clock import Calendar
from opencode_tui.money import format_usd, usd
from opencode_tui.paths import tilde
from opencode_tui.records.budgets import Budgets, BudgetState
from opencode_tui.report.json_values import SCHEMA_VERSION, moment_or_none
from opencode_tui.report.table import TextColumn, text_table
from opencode_tui.report.words import amount_text

_NONE = "no budget is set; see [budgets.NAME] in config.example.toml"
_ENVIRONMENTS = (
    "OpenCode records no environment: one's budget counts the sessions of which the guard has noted it, none before"
)
_COLUMNS = (
    TextColumn("budget", "left"),
    TextColumn("owner", "left", gives_way=3, least=6),
    TextColumn("of", "left", gives_way=4, least=8),
    TextColumn("period", "left", gives_way=2),
    TextColumn("spent"),
    TextColumn("warning", gives_way=1),
    TextColumn("cutoff"),
    TextColumn("left"),
    TextColumn("state", "left"),
)


class Holding(Struct, frozen=True):
    """Which budgets the guard holds, and the lifts of budgets with their ends in Unix milliseconds."""

    names: frozenset[str] = frozenset()
    lifts: Mapping[str, int] = field(default_factory=dict)

    def lifted_until_ms(self, name: str) -> int | None:
        ends = [self.lifts[what] for what in ("budget", f"budget {name}") if what in self.lifts]
        return max(ends, default=None)


def budgets_json(budgets: Budgets, holding: Holding, calendar: Calendar) -> dict[str, Any]:
    """The JSON contract."""
    return {
        "schema_version": SCHEMA_VERSION,
        "taken_at": calendar.iso(budgets.taken_ms),
        "budgets": [_json(each, holding, calendar) for each in budgets.budgets],
        "trouble": budgets.trouble or None,
        "database": budgets.database or None,
        "database_asked_at": moment_or_none(budgets.fetched_ms, calendar),
    }


def _json(budget: BudgetState, holding: Holding, calendar: Calendar) -> dict[str, Any]:
    stricter = dict(budget.stricter)
    return {
        "name": budget.name,
        "owner": budget.owner or None,
        "of_team": budget.of_team,
        "scope": budget.scope,
        "only": budget.only or None,
        "period": budget.period,
        "from_at": calendar.iso(budget.span.start_ms),
        "until_at": calendar.iso(budget.span.end_ms),
        "spent_usd": usd(budget.spent_nano),
        "lower_bound": budget.lower_bound,
        "left_usd": _usd(budget.left_nano),
        "warning_usd": _usd(budget.warning_nano),
        "cutoff_usd": _usd(budget.cutoff_nano),
        **{f"{kind}_usd": _usd(stricter.get(kind)) for kind in ("ci", "automation", "background")},
        "state": budget.status,
        "held": budget.name in holding.names,
        "lifted_until_at": moment_or_none(holding.lifted_until_ms(budget.name), calendar),
    }


def _usd(nano: int | None) -> Any:
    return None if nano is None else usd(nano)


def budgets_text(budgets: Budgets, holding: Holding, calendar: Calendar, width: int | None = None) -> str:
    """A table, and below it what else there is to know."""
    rows = [_row(each, holding, calendar, budgets.taken_ms) for each in budgets.budgets]
    lines = [text_table(_COLUMNS, rows, width) if rows else _NONE]
    lines += [*_stricter(budgets), *budgets.clashes, *([budgets.trouble] if budgets.trouble else [])]
    if budgets.fetched_ms is not None:
        at = calendar.moment(budgets.fetched_ms, budgets.taken_ms)
        lines.append(f"the budgets in {budgets.database} are those of {at}, when a push last asked for them")
    if any(each.scope == "environment" for each in budgets.budgets):
        lines.append(_ENVIRONMENTS)
    return "\n".join(lines)


def _row(budget: BudgetState, holding: Holding, calendar: Calendar, now_ms: int) -> tuple[str, ...]:
    lines = (budget.warning_nano, budget.cutoff_nano)
    return (
        budget.name,
        budget.owner,
        _scope_words(budget),
        budget.period,
        amount_text(budget.spent_nano, budget.lower_bound),
        *("off" if line is None else format_usd(line) for line in lines),
        _left(budget.left_nano),
        f"{_STATES[budget.status]}, {_held(budget, holding, calendar, now_ms)}",
    )


_STATES = {"calm": "calm", "warning": "past the warning", "cutoff": "past the cutoff"}


def _left(nano: int | None) -> str:
    if nano is None:
        return ""
    return format_usd(nano) if nano >= 0 else f"{format_usd(-nano)} over"


def _scope_words(budget: BudgetState) -> str:
    only = tilde(Path(budget.only)) if budget.scope == "project" else budget.only
    return f"{budget.scope} {only}".rstrip()


def _held(budget: BudgetState, holding: Holding, calendar: Calendar, now_ms: int) -> str:
    if budget.name not in holding.names:
        return "not held"
    until = holding.lifted_until_ms(budget.name)
    return "held" if until is None else f"lifted until {calendar.moment(until, now_ms)}"


def _stricter(budgets: Budgets) -> Iterator[str]:
    names = {"ci": "CI", "automation": "automation", "background": "subagents in the background"}
    for budget in budgets.budgets:
        if budget.stricter:
            lines = ", ".join(f"{names[kind]} from {format_usd(nano)} on" for kind, nano in budget.stricter)
            yield f"{budget.name}: the guard refuses calls of {lines}"
