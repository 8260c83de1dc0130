"""Tables of text that fit a terminal: columns give way one after the other, and long text is cut.

The layout is that of tabulate's `simple` format, which takes longer for two years than reading them does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

_GAP = 2
"""Cells between two columns."""
_BESIDE_HEAD = 2
"""Cells added to a head."""
_MORE = "…"
_NARROW = "…–—·→×≥"
_FIRST_COMBINING = "\u0300"


class TextColumn(Struct, frozen=True):
    """A column of a text table."""

    head: str
    align: Literal["left", "right"] = "right"
    gives_way: int = 0
    """The column with the highest number is left out first; 0 never is."""
    least: int = 0
    """The cells that a text may be cut to; 0 means that it is never cut, as a number must not be."""
    is_id: bool = False
    """Cut without a sign, since the beginning of an id stands for it."""


def text_table(columns: Sequence[TextColumn], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """The rows below their heads, in `width` cells if the columns that never give way fit; None is unlimited."""
    return table_of([list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns], columns, width)


def table_of(texts: Sequence[Sequence[str]], columns: Sequence[TextColumn], width: int | None = None) -> str:
    """The same of the texts of each column, which takes less time for very many rows."""
    kept = list(range(len(columns)))
    narrow = [_is_narrow("".join(each)) for each in texts]
    widest = map(_widest, texts, narrow)
    sizes = [max(_head(column), size) for column, size in zip(columns, widest, strict=True)]
    full = list(sizes)
    if width is not None:
        kept, sizes = _fitted(columns, sizes, width)
    shown, layout = [], []
    for at in kept:
        column, each, size = columns[at], texts[at], sizes[at]
        if size < full[at] or (column.align == "left" and each != [*map(str.strip, each)]):
            each = _cut(each, size, column)
            size = max(_head(column), _widest(each, narrow[at]))
        if narrow[at]:
            layout.append(f"%{'-' if column.align == 'left' else ''}{size}s")
        else:
            layout.append("%s")
            each = [_padded(text, size, column.align) for text in each]
        shown.append([_padded(column.head, size, column.align), "-" * size, *each])
    line = (" " * _GAP).join(layout)
    return "\n".join([(line % row).rstrip() for row in zip(*shown, strict=True)])


def _widest(texts: Sequence[str], are_narrow: bool) -> int:
    """The cells of the text that takes the most; 0 without texts."""
    return max(map(len if are_narrow else cells, texts), default=0)


def _padded(text: str, size: int, align: Literal["left", "right"]) -> str:
    blanks = " " * (size - cells(text))
    return text + blanks if align == "left" else blanks + text


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if _is_narrow(text):
        return len(text)
    from wcwidth import wcswidth  # here, since its tables take longer to import than most commands to run

    return max(wcswidth(text), 0)


def _is_narrow(text: str) -> bool:
    """Whether each letter surely takes one cell, as those of Latin do."""
    return text.isascii() or all(
        (letter < _FIRST_COMBINING and letter.isprintable()) or letter in _NARROW for letter in set(text)
    )


def _head(column: TextColumn) -> int:
    return cells(column.head) + _BESIDE_HEAD


def _fitted(columns: Sequence[TextColumn], sizes: list[int], width: int) -> tuple[list[int], list[int]]:
    """(numbers of the columns that stay, sizes of all columns).

    Text gives what it can before a column does; what is left over then goes back to it.
    """
    kept = list(range(len(columns)))

    def least(at: int) -> int:
        return min(sizes[at], max(columns[at].least, _head(columns[at]))) if columns[at].least else sizes[at]

    def needed() -> int:
        return sum(map(least, kept)) + _GAP * (len(kept) - 1)

    while needed() > width:
        first = max(kept, key=lambda at: columns[at].gives_way)
        if not columns[first].gives_way:
            break
        kept.remove(first)
    spare, fitted = max(0, width - needed()), list(sizes)
    for at in sorted(kept, key=lambda at: columns[at].is_id):
        given = min(spare, sizes[at] - least(at))
        fitted[at], spare = least(at) + given, spare - given
    return kept, fitted


def _cut(texts: Sequence[str], size: int, column: TextColumn) -> list[str]:
    """The texts without blanks around them, each in at most so many cells."""
    if column.is_id:
        return [text[:size].strip() if cells(text) > size else text.strip() for text in texts]
    if _is_narrow("".join(texts)):
        short = size - len(_MORE)
        return [(text[:short] + _MORE if len(text) > size else text).strip() for text in texts]
    return [(_shortened(text, size) if cells(text) > size else text).strip() for text in texts]


def _shortened(text: str, size: int) -> str:
    short, left = "", size - cells(_MORE)
    for letter in text:
        left -= cells(letter)
        if left < 0:
            break
        short += letter
    return short + _MORE
