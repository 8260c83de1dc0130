"""The widths of a table's columns, and which are dropped in a narrow table. Widths are in terminal cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from opencode_tui.ui.tables.columns import AnyColumn, Cell, CellContext, Column, Group, TableRow
from opencode_tui.ui.widgets.blocks import width_of

PADDING = 1
"""On either side of a cell's text."""


def column_widths(
    columns: Iterable[Column[TableRow, CellContext, Group]], rows: Iterable[TableRow], context: CellContext
) -> tuple[int, ...]:
    """The width that each column asks for; `rows` are looked at only for columns that are as wide as their cells."""
    all_rows = tuple(rows) if any(column.width is None for column in columns) else ()
    return tuple(_width(column, all_rows, context) for column in columns)


def _width(column: Column[TableRow, CellContext, Group], rows: Sequence[TableRow], context: CellContext) -> int:
    if isinstance(column.width, int):
        return column.width
    if column.width is not None:
        return column.width(context)
    widest = max([width_of(column.header), *(cell_width(column.cell(row, context)) for row in rows)])
    return widest if column.max_width is None else min(widest, column.max_width)


def cell_width(cell: Cell) -> int:
    return cell.cell_len if isinstance(cell, Text) else width_of(cell)


def fit_columns(columns: Sequence[AnyColumn], widths: Sequence[int], width: int) -> tuple[tuple[int, int], ...]:
    """(index, width) of the columns that a table of `width` cells has room for, in their order, without the padding.

    Columns that are never dropped are always included; those that grow shrink for them, down to one cell.
    """
    kept = [i for i, column in enumerate(columns) if column.min_table <= width <= column.max_table]
    while rank := max((columns[i].drop_at for i in kept), default=0):
        last = [i for i in kept if columns[i].drop_at == rank]
        spared = [least for i in last if (least := columns[i].grow_min) is not None]
        needed = (min([widths[i], *spared]) if columns[i].grow else widths[i] for i in kept)
        if sum(needed) <= width - 2 * PADDING * len(kept):
            break
        kept = [i for i in kept if i not in last]
    return tuple(zip(kept, _shared_out(columns, widths, kept, width - 2 * PADDING * len(kept)), strict=True))


def _shared_out(columns: Sequence[AnyColumn], widths: Sequence[int], kept: Sequence[int], room: int) -> list[int]:
    """The widths of the kept columns; those that grow share the rest."""
    left = room - sum(widths[i] for i in kept)
    growing = sum(columns[i].grow for i in kept)
    found = []
    for i in kept:
        size = widths[i]
        if columns[i].grow:
            share = left // growing
            size, left, growing = max(size + share, 1), left - share, growing - 1
            size = size if (most := columns[i].max_width) is None else min(size, most)
        found.append(size)
    return found
