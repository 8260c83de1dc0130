"""Parses JSON with comments and trailing commas, which OpenCode accepts in its configuration."""

from __future__ import annotations

import json
import math
import re

# Both match strings first, so that comments and commas inside a string are left alone.
_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\r\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\n]")
_MOST_DIGITS = 400
"""More digits than any number that JavaScript can hold, fewer than Python refuses to parse."""


def jsonc_value(text: str) -> object:
    """The value of the text. Raises ValueError with the line number in the text."""
    return plain_loads(_TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text)))


def plain_loads(text: str) -> object:
    """The value of plain JSON; an integer too large for JavaScript is infinite. Raises ValueError."""
    try:
        return json.loads(text, parse_int=_whole)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def strings(text: str) -> list[tuple[int, int]]:
    """(start, end) of each string in the text, quotes included, in order."""
    return [match.span() for match in _COMMENT.finditer(text) if match.group().startswith('"')]


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def _blank(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else _NOT_NEWLINE.sub(" ", found)
