"""What config.toml may hold, as pydantic models, and how it becomes the Settings records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from opencode_tui.config import values as values
from opencode_tui.config.errors import Key
from opencode_tui.settings import Budget, Chart, CustomPrice, Poll, Pricing, Privacy, Settings, Ui

DEFAULT = Settings()

Amount = Annotated[int, PlainValidator(values.amount)]
Price = Annotated[int, PlainValidator(values.price)]
Text = Annotated[str, PlainValidator(values.text)]
ModelKey = Annotated[str, AfterValidator(values.model_key)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BudgetTable(Table):
    warning_usd: Amount = DEFAULT.budget.warning_nano
    cutoff_usd: Amount = DEFAULT.budget.cutoff_nano
    week_target_usd: Amount = DEFAULT.budget.week_target_nano


class ChartTable(Table):
    warning_usd: Amount = DEFAULT.chart.warning_nano
    cutoff_usd: Amount = DEFAULT.chart.cutoff_nano


class CustomPriceTable(Table):
    input: Price = CustomPrice().input
    output: Price = CustomPrice().output
    cache_read: Price = CustomPrice().cache_read
    cache_write: Price = CustomPrice().cache_write


CustomPrices = Annotated[dict[ModelKey, CustomPriceTable], BeforeValidator(values.price_table)]


class PricingTable(Table):
    prefer: Annotated[Literal["recorded", "list"], PlainValidator(values.preference)] = DEFAULT.pricing.prefer
    custom: CustomPrices = Field(default_factory=dict)


class PollTable(Table):
    interval_s: Annotated[float, PlainValidator(values.interval)] = DEFAULT.poll.interval_s


class PrivacyTable(Table):
    show_prompts: Annotated[bool, PlainValidator(values.switch)] = DEFAULT.privacy.show_prompts


class UiTable(Table):
    theme: Text = DEFAULT.ui.theme
    mouse: Annotated[bool, PlainValidator(values.switch)] = DEFAULT.ui.mouse


class Document(BaseSettings):
    """What config.toml holds; its keys are the names of the Settings records, with `_usd` for `_nano`."""

    model_config = SettingsConfigDict(extra="forbid", case_sensitive=True, validate_default=False)

    data_dirs: Annotated[tuple[Path, ...], PlainValidator(values.directories)] = DEFAULT.data_dirs
    ledger: Annotated[Path | None, PlainValidator(values.file_path)] = DEFAULT.ledger
    machine: Text = DEFAULT.machine
    timezone: Annotated[str, PlainValidator(values.zone)] = DEFAULT.timezone
    budget: BudgetTable = BudgetTable()
    chart: ChartTable = ChartTable()
    pricing: PricingTable = PricingTable()
    poll: PollTable = PollTable()
    privacy: PrivacyTable = PrivacyTable()
    ui: UiTable = UiTable()

    def settings(self) -> Settings:
        custom = {
            model: CustomPrice(price.input, price.output, price.cache_read, price.cache_write)
            for model, price in self.pricing.custom.items()
        }
        budget, chart = self.budget, self.chart
        return Settings(
            data_dirs=self.data_dirs,
            ledger=self.ledger,
            machine=self.machine,
            timezone=self.timezone,
            budget=Budget(budget.warning_usd, budget.cutoff_usd, budget.week_target_usd),
            chart=Chart(chart.warning_usd, chart.cutoff_usd),
            pricing=Pricing(self.pricing.prefer, custom),
            poll=Poll(self.poll.interval_s),
            privacy=Privacy(self.privacy.show_prompts),
            ui=Ui(self.ui.theme, self.ui.mouse),
        )


# By path, what each table may hold; the keys alone, as flags and variables name them.
TABLES: dict[Key, type[BaseModel]] = {(): Document} | {
    (name,): field.annotation
    for name, field in Document.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Table)
}
KEYS = [(*path, key) for path, table in TABLES.items() for key in table.model_fields if (key,) not in TABLES]
