"""Frozen records as JSON: amounts in USD (`_usd`), moments as ISO 8601 with the offset (`_at`)."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from opencode_tui.clock import Calendar
from opencode_tui.money import usd


def as_json(record: Any, calendar: Calendar) -> Any:
    """The record as objects, lists, strings and numbers; exact to 1e-9 USD.

    A field `spent_nano` becomes `spent_usd`, a field `taken_ms` becomes `taken_at`. A pair of a curve is
    [moment, USD].
    """
    if is_dataclass(record) and not isinstance(record, type):
        return dict(_field(field.name, getattr(record, field.name), calendar) for field in fields(record))
    if isinstance(record, tuple):
        return [as_json(item, calendar) for item in record]
    if isinstance(record, date):
        return record.isoformat()
    return record


def _field(name: str, value: Any, calendar: Calendar) -> tuple[str, Any]:
    if name == "curve":
        return name, [[calendar.iso(at), usd(nano)] for at, nano in value]
    if name.endswith("_nano"):
        return name.removesuffix("_nano") + "_usd", None if value is None else usd(value)
    if name.endswith("_ms"):
        return name.removesuffix("_ms").removesuffix("_at") + "_at", None if value is None else calendar.iso(value)
    return name, as_json(value, calendar)
