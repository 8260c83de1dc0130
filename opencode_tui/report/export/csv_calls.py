"""CSV: a header, and a line for each call. Amounts are decimals of USD, moments are UTC."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any, TextIO

from opencode_tui.report.export.columns import ValueType, columns_of_calls
from opencode_tui.report.export.request import CallRequest
from opencode_tui.report.export.values import spreadsheet_text, usd_decimal, utc_moment

TEXTS: dict[ValueType, Callable[[Any], str]] = {
    "text": spreadsheet_text,
    "count": str,
    "moment": utc_moment,
    "amount": usd_decimal,
    "yes_no": lambda value: "true" if value else "false",
}


def write_csv(request: CallRequest, file: TextIO) -> None:
    columns = columns_of_calls(request.calendar, request.titles)
    cells = [(column.value, TEXTS[column.type]) for column in columns]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([column.usd_name for column in columns])
    for call in request.calls:
        values = ((value(call), text) for value, text in cells)
        writer.writerow(["" if value is None else text(value) for value, text in values])
