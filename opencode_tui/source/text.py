"""Text that comes from a store is somebody's text: made safe to keep and to show before anything else sees it."""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_KEEP_JOINER = "\u200d"  # zero-width joiner: part of many emoji
_HEAD_WORD = re.compile(r"[A-Za-z0-9._/@:+-]{1,40}")
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


def clean(value: object, limit: int = 400) -> str:
    """A string without control characters, bidirectional overrides and lone surrogates, cut at `limit`.

    What is not a string is the empty string.
    """
    if not isinstance(value, str):
        return ""
    value = value[: limit * 2]
    if not value.isprintable():
        value = "".join(
            char if unicodedata.category(char) not in _UNSAFE or char == _KEEP_JOINER else " " for char in value
        )
        value = " ".join(value.split())
    return value if len(value) <= limit else value[: limit - 1] + "…"


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
    digest = blake2b(value.encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()
    return f"{clean(value, 150)}~{digest}"


def raw_id(value: object) -> str | None:
    """The id in a SQLite column, exactly as it stands there; None for what is not text."""
    return value if isinstance(value, str) and value else None


def path_text(path: Path) -> str:
    """A path as text that can be stored and shown: bytes that are not UTF-8 become escapes such as `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def command_head(command: str) -> str:
    """The program of a shell command and its first plain word: `git commit`, `npm run`, `python3 a.py`.

    Nothing more, as arguments and assignments can hold secrets.
    """
    words = command[:400].split()
    while words and _ASSIGNMENT.match(words[0]):
        words.pop(0)
    head = words[:1] if words and _HEAD_WORD.fullmatch(words[0]) else []
    if head and len(words) > 1 and _HEAD_WORD.fullmatch(words[1]) and not words[1].startswith("-"):
        head.append(words[1])
    return clean(" ".join(head), 80)


def host_of(url: str) -> str:
    """The host of a URL, without user, port, path and query."""
    from urllib.parse import urlsplit

    try:
        return clean(urlsplit(url[:2000]).hostname or "", 120)
    except ValueError:
        return ""
