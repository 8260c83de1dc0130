"""The tables of config.toml on what the guard holds: its caps, rates, loops, and budgets with an owner."""

from __future__ import annotations

from typing import Annotated, cast

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from opencode_tui.config import alert_values, held_values
from opencode_tui.config.held import HeldScope, NamedBudget, RateLimit, RateScope
from opencode_tui.config.settings import GuardCaps
from opencode_tui.config.table import Amount, Table, Text
from opencode_tui.records.alerts import Period

GUARD, RATE, BUDGET = GuardCaps(), RateLimit(), NamedBudget()

CountOrOff = Annotated[int, PlainValidator(alert_values.count_setting)]
AmountOrOff = Annotated[int, PlainValidator(alert_values.step)]
Line = Annotated[int | None, PlainValidator(alert_values.line)]
HeldName = Annotated[str, AfterValidator(held_values.held_name)]


class RateTable(Table):
    calls_a_minute: CountOrOff = RATE.calls_a_minute
    hour_nano: AmountOrOff = RATE.hour_nano
    scope: Annotated[RateScope, PlainValidator(held_values.rate_scope)] = RATE.scope
    only: Text = RATE.only

    def rate(self) -> RateLimit:
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return cast(RateLimit, held_values.with_whole_path(RateLimit(**given)))


class NamedBudgetTable(Table):
    scope: Annotated[HeldScope, PlainValidator(held_values.budget_scope)] = BUDGET.scope
    only: Text = BUDGET.only
    period: Annotated[Period, PlainValidator(alert_values.period)] = BUDGET.period
    owner: Text = BUDGET.owner
    warning_nano: Line = BUDGET.warning_nano
    cutoff_nano: Line = BUDGET.cutoff_nano
    ci_nano: Line = BUDGET.ci_nano
    automation_nano: Line = BUDGET.automation_nano
    background_nano: Line = BUDGET.background_nano

    def budget(self) -> NamedBudget:
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return cast(NamedBudget, held_values.with_whole_path(NamedBudget(**given)))


RateTables = Annotated[dict[HeldName, RateTable], BeforeValidator(held_values.rate_tables)]
BudgetTables = Annotated[dict[HeldName, NamedBudgetTable], BeforeValidator(held_values.budget_tables)]
Tags = Annotated[
    dict[HeldName, Annotated[tuple[str, ...], PlainValidator(held_values.patterns)]],
    BeforeValidator(held_values.tag_table),
]
Caps = BeforeValidator(alert_values.caps)


class GuardTable(Table):
    calls_a_minute: CountOrOff = GUARD.calls_a_minute
    hour_nano: AmountOrOff = GUARD.hour_nano
    identical_calls: CountOrOff = GUARD.identical_calls
    subagent_nano: AmountOrOff = GUARD.subagent_nano
    projects: Annotated[dict[Annotated[str, AfterValidator(alert_values.project)], Amount], Caps] = Field(
        default_factory=dict
    )
    agents: Annotated[dict[Text, Amount], Caps] = Field(default_factory=dict)
    rates: RateTables = Field(default_factory=dict)

    def caps(self) -> GuardCaps:
        given = {name: getattr(self, name) for name in type(self).model_fields}
        return GuardCaps(**given | {"rates": {name: table.rate() for name, table in self.rates.items()}})
