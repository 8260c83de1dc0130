"""A table's column: its cells, its width, its sort order, and its total over a group."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct
from rich.text import Text

from opencode_tui.analysis.session_list import Sort

TableRow = TypeVar("TableRow", contravariant=True)
CellContext = TypeVar("CellContext", contravariant=True)
Group = TypeVar("Group", contravariant=True)

Cell = Text | str
"""A cell's text, never interpreted as markup. A style such as `$success` is a colour of the theme."""


class Column(Struct, Generic[TableRow, CellContext, Group], frozen=True):
    """One column of a table of `TableRow`s. `CellContext` holds what cells need besides their row, such as the time."""

    key: str
    """Unique within a table."""
    header: str
    cell: Callable[[TableRow, CellContext], Cell]
    width: int | Callable[[CellContext], int] | None
    """In terminal cells, for a column that grows the minimum. None: as wide as its header and its widest cell."""
    align: Literal["left", "right"] = "left"
    grow: bool = False
    """Whether it takes the width that other columns leave."""
    max_width: int | None = None
    drop_at: int = 0
    """Rank in a table that is too narrow: the columns of the highest rank are dropped first, those of 0 never."""
    grow_min: int | None = None
    """Minimum of the columns that grow while no column of a higher rank is shown; None: their own width."""
    min_table: int = 0
    """Shown in tables of at least so many cells."""
    max_table: int = sys.maxsize
    """Shown in tables of at most so many cells."""
    sort: Sort[TableRow] | None = None
    fitted: Callable[[TableRow, CellContext, int], Cell] | None = None
    """Its cell in so many terminal cells, where more than its end has to give way; None: `cell` is cut."""
    total: Callable[[Group], Cell] | None = None
    """Its cell in the heading of a group of rows; None leaves it empty."""


AnyColumn = Column[Any, Any, Any]


def sorts(columns: Iterable[Column[TableRow, CellContext, Group]]) -> dict[str, Sort[TableRow]]:
    """Every order that the columns offer, by name, in the order of the columns."""
    return {column.sort.name: column.sort for column in columns if column.sort is not None}


def next_sort(
    columns: Iterable[Column[TableRow, CellContext, Group]], current: Sort[TableRow], steps: int
) -> Sort[TableRow]:
    """The order so many of the columns after the current one; of an unknown one, the first or the last of them."""
    orders = list(sorts(columns).values()) or [current]
    names = [order.name for order in orders]
    at = names.index(current.name) if current.name in names else -steps if steps > 0 else 0
    return orders[(at + steps) % len(orders)]
