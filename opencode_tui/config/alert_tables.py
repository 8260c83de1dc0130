"""The tables of config.toml on alerts, channels and the guard's caps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from msgspec.structs import fields, replace
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, create_model

from opencode_tui.config import alert_values as values
from opencode_tui.config.settings import Alerts, Budget, Channels, Fills, GuardCaps, Lines, SpendRule
from opencode_tui.config.table import Amount, Table, Text
from opencode_tui.records.alerts import Period, Scope

ALERTS, CHANNELS, GUARD, RULE = Alerts(), Channels(), GuardCaps(), SpendRule()

Line = Annotated[int | None, PlainValidator(values.line)]
Step = Annotated[int, PlainValidator(values.step)]
Fill = Annotated[int | None, PlainValidator(values.fill)]
Count = Annotated[int, PlainValidator(values.count)]
From = Annotated[values.From, PlainValidator(values.level)]
RuleName = Annotated[str, AfterValidator(values.rule_name)]


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


class LinesTable(Table):
    """Amounts in USD; a missing level keeps the rule's default."""

    notice_nano: Line = None
    warning_nano: Line = None
    cutoff_nano: Line = None

    def lines(self) -> Lines:
        return Lines(self.notice_nano, self.warning_nano, self.cutoff_nano)


class FillsTable(Table):
    """Integer percentages; a missing level keeps the rule's default."""

    notice: Fill = None
    warning: Fill = None
    cutoff: Fill = None

    def lines(self) -> Fills:
        return Fills(self.notice, self.warning, self.cutoff)


class SpendRuleTable(LinesTable):
    scope: Annotated[Scope, PlainValidator(values.scope)] = RULE.scope
    period: Annotated[Period, PlainValidator(values.period)] = RULE.period
    only: Text = RULE.only

    def rule(self) -> SpendRule:
        return SpendRule(self.lines(), self.scope, self.period, self.only)


def _rule_keys() -> Iterator[tuple[str, Any]]:
    """A field for each rule of the Alerts record with its default: a table for lines, a number for others."""
    for name, default in _fields(ALERTS).items():
        if isinstance(default, Lines | Fills):
            base, kind = (LinesTable, Line) if isinstance(default, Lines) else (FillsTable, Fill)
            lines: dict[str, Any] = {level: (kind, line) for level, line in _fields(default).items()}
            table = create_model(base.__name__, __base__=base, **lines)
            yield name, (table, table())
        elif isinstance(default, int):
            yield name, (Step if name.endswith("_nano") else Count, default)


_RuleTable: Any = create_model("RuleTable", __base__=Table, **dict(_rule_keys()))


class AlertsTable(_RuleTable):  # type: ignore[misc]  # its keys are those of the record
    spend: Annotated[dict[RuleName, SpendRuleTable], BeforeValidator(values.rules)] = Field(default_factory=dict)

    def alerts(self, budget: Budget) -> Alerts:
        given = {name: getattr(self, name) for name in _fields(ALERTS)}
        given = {
            name: each.lines() if isinstance(each, LinesTable | FillsTable) else each for name, each in given.items()
        }
        if "warning_nano" not in self.week.model_fields_set:
            given["week"] = replace(given["week"], warning_nano=budget.week_target_nano)
        return Alerts(**given | {"spend": {name: table.rule() for name, table in self.spend.items()}})


_levels: dict[str, Any] = {
    name: (From, default) for name, default in _fields(CHANNELS).items() if isinstance(default, str)
}
_LevelTable: Any = create_model("LevelTable", __base__=Table, **_levels)


class ChannelsTable(_LevelTable):  # type: ignore[misc]  # the level of each channel that the record has
    webhook_url_file: Annotated[Path | None, PlainValidator(values.url_file)] = CHANNELS.webhook_url_file
    command_line: Annotated[tuple[str, ...], PlainValidator(values.command_line)] = CHANNELS.command_line

    def channels(self) -> Channels:
        return Channels(**{name: getattr(self, name) for name in _fields(CHANNELS)})


class GuardTable(Table):
    projects: Annotated[dict[Annotated[str, AfterValidator(values.project)], Amount], BeforeValidator(values.caps)] = (
        Field(default_factory=dict)
    )
    agents: Annotated[dict[Text, Amount], BeforeValidator(values.caps)] = Field(default_factory=dict)

    def caps(self) -> GuardCaps:
        return GuardCaps(self.projects, self.agents)
