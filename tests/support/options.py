"""Settings of rules and channels by name, as their files declare them."""

from __future__ import annotations

from typing import Any

from opencode_tui.config.options import Option, declared
from opencode_tui.config.settings import Alerts, Channels

RULE_OPTIONS = {option.name: option for option in declared().alerts}
INSIGHT_OPTIONS = {option.name: option for option in declared().insights}
CHANNEL_OPTIONS = {option.name: option for option in declared().channels}


def alert_settings(record: Alerts | None = None, **values: Any) -> Alerts:
    """The rules' settings with these; the others are those of the record, or the defaults."""
    record = record or Alerts()
    spend = values.pop("spend", record.spend)
    return Alerts(spend, _not_defaults(RULE_OPTIONS, {**record.options, **values}))


def channel_settings(*, toast: Any = "notice", bell: Any = "warning", **values: Any) -> Channels:
    return Channels(toast, bell, _not_defaults(CHANNEL_OPTIONS, values))


def option(name: str) -> Option[Any]:
    """The option of this name, such as `same_call` or `webhook_url_file`."""
    return (RULE_OPTIONS | CHANNEL_OPTIONS)[name]


def value(record: Alerts | Channels, name: str) -> Any:
    """The value of an option in a record."""
    return option(name).of(record)


def _not_defaults(options: dict[str, Option[Any]], values: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in values.items() if each != options[name].default}
