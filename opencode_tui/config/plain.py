"""Reads a correct config.toml without pydantic, whose import takes twice as long as all else of `status`.

Only what is certain is read here: anything unknown, wrong or unusual is left to `opencode_tui.config.layers`, which
knows the sentence for each error. So a key that is missing here costs time and nothing else. Both give the same
settings for the same file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from msgspec.structs import fields, replace

from opencode_tui.config import (
    alert_values,
    database_values,
    held_values,
    network_values,
    price_values,
    quota_values,
    team_values,
    values,
)
from opencode_tui.config.errors import Given
from opencode_tui.config.held import NamedBudget, RateLimit
from opencode_tui.config.lines import wrong_lines
from opencode_tui.config.options import Declared, FillsOption, LinesOption, Option, ValueOption, declared, set_options
from opencode_tui.config.settings import (
    Alerts,
    Budget,
    Channels,
    Chart,
    CustomPrice,
    GuardCaps,
    Insights,
    Lines,
    Network,
    Poll,
    Pricing,
    Privacy,
    QuotaPlan,
    Settings,
    SpendRule,
    Ui,
)
from opencode_tui.config.team import Team, TeamPush
from opencode_tui.config.toml import read_toml

_Tables = Mapping[str, Any]
_Check = Callable[[Any], Any]


_NETWORK: dict[str, _Check] = {
    "opencode_go": values.switch,
    "zen": values.switch,
    "opencode_go_url": network_values.base_url,
    "zen_url": network_values.base_url,
    "console_url": network_values.base_url,
    "console_cookie_file": network_values.cookie_file,
}
_PRIVACY = ("show_prompts", "other_projects")
_PLAN: dict[str, _Check] = {
    "providers": quota_values.plan_providers,
    "windows": quota_values.window_caps,
    "unit": quota_values.quota_unit,
    "counts": quota_values.model_counts,
    "zone": values.zone,
    "month_day": quota_values.first_of_month,
}


_TEAM: dict[str, tuple[str, _Check]] = {
    "budgets_file": ("budgets_file", values.file_path),
    "share": ("share", team_values.seat_share),
    "week_budget_usd": ("week_budget_nano", team_values.amount_or_off),
    "warning_usd": ("warning_nano", team_values.amount_or_off),
    "cutoff_usd": ("cutoff_nano", team_values.amount_or_off),
    "push": ("push", lambda table: TeamPush(**_checked(table, _PUSH))),
    "seats": ("seats", team_values.seats),
}
_PUSH: dict[str, _Check] = {"to": database_values.database_setting, "password_file": values.file_path}


class NotPlain(Exception):
    """The file holds something that is not certain to be right."""


def plain_settings(file: Path) -> Settings:
    """The settings of a file, its relative paths resolved against its directory. Raises NotPlain and SettingsError."""
    document = read_toml(file)
    try:
        settings = _settings(document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise NotPlain from error
    if any(wrong_lines(settings, [Given(document, {(): ""})])):
        raise NotPlain
    return _anchored(settings, file.parent)


def _anchored(settings: Settings, folder: Path) -> Settings:
    options = {
        name: folder / value if isinstance(value, Path) else value for name, value in settings.channels.options.items()
    }
    cookie, budgets = settings.network.console_cookie_file, settings.team.budgets_file
    push, seats = settings.team.push, settings.team.seats
    team = replace(
        settings.team,
        budgets_file=budgets and folder / budgets,
        push=replace(push, password_file=push.password_file and folder / push.password_file),
        seats={name: replace(seat, path=folder / seat.path) for name, seat in seats.items()},
    )
    return replace(
        settings,
        team=team,
        network=replace(settings.network, console_cookie_file=cookie and folder / cookie),
        ledger=settings.ledger and folder / settings.ledger,
        data_dirs=tuple(folder / path for path in settings.data_dirs),
        channels=replace(settings.channels, options=options),
    )


def _settings(document: _Tables) -> Settings:
    known = declared() if {"alerts", "channels", "insights"} & document.keys() else Declared()
    budget = Budget(**_amounts(document.get("budget", {}), Budget()))
    tables = {
        "budget": lambda table: budget,
        "chart": lambda table: Chart(**_amounts(table, Chart())),
        "pricing": lambda table: Pricing(**_checked(table, {"prefer": values.preference, "custom": _prices})),
        "poll": lambda table: Poll(**_checked(table, {"interval_s": values.interval})),
        "alerts": lambda table: _alerts(table, budget, known.alerts),
        "channels": lambda table: _channels(table, known.channels),
        "insights": lambda table: _insights(table, known.insights),
        "guard": lambda table: GuardCaps(**_in_nano(_checked(table, _GUARD))),
        "budgets": lambda table: {held_values.held_name(name): budget_of(each) for name, each in table.items()},
        "tags": lambda table: {held_values.held_name(tag): held_values.patterns(each) for tag, each in table.items()},
        "network": lambda table: Network(**_checked(table, _NETWORK)),
        "quota": _plans,
        "team": lambda table: Team(**{_TEAM[key][0]: _TEAM[key][1](value) for key, value in table.items()}),
        "privacy": lambda table: Privacy(**_checked(table, dict.fromkeys(_PRIVACY, values.switch))),
        "ui": lambda table: Ui(**_checked(table, {"theme": values.text_setting, "mouse": values.switch})),
    }
    plain: dict[str, _Check] = {
        "data_dirs": values.directories_setting,
        "ledger": values.file_path,
        "machine": values.text_setting,
        "timezone": values.zone,
        "environment": held_values.environment_name,
    }
    settings = Settings(**_checked(document, plain | tables))
    if "alerts" not in document and "budget" in document:
        # some rules follow the budget where they are not set themselves
        known = declared()
        settings = replace(settings, alerts=_alerts({}, budget, known.alerts))
    return settings


def _checked(table: _Tables, checks: Mapping[str, _Check]) -> dict[str, Any]:
    """Each value of a table by its check. Raises KeyError for a key without one."""
    if not isinstance(table, dict):
        raise TypeError
    return {key: checks[key](value) for key, value in table.items()}


def _amounts(table: _Tables, record: Budget | Chart) -> Any:
    """The fields of a record of amounts, whose keys in the file end in `_usd`."""
    names = {
        each.name.removesuffix("_nano") + "_usd" * each.name.endswith("_nano"): each.name for each in fields(record)
    }
    return {names[key]: value for key, value in _checked(table, dict.fromkeys(names, values.amount_setting)).items()}


def _prices(table: _Tables) -> dict[str, tuple[CustomPrice, ...]]:
    return {values.custom_price_key(model): _prices_of(prices) for model, prices in table.items()}


def _prices_of(prices: Any) -> tuple[CustomPrice, ...]:
    """The prices of a model from its table or from its list of tables."""
    checks: dict[str, _Check] = dict.fromkeys(("input", "output", "cache_read", "cache_write"), values.price)
    checks |= {"from": price_values.first_day, "hours": price_values.hours_of_day, "zone": values.zone}
    checks["tiers"] = price_values.tiers_of_context
    found = []
    for table in prices if isinstance(prices, list) else [prices]:
        given = _checked(table, checks)
        first_day = {"from_": given.pop("from")} if "from" in given else {}
        found.append(CustomPrice(**given, **first_day))
    price_values.distinct(found)
    return tuple(found)


def _plans(table: _Tables) -> dict[str, QuotaPlan]:
    return {
        quota_values.plan_name(name): quota_values.plan_of(name, _checked(plan, _PLAN)) for name, plan in table.items()
    }


def _project_caps(table: _Tables) -> dict[str, int]:
    return {alert_values.project(name): values.amount_setting(cap) for name, cap in table.items()}


def _agent_caps(table: _Tables) -> dict[str, int]:
    return {values.text_setting(name): values.amount_setting(cap) for name, cap in table.items()}


def _rates(table: _Tables) -> dict[str, RateLimit]:
    return {held_values.held_name(name): _rate(rate) for name, rate in table.items()}


def _rate(table: _Tables) -> RateLimit:
    return cast(RateLimit, held_values.with_whole_path(RateLimit(**_in_nano(_checked(table, _RATE)))))


def budget_of(table: _Tables) -> NamedBudget:
    """A budget of its table. Raises ValueError, and KeyError for an unknown key."""
    return cast(NamedBudget, held_values.with_whole_path(NamedBudget(**_in_nano(_checked(table, BUDGET_CHECKS)))))


def _in_nano(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values by the records' names, which end in `_nano` in place of `_usd`."""
    return {key.removesuffix("_usd") + "_nano" * key.endswith("_usd"): value for key, value in given.items()}


_FASTEST: dict[str, _Check] = {"calls_a_minute": alert_values.count_setting, "hour_usd": alert_values.step}
_RATE: dict[str, _Check] = {**_FASTEST, "scope": held_values.rate_scope, "only": values.text_setting}
_GUARD: dict[str, _Check] = {
    **_FASTEST,
    "identical_calls": alert_values.count_setting,
    "subagent_usd": alert_values.step,
    "projects": _project_caps,
    "agents": _agent_caps,
    "rates": _rates,
}
BUDGET_CHECKS: dict[str, _Check] = {
    "scope": held_values.budget_scope,
    "only": values.text_setting,
    "period": alert_values.period,
    "owner": values.text_setting,
    **dict.fromkeys(("warning_usd", "cutoff_usd", "ci_usd", "automation_usd", "background_usd"), alert_values.line),
}


def _alerts(table: _Tables, budget: Budget, options: tuple[Option[Any], ...]) -> Alerts:
    own = {alert_values.rule_name(name): _rule(rule) for name, rule in table.get("spend", {}).items()}
    return Alerts(own, _options({key: table[key] for key in table if key != "spend"}, options, budget))


def _rule(table: _Tables) -> SpendRule:
    checks = {"scope": alert_values.scope, "period": alert_values.period, "only": values.text_setting}
    rest = {key: table[key] for key in checks if key in table}
    lines = _lines({key: table[key] for key in table if key not in checks}, Lines())
    return SpendRule(lines, **_checked(rest, checks))


def _channels(table: _Tables, options: tuple[Option[Any], ...]) -> Channels:
    own = {key: alert_values.level(table[key]) for key in ("toast", "bell") if key in table}
    return Channels(**own, options=_options({key: table[key] for key in table if key not in own}, options, Budget()))


def _insights(table: _Tables, options: tuple[Option[Any], ...]) -> Insights:
    own = {key: values.switch(table[key]) for key in ("git",) if key in table}
    return Insights(_options({key: table[key] for key in table if key not in own}, options, Budget()), **own)


def _options(table: _Tables, options: tuple[Option[Any], ...], budget: Budget) -> dict[str, Any]:
    """The values of the options of rules or channels that differ from their defaults."""
    given = dict(table)
    found = {}
    for option in options:
        name = option.name.removesuffix("_nano") + "_usd" * option.name.endswith("_nano")
        value = given.pop(name, None)
        found[option.name] = _option(value, option, budget)
    if given:
        raise KeyError(next(iter(given)))
    return set_options(options, found)


def _option(value: Any, option: Option[Any], budget: Budget) -> Any:
    if isinstance(option, LinesOption):
        lines = _lines(value or {}, option.default)
        if option.warning_from and "warning_usd" not in (value or {}):
            return replace(lines, warning_nano=option.warning_from(budget))
        return lines
    if isinstance(option, FillsOption):
        return replace(
            option.default, **_checked(value or {}, dict.fromkeys(("notice", "warning", "cutoff"), alert_values.fill))
        )
    assert isinstance(option, ValueOption)
    return option.default if value is None else option.check(value)


def _lines(table: _Tables, default: Lines) -> Lines:
    found = _checked(table, dict.fromkeys(("notice_usd", "warning_usd", "cutoff_usd"), alert_values.line))
    return replace(default, **{key.removesuffix("_usd") + "_nano": value for key, value in found.items()})
