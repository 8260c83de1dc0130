"""Splits a shell command line into its commands, minding quotes, substitutions, comments and here-documents.

What is inside quotes or `$(…)` belongs to the command around it. A line that ends within a quote is split up to there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_SEPARATED = re.compile(r"[;&|\n()]")
_SIGN = re.compile(
    r"""(?P<skip>\\.|'[^']*'|\d*[<>]&[-\d]*|&>>?|>\||<<<)|(?P<open>')"""
    r"""|(?P<inner>"|`|\$\()|(?P<here><<-?[ \t]*['"]?(?P<end>\w{1,40})['"]?)|(?P<note>(?<!\S)\#[^\n]*)"""
    r"""|(?P<between>\|\||&&|\|&?|;+|&|\n|[()])""",
    re.DOTALL,
)
_INNER = re.compile(r"""\\.|"|`|\$\(|[()']""", re.DOTALL)
_KEYWORD = re.compile(r"(?:(?:if|then|elif|else|while|until|do|!|\{)(?=\s|$)\s*)+")
_NO_COMMAND = re.compile(r"(?:(?:done|fi|esac|\})(?=\s|$)|(?:for|case|select|function)\s|\[|.*\]\]?\s*$)", re.DOTALL)
_BETWEEN = re.compile(r" && | \| |; ")
_MOST = 40
_DEEPEST = 8


class CommandPiece(NamedTuple):
    """One command of a line."""

    after: str
    """What stands before it: `&&`, `|`, or `;` for anything else."""
    text: str


def line_of(commands: Iterable[tuple[str, str]]) -> str:
    """A line that is kept, of some commands, each with what stands before it: `&&`, `|` or `;`."""
    text = ""
    for after, head in commands:
        text += head if not text else f"; {head}" if after == ";" else f" {after} {head}"
    return text


def split_line(kept: str) -> list[str]:
    """The commands of a line that `line_of` made."""
    return _BETWEEN.split(kept)


def is_one_command(line: str) -> bool:
    """Whether nothing in a line can separate commands."""
    return _SEPARATED.search(line) is None


def commands_of(line: str) -> Iterator[CommandPiece]:
    """The commands of a line in their order, at most 40, without the words of control flow around them."""
    for number, (after, text) in enumerate(_pieces(line)):
        if number >= _MOST:
            return
        yield from _command(after, text)


def _command(after: str, text: str) -> Iterator[CommandPiece]:
    text = text.strip()
    if keyword := _KEYWORD.match(text):
        text = text[keyword.end() :]
    if text and not _NO_COMMAND.match(text):
        yield CommandPiece(after, text)


def _pieces(line: str) -> Iterator[tuple[str, str]]:
    """(what stands before it, text) of each piece between two separators."""
    after, start, place = ";", 0, 0
    ends: list[str] = []
    text = ""
    while sign := _SIGN.search(line, place):
        place = sign.end()
        if sign["open"]:
            break
        if sign["inner"]:
            place = _past(line, place, sign["inner"])
            if place < 0:
                break
        elif sign["here"]:
            ends.append(sign["end"])
        elif sign["note"]:
            text += line[start : sign.start()]
            start = place
        elif sign["between"]:
            yield after, text + line[start : sign.start()]
            between = sign["between"]
            after = between if between == "&&" else "|" if between in ("|", "|&") else ";"
            if between == "\n" and ends:
                place = _past_documents(line, place, ends)
            text, start, ends = "", place, [] if between == "\n" else ends
    yield after, text + line[start:]


def _past_documents(line: str, place: int, ends: list[str]) -> int:
    """The place after the here-documents that begin at one, each of which ends with its word."""
    for end in ends:
        found = re.compile(rf"^[ \t]*{re.escape(end)}[ \t]*$\n?", re.MULTILINE).search(line, place)
        if found is None:
            return len(line)
        place = found.end()
    return place


def _past(line: str, place: int, opened: str) -> int:
    """The place after what was opened; -1 if it does not end."""
    closing = [_CLOSING[opened]]
    while closing and (sign := _INNER.search(line, place)):
        place, char = sign.end(), sign[0]
        if char == closing[-1]:
            closing.pop()
        elif char == "'" and closing[-1] != '"':
            place = line.find("'", place) + 1
            if not place:
                return -1
        elif char in _CLOSING and (closing[-1] != '"' or char != "("):
            closing.append(_CLOSING[char])
            if len(closing) > _DEEPEST:
                return -1
    return -1 if closing else place


_CLOSING = {'"': '"', "`": "`", "$(": ")", "(": ")"}
