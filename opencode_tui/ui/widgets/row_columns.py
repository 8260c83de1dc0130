"""The columns of a RowTable: how wide each is, and which give way where there is little room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.text import Text

from opencode_tui.ui.widgets.blocks import cut

PADDING = 1
"""Cells on either side of a cell's text."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; its name is its header, and tells it from the others."""

    name: str
    width: int
    """In terminal cells; for a column that grows, the least that it needs."""
    align: Literal["left", "right"] = "left"
    grow: bool = False
    """It takes what the others leave."""
    drop_at: int = 0
    """How soon it gives way in a narrow table: the highest first, 0 never."""


def fit_columns(columns: Sequence[Column], width: int) -> tuple[tuple[int, int], ...]:
    """(index, width) of the columns that have room, in their order, without the padding.

    Columns that never give way are there in any width; the ones that grow shrink for them, to one cell.
    """
    kept = list(range(len(columns)))
    room = width - 2 * PADDING * len(kept)
    while sum(columns[i].width for i in kept) > room:
        droppable = [i for i in kept if columns[i].drop_at > 0]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda i: (columns[i].drop_at, i)))
        room += 2 * PADDING
    left = room - sum(columns[i].width for i in kept)
    growing = [i for i in kept if columns[i].grow]
    widths = {i: columns[i].width for i in kept}
    for n, i in enumerate(growing):
        share = left // (len(growing) - n)
        widths[i] = max(widths[i] + share, 1)
        left -= share
    return tuple((i, widths[i]) for i in kept)


def header_text(column: Column, width: int, mark: str) -> Text:
    """The column's name with the mark after it, in at most so many cells."""
    name = cut(column.name, max(width - len(mark), 0)).rstrip()
    return cell_text(name + mark, width)


def cell_text(cell: Text | str, width: int) -> Text:
    """The cell in at most so many cells of the terminal; brackets in it stay brackets."""
    text = cell.copy() if isinstance(cell, Text) else Text(cell)
    text.no_wrap = True
    text.truncate(width, overflow="ellipsis")
    return text
