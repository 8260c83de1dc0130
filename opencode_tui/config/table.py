"""What all tables of config.toml share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainValidator

from opencode_tui.config import values

Amount = Annotated[int, PlainValidator(values.amount)]
Text = Annotated[str, PlainValidator(values.text)]


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid")
