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
_NARROW = "…–—·→×"
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
    kept = list(range(len(columns)))
    widths = [_widths([row[at] for row in rows]) for at in kept]
    sizes = [max([_head(column), *widths[at]]) for at, column in enumerate(columns)]
    full = list(sizes)
    if width is not None:
        kept, sizes = _fitted(columns, sizes, width)
    padded = []
    for at in kept:
        column, texts = columns[at], [row[at] for row in rows]
        if sizes[at] < full[at] or texts != [*map(str.strip, texts)]:
            texts = [_cut(text, sizes[at], column).strip() for text in texts]
            widths[at] = _widths(texts)
        padded.append(_padded([column.head, *texts], [cells(column.head), *widths[at]], _head(column), column.align))
    dashes = ["-" * cells(column[0]) for column in padded]
    head, *below = [(" " * _GAP).join(line).rstrip() for line in zip(*padded, strict=True)]
    return "\n".join([head, (" " * _GAP).join(dashes), *below])


def _padded(texts: Sequence[str], widths: Sequence[int], least: int, align: Literal["left", "right"]) -> list[str]:
    """The texts of these widths with blanks to the size of the largest, which is `least` at least."""
    size = max(least, *widths)
    blanks = [" " * (size - width) for width in widths]
    return [text + blank if align == "left" else blank + text for text, blank in zip(texts, blanks, strict=True)]


def _widths(texts: list[str]) -> list[int]:
    """The cells of each text."""
    return [*map(len if "".join(texts).isascii() else cells, texts)]


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    if text.isascii() or _is_narrow(text):
        return len(text)
    from wcwidth import wcswidth  # here, since its tables take longer to import than most commands to run

    return max(wcswidth(text), 0)


def _is_narrow(text: str) -> bool:
    """Whether each letter surely takes one cell, as those of Latin do."""
    return all((letter < _FIRST_COMBINING and letter.isprintable()) or letter in _NARROW for letter in text)


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


def _cut(text: str, size: int, column: TextColumn) -> str:
    if cells(text) <= size:
        return text
    if column.is_id:
        return text[:size]
    short, left = "", size - cells(_MORE)
    for letter in text:
        left -= cells(letter)
        if left < 0:
            break
        short += letter
    return short + _MORE
