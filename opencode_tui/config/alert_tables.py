"""The tables of config.toml on alerts, channels and insights."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from msgspec.structs import fields, replace
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, create_model

from opencode_tui.config import alert_values as values
from opencode_tui.config.options import LinesOption, Option, ValueOption, set_options
from opencode_tui.config.settings import (
    Alerts,
    Budget,
    Channels,
    Fills,
    Insights,
    LevelOrOff,
    Lines,
    SpendRule,
)
from opencode_tui.config.table import Table, Text
from opencode_tui.config.values import switch
from opencode_tui.records.alerts import Period, Scope

RULE = SpendRule()

LineAmount = Annotated[int | None, PlainValidator(values.line)]
FillPercent = Annotated[int | None, PlainValidator(values.fill)]
ChannelLevel = Annotated[LevelOrOff, PlainValidator(values.level)]
RuleName = Annotated[str, AfterValidator(values.rule_name)]


class LinesTable(Table):
    """Amounts in USD; a missing level keeps the rule's default."""

    notice_nano: LineAmount = None
    warning_nano: LineAmount = None
    cutoff_nano: LineAmount = None

    def lines(self) -> Lines:
        return Lines(self.notice_nano, self.warning_nano, self.cutoff_nano)


class FillsTable(Table):
    """Integer percentages; a missing level keeps the rule's default."""

    notice: FillPercent = None
    warning: FillPercent = None
    cutoff: FillPercent = None

    def lines(self) -> Fills:
        return Fills(self.notice, self.warning, self.cutoff)


class SpendRuleTable(LinesTable):
    scope: Annotated[Scope, PlainValidator(values.scope)] = RULE.scope
    period: Annotated[Period, PlainValidator(values.period)] = RULE.period
    only: Text = RULE.only

    def rule(self) -> SpendRule:
        return SpendRule(self.lines(), self.scope, self.period, self.only)


class AlertsTable(Table):
    """The keys of [alerts] that belong to no single rule; `with_options` adds the others."""

    spend: Annotated[dict[RuleName, SpendRuleTable], BeforeValidator(values.rules)] = Field(default_factory=dict)

    def alerts(self, budget: Budget, options: tuple[Option[Any], ...]) -> Alerts:
        given = {option.name: self._value(option, budget) for option in options}
        return Alerts({name: table.rule() for name, table in self.spend.items()}, set_options(options, given))

    def _value(self, option: Option[Any], budget: Budget) -> Any:
        value = getattr(self, option.name)
        if not isinstance(value, LinesTable | FillsTable):
            return value
        lines = value.lines()
        if isinstance(option, LinesOption) and option.warning_from and "warning_nano" not in value.model_fields_set:
            return replace(lines, warning_nano=option.warning_from(budget))
        return lines


class ChannelsTable(Table):
    """The keys of [channels] that belong to the screen; `with_options` adds the others."""

    toast: ChannelLevel = Channels().toast
    bell: ChannelLevel = Channels().bell

    def channels(self, options: tuple[Option[Any], ...]) -> Channels:
        given = {option.name: getattr(self, option.name) for option in options}
        return Channels(self.toast, self.bell, set_options(options, given))


class InsightsTable(Table):
    """The keys of [insights] that belong to no rule; `with_options` adds the others."""

    git: Annotated[bool, PlainValidator(switch)] = Insights().git

    def insights(self, options: tuple[Option[Any], ...]) -> Insights:
        given = {option.name: getattr(self, option.name) for option in options}
        return Insights(set_options(options, given), self.git)


Keyed = TypeVar("Keyed", bound=Table)


def with_options(table: type[Keyed], options: tuple[Option[Any], ...]) -> type[Keyed]:
    """The table with a key for each option."""
    keys: dict[str, Any] = {option.name: _key(option) for option in options}
    return create_model(table.__name__, __base__=table, **keys)


def _key(option: Option[Any]) -> tuple[Any, Any]:
    """The type and the default of an option's key."""
    if isinstance(option, ValueOption):
        return Annotated[Any, PlainValidator(option.check)], option.default
    base, kind = (LinesTable, LineAmount) if isinstance(option, LinesOption) else (FillsTable, FillPercent)
    lines: dict[str, Any] = {each.name: (kind, getattr(option.default, each.name)) for each in fields(option.default)}
    table = create_model(base.__name__, __base__=base, **lines)
    return table, table()
