"""JSON Lines: an object for each call, with the names of the CSV and a `schema_version`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO

import orjson

from opencode_tui.money import usd
from opencode_tui.report.export.columns import ValueType, columns_of_calls
from opencode_tui.report.export.request import CallRequest
from opencode_tui.report.export.values import plain_text, utc_moment
from opencode_tui.report.json_values import SCHEMA_VERSION

_JSON: dict[ValueType, Callable[[Any], Any]] = {
    "text": plain_text,
    "count": int,
    "moment": utc_moment,
    "amount": usd,
    "yes_no": bool,
}


def write_jsonl(request: CallRequest, file: TextIO) -> None:
    fields = [(c.usd_name, c.value, _JSON[c.type]) for c in columns_of_calls(request.calendar, request.titles)]
    for call in request.calls:
        row: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        for name, value, form in fields:
            found = value(call)
            row[name] = None if found is None else form(found)
        file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE).decode())
