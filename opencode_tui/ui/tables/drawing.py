"""A table's cells as text and as segments of a line."""

from __future__ import annotations

from typing import Literal

from rich.style import Style
from rich.text import Text

from opencode_tui.ui.tables.columns import AnyColumn, Cell
from opencode_tui.ui.tables.layout import PADDING
from opencode_tui.ui.widgets.blocks import cut

BLANK = Style.from_meta({"blank": True})


def header_text(column: AnyColumn, width: int, mark: str) -> Text:
    """The column's header with the mark after it, in at most so many cells."""
    name = cut(column.header, max(width - len(mark), 0)).rstrip()
    return cell_text(name + mark, width)


def cell_text(cell: Cell, width: int) -> Text:
    """The cell in at most so many cells of the terminal; brackets in it stay brackets."""
    text = cell.copy() if isinstance(cell, Text) else Text(cell)
    text.no_wrap = True
    text.truncate(width, overflow="ellipsis")
    return text


def padding(text: Text, width: int, align: Literal["left", "right"]) -> tuple[str, str]:
    """The blank space before and after a text in a column of `width` cells."""
    missing = max(width - text.cell_len, 0)
    left, right = (missing, 0) if align == "right" else (0, missing)
    return " " * (PADDING + left), " " * (PADDING + right)
