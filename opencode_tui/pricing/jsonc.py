"""JSON with comments and trailing commas, as OpenCode accepts it in its configuration."""

from __future__ import annotations

import json
import re

# A string comes first in both, so that what looks like a comment or a comma inside of one is left alone.
_COMMENT = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'"(?:\\.|[^"\\])*"|,(?=\s*[}\]])', re.DOTALL)
_NOT_NEWLINE = re.compile(r"[^\n]")


def loads(text: str) -> object:
    """The value that the text holds. Raises ValueError, with the line as it stands in the text."""
    plain = _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))
    try:
        return json.loads(plain)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _blank(match: re.Match[str]) -> str:
    found = match.group()
    return found if found.startswith('"') else _NOT_NEWLINE.sub(" ", found)
