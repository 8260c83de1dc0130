"""Which paths a tag's patterns match: a project's path gives it a tag, such as a client's name."""

from __future__ import annotations

import re
from functools import lru_cache

_WILD = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(place: str, pattern: str) -> bool:
    """Whether a path, or a folder above it, matches: `*` is anything in one name, `**` any names, `?` one letter.

    The guard's plugin has the same rule (guard/plugin/scopes.js).
    """
    return place != "" and _compiled(pattern).fullmatch(place) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*|\?)", pattern.rstrip("/"))
    return re.compile("".join(_WILD.get(part) or re.escape(part) for part in parts) + "(/.*)?", re.DOTALL)
