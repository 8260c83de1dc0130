"""The budgets of a team that reach this seat by a file in a synced folder, and all budgets together: also those of the
team's database, as the last push found them (config/team_rows.py).

The file is written as config.toml is, with [budgets.NAME] and [tags] alone. It is read again when it has changed. One
that cannot be read right now, such as a half-copied one, is a trouble and no error: the guard keeps what it had of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from opencode_tui.config import held_values
from opencode_tui.config.errors import SettingsError, dotted, shown
from opencode_tui.config.held import NamedBudget
from opencode_tui.config.settings import Settings
from opencode_tui.config.team_rows import known_rows
from opencode_tui.paths import tilde

OF_TEAM = "team:"
"""Begins the names of the team's budgets, so that they are never taken for one's own."""


class TeamBudgets(Struct, frozen=True):
    budgets: Mapping[str, NamedBudget] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trouble: str = ""
    """Why the file cannot be read, in one sentence."""


def file_version(file: Path) -> str:
    """What changes with a file; empty if there is none. The guard's plugin makes the same of it."""
    try:
        found = file.stat()
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"


def team_budgets(file: Path | None) -> TeamBudgets:
    """What the team's file holds."""
    return TeamBudgets() if file is None else _read(file, file_version(file))


def all_budgets(settings: Settings) -> Mapping[str, NamedBudget]:
    """The user's budgets by name, and the team's behind a prefix. All of them hold, so that the strictest counts."""
    rows = {row.full_name: row.budget for row in known_rows(settings).rows}
    return {**settings.budgets, **team_budgets(settings.team.budgets_file).budgets, **rows}


def name_clashes(settings: Settings) -> tuple[str, ...]:
    """A sentence for each name that more than one budget of the team has."""
    same: dict[str, list[str]] = defaultdict(list)
    for full_name, budget in all_budgets(settings).items():
        if budget.of_team:
            same[plain_name(full_name)].append(full_name)
    return tuple(
        f"the team has more than one budget {name} ({', '.join(names)}): each of them holds"
        for name, names in same.items()
        if names[1:]
    )


def unknown_tags(settings: Settings) -> tuple[str, ...]:
    """A sentence for each budget that is for a tag which neither the settings nor the team's file define."""
    file = settings.team.budgets_file
    if team_budgets(file).trouble:
        return ()  # the tags may be in it
    tags = all_tags(settings)
    place = f"{tilde(file)}: " if file else ""
    return tuple(
        f"{place if name.startswith(OF_TEAM) else ''}the budget {name} holds nothing: {fault}"
        for name, budget in all_budgets(settings).items()
        if (fault := held_values.tag_fault(budget, tags))
    )


def team_budget_troubles(settings: Settings) -> tuple[str, ...]:
    """What is wrong with the budgets of the team's file and of its database, in sentences."""
    found = (team_budgets(settings.team.budgets_file).trouble, known_rows(settings).trouble)
    return (*filter(None, found), *unknown_tags(settings))


def plain_name(full_name: str) -> str:
    """The name that its owner gave to a budget."""
    return full_name.rpartition(":")[2]


def all_tags(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The patterns of all tags; the user's go before the team's."""
    return {**team_budgets(settings.team.budgets_file).tags, **settings.tags}


@lru_cache(maxsize=4)
def _read(file: Path, version: str) -> TeamBudgets:
    if not version:
        return TeamBudgets(trouble=f"{tilde(file)}: there is no such file, though team.budgets_file names it")
    from opencode_tui.config.toml import read_toml  # only where there is such a file

    try:
        document = read_toml(file)
    except SettingsError as error:
        return TeamBudgets(trouble=str(error))
    try:
        others = document.keys() - {"budgets", "tags"}
        if others:
            raise ValueError(f"{dotted((min(others),))}: a team's file has [budgets.NAME] and [tags] alone")
        budgets = {OF_TEAM + name: checked_budget(name, table) for name, table in _table(document, "budgets").items()}
        tags = {name: _tag(name, given) for name, given in _table(document, "tags").items()}
    except ValueError as error:
        return TeamBudgets(trouble=f"{tilde(file)}: {error}")
    return TeamBudgets(budgets, tags)


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise ValueError(f"{name}: {shown(table)} is not a table; write its keys below [{name}]")
    return table


def checked_budget(name: str, table: Any) -> NamedBudget:
    """A budget of the team from its table. Raises ValueError with the key and what is wrong."""
    from opencode_tui.config.plain import BUDGET_CHECKS, budget_of

    _check(("budgets", name), held_values.held_name, name)
    if not isinstance(table, Mapping):
        raise ValueError(f"budgets.{name}: {shown(table)} is not a table; write its keys below [budgets.{name}]")
    for key, value in table.items():
        if key not in BUDGET_CHECKS:
            raise ValueError(f"{dotted(('budgets', name, key))}: unknown key (there are {', '.join(BUDGET_CHECKS)})")
        _check(("budgets", name, key), BUDGET_CHECKS[key], value)
    budget = replace(budget_of(table), of_team=True)
    for fault in held_values.budget_faults(budget):
        raise ValueError(f"budgets.{name}: {fault}")
    if (budget.warning_nano or 0) > (budget.cutoff_nano or budget.warning_nano or 0):
        raise ValueError(f"budgets.{name}: the warning comes after the cutoff; lower it")
    return budget


def _tag(name: str, given: Any) -> tuple[str, ...]:
    _check(("tags", name), held_values.held_name, name)
    _check(("tags", name), held_values.patterns, given)
    return held_values.patterns(given)


def _check(key: tuple[str, ...], check: Any, value: Any) -> None:
    try:
        check(value)
    except ValueError as error:
        raise ValueError(f"{dotted(key)}: {error}") from None
