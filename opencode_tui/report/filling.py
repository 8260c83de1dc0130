"""Text in lines of so many cells."""

from __future__ import annotations

from collections.abc import Iterator

from opencode_tui.report.words import text_cells

_LEAST = 8


def filled(text: str, width: int | None, indent: int = 0) -> Iterator[str]:
    """The text in lines of at most `width` cells, all of them indented; in one line without a width.

    A word that is longer than a line is broken.
    """
    before = " " * indent
    if width is None:
        yield (before + text).rstrip()
        return
    room = max(width - indent, _LEAST)
    line = ""
    for word in text.split(" "):
        candidate = f"{line} {word}" if line else word
        if text_cells(candidate) <= room:
            line = candidate
            continue
        if line:
            yield (before + line).rstrip()
        line = word
        while text_cells(line) > room:
            part = _beginning(line, room)
            yield before + part
            line = line[len(part) :]
    yield (before + line).rstrip()


def _beginning(word: str, room: int) -> str:
    """As much of a word as fits, at least a letter."""
    end = 1
    while end < len(word) and text_cells(word[: end + 1]) <= room:
        end += 1
    return word[:end]
