"""What config.toml may say of alerts, of where they go, and of the guard's caps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

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


class LinesTable(Table):
    """What is left out keeps the rule's default."""

    notice_nano: Line = None
    warning_nano: Line = None
    cutoff_nano: Line = None

    def lines(self) -> Lines:
        return Lines(self.notice_nano, self.warning_nano, self.cutoff_nano)


class SessionTable(LinesTable):
    notice_nano: Line = ALERTS.session.notice_nano
    warning_nano: Line = ALERTS.session.warning_nano


class RateTable(LinesTable):
    warning_nano: Line = ALERTS.rate.warning_nano


class ContextTable(Table):
    notice: Fill = ALERTS.context.notice
    warning: Fill = ALERTS.context.warning
    cutoff: Fill = ALERTS.context.cutoff


class SpendRuleTable(LinesTable):
    scope: Annotated[Scope, PlainValidator(values.scope)] = RULE.scope
    period: Annotated[Period, PlainValidator(values.period)] = RULE.period
    only: Text = RULE.only

    def rule(self) -> SpendRule:
        return SpendRule(self.lines(), self.scope, self.period, self.only)


class AlertsTable(Table):
    every_calls: Count = ALERTS.every_calls
    every_nano: Step = ALERTS.every_nano
    every_minutes: Count = ALERTS.every_minutes
    subagent_depth: Count = ALERTS.subagent_depth
    same_call: Count = ALERTS.same_call
    same_file: Count = ALERTS.same_file
    week: LinesTable = LinesTable()
    month: LinesTable = LinesTable()
    session: SessionTable = SessionTable()
    subagent: LinesTable = LinesTable()
    rate: RateTable = RateTable()
    context: ContextTable = ContextTable()
    spend: Annotated[dict[RuleName, SpendRuleTable], BeforeValidator(values.rules)] = Field(default_factory=dict)

    def alerts(self, budget: Budget) -> Alerts:
        week = self.week.lines()
        if "warning_nano" not in self.week.model_fields_set:
            week = Lines(week.notice_nano, budget.week_target_nano, week.cutoff_nano)
        context = self.context
        return Alerts(
            week=week,
            month=self.month.lines(),
            session=self.session.lines(),
            rate=self.rate.lines(),
            spend={name: table.rule() for name, table in self.spend.items()},
            every_calls=self.every_calls,
            every_nano=self.every_nano,
            every_minutes=self.every_minutes,
            subagent_depth=self.subagent_depth,
            subagent=self.subagent.lines(),
            same_call=self.same_call,
            same_file=self.same_file,
            context=Fills(context.notice, context.warning, context.cutoff),
        )


class ChannelsTable(Table):
    toast: From = CHANNELS.toast
    bell: From = CHANNELS.bell
    desktop: From = CHANNELS.desktop
    webhook: From = CHANNELS.webhook
    webhook_url_file: Annotated[Path | None, PlainValidator(values.url_file)] = CHANNELS.webhook_url_file
    command: From = CHANNELS.command
    command_line: Annotated[tuple[str, ...], PlainValidator(values.command_line)] = CHANNELS.command_line

    def channels(self) -> Channels:
        return Channels(
            toast=self.toast,
            bell=self.bell,
            desktop=self.desktop,
            webhook=self.webhook,
            webhook_url_file=self.webhook_url_file,
            command=self.command,
            command_line=self.command_line,
        )


class GuardTable(Table):
    projects: Annotated[dict[Annotated[str, AfterValidator(values.project)], Amount], BeforeValidator(values.caps)] = (
        Field(default_factory=dict)
    )
    agents: Annotated[dict[Text, Amount], BeforeValidator(values.caps)] = Field(default_factory=dict)

    def caps(self) -> GuardCaps:
        return GuardCaps(self.projects, self.agents)
