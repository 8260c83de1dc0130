"""What the plugin holds beside the day's cutoff, as it stands in guard.json: rates, loops, subagents, budgets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import to_builtins

from opencode_tui.clock import Calendar
from opencode_tui.config.held import NamedBudget, RateLimit
from opencode_tui.config.settings import Settings
from opencode_tui.config.team_budgets import all_budgets, all_tags, file_version, team_budgets
from opencode_tui.config.team_rows import known_rows
from opencode_tui.paths import expand


def held_limits(settings: Settings, calendar: Calendar, days: tuple[int, ...], before: Mapping[str, Any]) -> Any:
    """The `held` field of a GuardState.

    `days` are those that the state lists. Of what a team's file or the
    file of its database's budgets had, as `before` has it, all stays while that file cannot be read.
    """
    caps, file = settings.guard, settings.team.budgets_file
    budgets = [_limit(name, budget) for name, budget in all_budgets(settings).items()]
    tags = {tag: list(patterns) for tag, patterns in all_tags(settings).items()}
    is_broken = file is not None and bool(team_budgets(file).trouble)
    kept = {False: is_broken, True: known_rows(settings).unreadable}
    known = [each for each in before.get("budgets", []) if each["of_team"] and kept[each.get("of_database", False)]]
    names = {each["name"] for each in budgets}
    budgets += [each for each in known if each["name"] not in names]
    if is_broken:
        tags = {**before.get("tags", {}), **tags}
    first, last = calendar.day(days[0]), calendar.day(days[-1])
    return {
        "rates": [_limit(name, rate) for name, rate in caps.all_rates.items()],
        "identical_calls": caps.identical_calls,
        "subagent_nano": caps.subagent_nano,
        "budgets": budgets,
        "tags": tags,
        "environment": settings.environment,
        "weeks": _starts(calendar, first - timedelta(days=first.weekday()), last, _next_week),
        "months": _starts(calendar, first.replace(day=1), last, _next_month),
        "team_file": str(expand(file).absolute()) if file else "",
        "team_version": file_version(file) if file else "",
    }


def _limit(name: str, limit: NamedBudget | RateLimit) -> dict[str, Any]:
    only = os.path.realpath(limit.only) if limit.scope == "project" and limit.only else limit.only
    return {"name": name, **to_builtins(limit), "only": only}


def _starts(calendar: Calendar, first: date, last: date, following: Any) -> list[int]:
    """The starts of the weeks or months from that of `first` to the one after `last`, in Unix milliseconds."""
    starts = [first]
    while starts[-1] <= last:
        starts.append(following(starts[-1]))
    return [calendar.start_of(each) for each in starts]


def _next_week(day: date) -> date:
    return day + timedelta(days=7)


def _next_month(day: date) -> date:
    return (day + timedelta(days=31)).replace(day=1)
