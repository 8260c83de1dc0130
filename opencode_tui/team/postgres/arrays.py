"""Rows that a statement takes as one array a column, which PostgreSQL makes rows of."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import starmap
from typing import Any

from sqlalchemy import ARRAY, bindparam, column, func


def rows_of_arrays(name: str, types: Mapping[str, Any]) -> Any:
    """A table of this name with a column for each of `types`, SQLAlchemy's: the parameter of its name and a `_`."""
    arrays = (bindparam(f"{key}_", type_=ARRAY(type_)) for key, type_ in types.items())
    return func.unnest(*arrays).table_valued(*starmap(column, types.items())).render_derived(name)
