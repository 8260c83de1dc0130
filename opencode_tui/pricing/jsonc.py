"""JSON with comments and trailing commas, as OpenCode accepts it in its configuration."""

from __future__ import annotations

import json
import math
import re

# A string comes first in both, so that what looks like a comment or a comma inside of one is left alone.
_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\n]")
_MOST_DIGITS = 400
"""More than any number has that JavaScript can hold, and less than Python refuses to read."""


def loads(text: str) -> object:
    """The value that the text holds. Raises ValueError, with the line as it stands in the text."""
    return plain_loads(_TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text)))


def plain_loads(text: str) -> object:
    """The value of JSON proper. Raises ValueError; a whole number that JavaScript cannot hold is infinite."""
    try:
        return json.loads(text, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def strings(text: str) -> list[tuple[int, int]]:
    """Where the strings of the text are, quotes included: (start, end) in order."""
    return [match.span() for match in _COMMENT.finditer(text) if match.group().startswith('"')]


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def _blank(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else _NOT_NEWLINE.sub(" ", found)
