"""The base of config.toml's tables."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator

from opencode_tui.config import values

Amount = Annotated[int, PlainValidator(values.amount_setting)]
"""Nano-dollars in the record, USD in the file."""
Text = Annotated[str, PlainValidator(values.text_setting)]


def file_key(field: str) -> str:
    """The file's key of a field: `warning_usd` for `warning_nano`, `from` for `from_`."""
    return field.removesuffix("_nano") + "_usd" if field.endswith("_nano") else field.rstrip("_")


def keys_in(table: type[BaseModel]) -> list[str]:
    """The keys that a table may hold."""
    return [field.alias or name for name, field in table.model_fields.items()]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=file_key)
