"""Text that comes from a store is somebody's text: made safe to keep and to show before anything else sees it."""

from __future__ import annotations

from functools import lru_cache

from opencode_tui.harmless import one_line


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
    return _label(value, limit) if isinstance(value, str) else ""


@lru_cache(maxsize=4096)
def _label(value: str, limit: int) -> str:
    return clean(value, limit)


def identifier(value: object) -> str | None:
    """An id as a store has it, None where there is none; one that would not survive a round trip is cleaned."""
    return clean(value, 200) or None
