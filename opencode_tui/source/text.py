"""Text that comes from a store is somebody's text: made safe to keep and to show before anything else sees it."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from opencode_tui.privacy.harmless import one_line


def clean(value: object, limit: int = 400) -> str:
    """A string without control characters, bidirectional overrides and lone surrogates, cut at `limit`.

    What is not a string is the empty string.
    """
    return one_line(value, limit) if isinstance(value, str) else ""


def first_line(value: object) -> str:
    """The first line of a text that says something, for one who wants to see what was asked."""
    lines = value.splitlines() if isinstance(value, str) else []
    return next((line for text in lines if (line := clean(text, 160))), "")


def label(value: object, limit: int = 120) -> str:
    """A clean string of the kind that many rows share: a model, an agent, a directory."""
    return _label(value[: limit * 2], limit) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)
def _label(value: str, limit: int) -> str:
    return clean(value, limit)


def identifier(value: object) -> str | None:
    """An id as a store has it, None where there is none.

    One that is too long, or could not be stored, is cut and cleaned and gets a digest of the whole, so that two
    different ids stay different and references to them still meet.
    """
    if not isinstance(value, str) or not value:
        return None
    if len(value) <= 200 and value.isprintable():
        return value
    from hashlib import blake2b

    digest = blake2b(value.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()
    return f"{clean(value, 150)}~{digest}"


def raw_id(value: object) -> str | None:
    """The id in a SQLite column, exactly as it stands there; None for what is not text."""
    return value if isinstance(value, str) and value else None


def path_text(path: Path) -> str:
    """A path as text that can be stored and shown: bytes that are not UTF-8 become escapes such as `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
