"""Changed copies of records, be they the package's or the tests' own."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast

from msgspec import Struct, structs

Record = TypeVar("Record")


def replace(record: Record, **changes: Any) -> Record:
    """A copy of the record with these fields changed."""
    if isinstance(record, Struct):
        return cast(Record, structs.replace(record, **changes))
    return cast(Record, dataclasses.replace(cast(Any, record), **changes))
