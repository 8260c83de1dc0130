"""The tables of config.toml on quotas and on the network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from opencode_tui.config import network_values, quota_values, values
from opencode_tui.config.settings import Network, QuotaPlan, QuotaUnit
from opencode_tui.config.table import Table

NETWORK, PLAN = Network(), QuotaPlan()

Address = Annotated[str, PlainValidator(network_values.base_url)]
Switch = Annotated[bool, PlainValidator(values.switch)]


class NetworkTable(Table):
    opencode_go: Switch = NETWORK.opencode_go
    zen: Switch = NETWORK.zen
    opencode_go_url: Address = NETWORK.opencode_go_url
    zen_url: Address = NETWORK.zen_url
    console_url: Address = NETWORK.console_url
    console_cookie_file: Annotated[Path | None, PlainValidator(network_values.cookie_file)] = (
        NETWORK.console_cookie_file
    )

    def network(self) -> Network:
        return Network(**{name: getattr(self, name) for name in type(self).model_fields})


class QuotaPlanTable(Table):
    providers: Annotated[tuple[str, ...], PlainValidator(quota_values.plan_providers)] = PLAN.providers
    windows: Annotated[dict[str, int], PlainValidator(quota_values.window_caps)] = Field(default_factory=dict)
    unit: Annotated[QuotaUnit, PlainValidator(quota_values.quota_unit)] = PLAN.unit
    counts: Annotated[dict[str, int], PlainValidator(quota_values.model_counts)] = Field(default_factory=dict)
    zone: Annotated[str, PlainValidator(values.zone)] = PLAN.zone
    month_day: Annotated[int, PlainValidator(quota_values.first_of_month)] = PLAN.month_day

    def plan(self, name: str) -> QuotaPlan:
        return quota_values.plan_of(name, {field: getattr(self, field) for field in self.model_fields_set})


QuotaPlanTables = Annotated[
    dict[Annotated[str, AfterValidator(quota_values.plan_name)], QuotaPlanTable],
    BeforeValidator(quota_values.plan_tables),
]
