"""Settings that the file of a rule or a channel declares for itself: keys below [alerts], [channels] and [insights]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct

from opencode_tui.config.settings import Alerts, Budget, Channels, Fills, Insights, Lines

T = TypeVar("T")


class Option(Struct, Generic[T], frozen=True):
    """A setting with its default. Amounts are nano-dollars, and their names end in `_nano`."""

    name: str
    """The file's key, with `_usd` in place of `_nano`."""
    default: T

    def of(self, record: Alerts | Channels | Insights) -> T:
        """Its value in the settings."""
        return cast(T, record.options.get(self.name, self.default))


class ValueOption(Option[T], Generic[T], frozen=True):
    """A single value."""

    check: Callable[[object], T]
    """Converts a value from TOML or text. Raises ValueError with what is wrong and what to write."""


class LinesOption(Option[Lines], frozen=True):
    """A table with an amount for each level."""

    warning_from: Callable[[Budget], int] | None = None
    """The warning's amount if none is given; None uses the default."""


class FillsOption(Option[Fills], frozen=True):
    """A table with a percentage for each level."""


class Declared(Struct, frozen=True):
    """All settings that rules and channels declare."""

    alerts: tuple[Option[Any], ...] = ()
    channels: tuple[Option[Any], ...] = ()
    insights: tuple[Option[Any], ...] = ()


def declared() -> Declared:
    """The declarations of all rules and channels.

    Imports them, which is why `load_settings` calls this only when such a setting may be given.
    """
    from opencode_tui.alerts import channels, rules
    from opencode_tui.analysis import insights
    from opencode_tui.config import alert_values

    checks = {"count": alert_values.count_setting, "percent": alert_values.percentage, "usd": alert_values.step}
    thresholds = tuple(ValueOption(each.name, each.default, checks[each.unit]) for each in insights.THRESHOLDS)
    return Declared(rules.OPTIONS, channels.OPTIONS, thresholds)


def set_options(options: tuple[Option[Any], ...], values: dict[str, Any]) -> dict[str, Any]:
    """The values by option name, without those that equal their defaults."""
    return {option.name: values[option.name] for option in options if values[option.name] != option.default}
