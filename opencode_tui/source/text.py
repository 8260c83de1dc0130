"""Sanitizes text from a store, which may hold anything, before it is stored or shown."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from opencode_tui.records.privacy.harmless import one_line


def clean_text(value: object, limit: int = 400) -> str:
    """The string without control characters, bidirectional overrides and lone surrogates, cut at `limit` characters.

    Returns the empty string for any other type.
    """
    return one_line(value, limit) if isinstance(value, str) else ""


def first_line(value: object) -> str:
    """The first line of a text that is not blank, cleaned and cut at 160 characters; "" if there is none."""
    lines = value.splitlines() if isinstance(value, str) else []
    return next((line for text in lines if (line := clean_text(text, 160))), "")


def label(value: object, limit: int = 120) -> str:
    """Like `clean_text`, but cached, for strings that many rows share: models, agents, directories."""
    return _label(value[: limit * 2], limit) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)
def _label(value: str, limit: int) -> str:
    return clean_text(value, limit)


def identifier(value: object) -> str | None:
    """The id as the store has it; None if the value is not an id.

    An id that is too long or not printable is cleaned, cut and suffixed with a digest of the whole, so that different
    ids stay different and references to them still match.
    """
    if not isinstance(value, str) or not value:
        return None
    if len(value) <= 200 and value.isprintable():
        return value
    from hashlib import blake2b

    digest = blake2b(value.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()
    return f"{clean_text(value, 150)}~{digest}"


def raw_id(value: object) -> str | None:
    """The id in a SQLite column, unchanged; None if it is not text."""
    return value if isinstance(value, str) and value else None


def path_text(path: Path) -> str:
    """The path as valid text: bytes that are not UTF-8 become escapes such as `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
