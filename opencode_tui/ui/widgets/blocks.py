"""Bars of block glyphs with an eighth of a cell's precision, and text cut to cells."""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

MAX_REMEDY_LINES = 2
"""The most lines that say what to do about a cause."""
_ACROSS = " ▏▎▍▌▋▊▉█"
_UP = " ▁▂▃▄▅▆▇█"
SCROLLBAR = 1
"""The width that is always reserved for a scroll bar, so that text is not rewrapped when it appears."""


def across(part: int, whole: int, width: int) -> str:
    """A bar that grows to the right, padded to `width`; any part above 0 is visible."""
    if whole <= 0 or part <= 0 or width <= 0:
        return " " * max(width, 0)
    eighths = min(max(part * width * 8 // whole, 1), width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_ACROSS[rest] if rest else "")).ljust(width)


def upward(part: int, whole: int, height: int) -> str:
    """One column of a bar that grows upward, from its lowest cell to its highest."""
    if whole <= 0 or part <= 0 or height <= 0:
        return " " * max(height, 0)
    eighths = min(max(part * height * 8 // whole, 1), height * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_UP[rest] if rest else "")).ljust(height)


def cut(text: str, width: int) -> str:
    """The text in exactly `width` cells, with an ellipsis where it was longer."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, width - 1).rstrip() + "…", width)


def cut_inside(text: str, width: int) -> str:
    """The text in at most `width` cells; a longer one keeps its beginning and its end."""
    if cell_len(text) <= width or width < 3:
        return cut(text, width).rstrip()
    end = ""
    for letter in reversed(text):
        if cell_len(letter + end) > (width - 1) // 2:
            break
        end = letter + end
    begin = set_cell_size(text, width - 1 - cell_len(end)).rstrip()
    return f"{begin}…{end.lstrip()}"


def width_of(text: str) -> int:
    """The text's width in terminal cells."""
    return cell_len(text)


def wrapped(text: str, width: int) -> list[str]:
    """The text wrapped to `width` cells at spaces, and inside longer words."""
    lines = [""]
    for word in text.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for letter in word if width_of(word) > width else [word]:
            if lines[-1] and width_of(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def in_lines(variants: tuple[str, ...], width: int, most: int) -> list[str]:
    """The first variant that takes at most `most` lines of `width` cells, else the last one, cut to that."""
    for variant in variants:
        lines = wrapped(variant, width)
        if len(lines) <= most:
            return lines
    if not variants:
        return []
    lines = wrapped(variants[-1], width)
    return [*lines[: most - 1], cut(" ".join(lines[most - 1 :]), width).rstrip()]


def remedy_lines(variants: tuple[str, ...], width: int) -> list[str]:
    """What to do in two lines of `width` cells; the shortest variant in three, where it would be cut."""
    lines = in_lines(variants, width, MAX_REMEDY_LINES)
    return in_lines(variants[-1:], width, MAX_REMEDY_LINES + 1) if lines and lines[-1].endswith("…") else lines
