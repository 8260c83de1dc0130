"""Parquet: the columns of the CSV with their types; amounts are decimals of USD with nine places. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow.parquet import ParquetWriter

from opencode_tui.report.export.columns import CallColumn, ValueType, columns_of_calls
from opencode_tui.report.export.request import CallRequest

_CALLS_AT_ONCE = 10_000
_TYPES: dict[ValueType, Any] = {
    "text": pyarrow.string(),
    "count": pyarrow.int64(),
    "moment": pyarrow.timestamp("ms", tz="UTC"),
    "amount": pyarrow.decimal128(28, 9),
    "yes_no": pyarrow.bool_(),
}


def write_parquet(request: CallRequest, path: Path) -> None:
    columns = columns_of_calls(request.calendar, request.titles)
    schema = pyarrow.schema([_field(column) for column in columns])
    calls = iter(request.calls)
    with ParquetWriter(path, schema, compression="zstd") as writer:
        while taken := list(islice(calls, _CALLS_AT_ONCE)):
            arrays = [pyarrow.array(map(_stored(c), taken), type=_TYPES[c.type], size=len(taken)) for c in columns]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def _field(column: CallColumn) -> Any:
    return pyarrow.field(column.usd_name, _TYPES[column.type], metadata={"meaning": column.meaning})


def _stored(column: CallColumn) -> Callable[[Any], Any]:
    if column.type != "amount":
        return column.value

    def decimal(call: Any) -> Decimal | None:
        nano = column.value(call)
        return None if nano is None else Decimal(nano).scaleb(-9)

    return decimal
