"""Validators of the settings of rates and budgets.

Each raises ValueError with the second half of a sentence: what is wrong, and what to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from opencode_tui.config.alert_values import one_of
from opencode_tui.config.errors import shown
from opencode_tui.config.held import HELD_SCOPES, RATE_SCOPES, HeldScope, NamedBudget, RateLimit, RateScope
from opencode_tui.config.values import json_table, text_setting
from opencode_tui.money import format_usd
from opencode_tui.paths import expand

_STRICTER = (("ci_usd", "ci_nano"), ("automation_usd", "automation_nano"), ("background_usd", "background_nano"))


def held_name(value: str) -> str:
    """The name of a budget, a rate or a tag, which stands in commands as well."""
    if not re.fullmatch(r"[\w-]{1,40}", value):
        raise ValueError("this is named with at most 40 letters, digits, - and _; write one such as client-a")
    return value


def environment_name(value: object) -> str:
    """The name of an environment, or empty."""
    name = text_setting(value)
    return held_name(name) if name else ""


def budget_scope(value: object) -> HeldScope:
    return one_of(value, HELD_SCOPES)


def rate_scope(value: object) -> RateScope:
    return one_of(value, RATE_SCOPES)


def budget_tables(value: object) -> object:
    """Budgets by name: a table, or text with a JSON table."""
    return json_table(value, "budgets", '{"web": {"scope": "project", "only": "/srv/web", "cutoff_usd": 5}}')


def rate_tables(value: object) -> object:
    """Rates by name: a table, or text with a JSON table."""
    return json_table(value, "rates", '{"explore": {"scope": "agent", "only": "explore", "calls_a_minute": 20}}')


def tag_table(value: object) -> object:
    """Patterns of paths by tag: a table, or text with a JSON table."""
    return json_table(value, "tags", '{"client-a": ["~/code/client-a/*"]}')


def patterns(value: object) -> tuple[str, ...]:
    """A tag's patterns of whole paths, from one or a list, with `~` expanded."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not given:
        raise ValueError(f'{shown(value)} is not a pattern of paths; write one such as "~/code/client-a/*"')
    return tuple(_pattern(each) for each in given)


def _pattern(value: object) -> str:
    pattern = str(expand(text_setting(value)))
    if not pattern.startswith("/"):
        raise ValueError(f'{shown(value)} is not a whole path; write one such as "~/code/client-a/*"')
    return pattern


def with_whole_path(limit: NamedBudget | RateLimit) -> NamedBudget | RateLimit:
    """The limit, its project's path with `~` expanded."""
    return replace(limit, only=str(expand(limit.only))) if limit.scope == "project" and limit.only else limit


def budget_faults(budget: NamedBudget) -> Iterator[str]:
    """What is wrong with a budget as a whole, with what to write."""
    stricter = {key: getattr(budget, name) for key, name in _STRICTER}
    if not budget.levels and not any(stricter.values()):
        yield "this budget has no line; write a warning_usd or a cutoff_usd"
    yield from _scope_faults(budget)
    if budget.scope != "seat" and not budget.only:
        yield f"this budget is for one {budget.scope}; write which, such as {_EXAMPLES[budget.scope]}"
    cutoff = budget.cutoff_nano
    for key, nano in stricter.items():
        if nano and cutoff and nano > cutoff:
            yield f"{key} at {format_usd(nano)} comes after the cutoff at {format_usd(cutoff)}; lower it"


def tag_fault(budget: NamedBudget, tags: Iterable[str]) -> str:
    """What is wrong with a budget for a tag that no project can have; empty if nothing is."""
    if budget.scope != "tag" or not budget.only or budget.only in tags:
        return ""
    there = ", ".join(sorted(tags)) or "none"
    return f"no tag is called {shown(budget.only)}; see [tags], which has {there}"


_EXAMPLES: Mapping[HeldScope, str] = {
    "project": 'only = "~/shop"',
    "agent": 'only = "build"',
    "provider": 'only = "opencode"',
    "tag": 'only = "client-a"',
    "environment": 'only = "ci"',
}


def rate_faults(rate: RateLimit) -> Iterator[str]:
    """What is wrong with a rate as a whole, with what to write."""
    if not rate.calls_a_minute and not rate.hour_nano:
        yield "this rate has no limit; write a calls_a_minute or an hour_usd"
    yield from _scope_faults(rate)


def _scope_faults(limit: NamedBudget | RateLimit) -> Iterator[str]:
    if limit.scope == "seat" and limit.only:
        yield "'only' needs to know of what; write a scope beside it, such as scope = \"agent\""
    if limit.scope == "project" and limit.only and not limit.only.startswith("/"):
        yield f'{shown(limit.only)} is not a whole path; write a project\'s in quotes, such as "~/shop"'
