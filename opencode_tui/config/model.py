"""The pydantic models of config.toml, and their conversion to the Settings records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    create_model,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from opencode_tui.config import held_values, price_values, values
from opencode_tui.config.alert_tables import (
    AlertsTable,
    ChannelsTable,
    InsightsTable,
    SpendRuleTable,
    with_options,
)
from opencode_tui.config.errors import SettingKey
from opencode_tui.config.held_tables import BudgetTables, GuardTable, NamedBudgetTable, RateTable, Tags
from opencode_tui.config.options import Declared
from opencode_tui.config.quota_tables import NetworkTable, QuotaPlanTable, QuotaPlanTables
from opencode_tui.config.settings import Budget, Chart, CustomPrice, CustomTier, Poll, Pricing, Privacy, Settings, Ui
from opencode_tui.config.table import Amount, Table, Text, keys_in
from opencode_tui.config.team_tables import TeamTable

DEFAULTS = Settings()
TABLE, TABLES = "[table]", "[tables]"
"""What pydantic calls the two forms of a model's custom prices in the place of an error."""

Price = Annotated[int, PlainValidator(values.price)]
ModelKey = Annotated[str, AfterValidator(values.custom_price_key)]


class BudgetTable(Table):
    warning_nano: Amount = DEFAULTS.budget.warning_nano
    cutoff_nano: Amount = DEFAULTS.budget.cutoff_nano
    week_target_nano: Amount = DEFAULTS.budget.week_target_nano


class ChartTable(Table):
    warning_nano: Amount = DEFAULTS.chart.warning_nano
    cutoff_nano: Amount = DEFAULTS.chart.cutoff_nano


class CustomPriceTable(Table):
    input: Price = CustomPrice().input
    output: Price = CustomPrice().output
    cache_read: Price = CustomPrice().cache_read
    cache_write: Price = CustomPrice().cache_write
    from_: Annotated[date | None, PlainValidator(price_values.first_day)] = CustomPrice().from_
    hours: Annotated[tuple[int, int] | None, PlainValidator(price_values.hours_of_day)] = CustomPrice().hours
    zone: Annotated[str, PlainValidator(values.zone)] = CustomPrice().zone
    tiers: Annotated[tuple[CustomTier, ...], PlainValidator(price_values.tiers_of_context)] = CustomPrice().tiers

    def price(self) -> CustomPrice:
        return CustomPrice(**{name: getattr(self, name) for name in type(self).model_fields})


def _distinct(tables: list[CustomPriceTable]) -> list[CustomPriceTable]:
    price_values.distinct([table.price() for table in tables])
    return tables


OnePrice = Annotated[CustomPriceTable, Tag(TABLE)]
MorePrices = Annotated[list[CustomPriceTable], AfterValidator(_distinct), Tag(TABLES)]
CustomPrices = Annotated[
    dict[
        ModelKey,
        Annotated[OnePrice | MorePrices, Discriminator(lambda value: TABLES if isinstance(value, list) else TABLE)],
    ],
    BeforeValidator(values.price_table),
]


class PricingTable(Table):
    prefer: Annotated[Literal["recorded", "list"], PlainValidator(values.preference)] = DEFAULTS.pricing.prefer
    custom: CustomPrices = Field(default_factory=dict)


class PollTable(Table):
    interval_s: Annotated[float, PlainValidator(values.interval)] = DEFAULTS.poll.interval_s


class PrivacyTable(Table):
    show_prompts: Annotated[bool, PlainValidator(values.switch)] = DEFAULTS.privacy.show_prompts
    other_projects: Annotated[bool, PlainValidator(values.switch)] = DEFAULTS.privacy.other_projects


class UiTable(Table):
    theme: Text = DEFAULTS.ui.theme
    mouse: Annotated[bool, PlainValidator(values.switch)] = DEFAULTS.ui.mouse


class SettingsDocument(BaseSettings):
    """All of config.toml but what rules and channels declare, which `document_with` adds.

    Fields are named as in the Settings records, keys with `_usd` for `_nano`.
    """

    declared: ClassVar[Declared] = Declared()
    model_config = SettingsConfigDict(extra="forbid", case_sensitive=True, validate_default=False)

    data_dirs: Annotated[tuple[Path, ...], PlainValidator(values.directories_setting)] = DEFAULTS.data_dirs
    ledger: Annotated[Path | None, PlainValidator(values.file_path)] = DEFAULTS.ledger
    machine: Text = DEFAULTS.machine
    timezone: Annotated[str, PlainValidator(values.zone)] = DEFAULTS.timezone
    environment: Annotated[str, PlainValidator(held_values.environment_name)] = DEFAULTS.environment
    budget: BudgetTable = BudgetTable()
    chart: ChartTable = ChartTable()
    pricing: PricingTable = PricingTable()
    poll: PollTable = PollTable()
    alerts: AlertsTable = AlertsTable()
    channels: ChannelsTable = ChannelsTable()
    insights: InsightsTable = InsightsTable()
    guard: GuardTable = GuardTable()
    budgets: BudgetTables = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)
    network: NetworkTable = NetworkTable()
    quota: QuotaPlanTables = Field(default_factory=dict)
    team: TeamTable = TeamTable()
    privacy: PrivacyTable = PrivacyTable()
    ui: UiTable = UiTable()

    def settings(self) -> Settings:
        custom = {
            model: tuple(table.price() for table in (prices if isinstance(prices, list) else [prices]))
            for model, prices in self.pricing.custom.items()
        }
        chart = self.chart
        budget = Budget(self.budget.warning_nano, self.budget.cutoff_nano, self.budget.week_target_nano)
        return Settings(
            data_dirs=self.data_dirs,
            ledger=self.ledger,
            machine=self.machine,
            timezone=self.timezone,
            environment=self.environment,
            budget=budget,
            chart=Chart(chart.warning_nano, chart.cutoff_nano),
            pricing=Pricing(self.pricing.prefer, custom),
            poll=Poll(self.poll.interval_s),
            alerts=self.alerts.alerts(budget, self.declared.alerts),
            channels=self.channels.channels(self.declared.channels),
            insights=self.insights.insights(self.declared.insights),
            guard=self.guard.caps(),
            budgets={name: table.budget() for name, table in self.budgets.items()},
            tags=self.tags,
            network=self.network.network(),
            quota={name: table.plan(name) for name, table in self.quota.items()},
            team=self.team.team(),
            privacy=Privacy(self.privacy.show_prompts, self.privacy.other_projects),
            ui=Ui(self.ui.theme, self.ui.mouse),
        )


@cache
def document_with(declared: Declared) -> type[SettingsDocument]:
    """The document with the keys that rules and channels declare."""
    alerts = with_options(AlertsTable, declared.alerts)
    channels = with_options(ChannelsTable, declared.channels)
    insights = with_options(InsightsTable, declared.insights)
    tables: dict[str, Any] = {
        "alerts": (alerts, alerts()),
        "channels": (channels, channels()),
        "insights": (insights, insights()),
    }
    document = create_model("SettingsDocument", __base__=SettingsDocument, **tables)
    document.declared = declared
    return document


NAMED_TABLES: dict[SettingKey, type[BaseModel]] = {
    ("pricing", "custom"): CustomPriceTable,
    ("alerts", "spend"): SpendRuleTable,
    ("quota",): QuotaPlanTable,
    ("guard", "rates"): RateTable,
    ("budgets",): NamedBudgetTable,
}
"""The model of tables that the user names, by the path of their parent."""


def tables_in(document: type[BaseModel]) -> dict[SettingKey, type[BaseModel]]:
    """The model of each table, by path."""
    return dict(_tables(document))


def _tables(table: type[BaseModel], path: SettingKey = ()) -> Iterator[tuple[SettingKey, type[BaseModel]]]:
    yield path, table
    for name, field in table.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Table):
            yield from _tables(field.annotation, (*path, name))


def all_keys(tables: Mapping[SettingKey, type[BaseModel]]) -> list[SettingKey]:
    """All keys that are no tables, as flags and variables name them."""
    return [(*path, key) for path, table in tables.items() for key in keys_in(table) if (*path, key) not in tables]
