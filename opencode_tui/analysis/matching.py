"""Finds models by what a person types: `kimi k2`, `Sonnet 4.5`, `claude-sonet`."""

from __future__ import annotations

from collections.abc import Sequence

from opencode_tui.records.dimensions import TIMES
from opencode_tui.records.model_key import short_name, split_key

_ALIKE = 0.75


def matching(text: str, names: Sequence[str]) -> list[str]:
    """The model keys that contain every word of the text, ignoring punctuation; a full key finds itself alone.

    A word that goes over punctuation of the key has to begin where a part of it begins.

    If there are none, those whose model part is close to the text (a typing error).
    """
    if text in names:
        return [text]
    words = [plain for word in text.split() if (plain := _plain(word))]
    found = [name for name in names if all(_has(name, word) for word in words)]
    if found or not words:
        return found
    wanted = "".join(words)
    return [name for name in names if _alike(wanted, name)]


def matching_keys(dimension: str, text: str, keys: Sequence[str]) -> list[str]:
    """The keys of a dimension that a text stands for: models as `matching` finds them, others by what they contain.

    Of a time the text has to be whole parts, such as `W19` or `05` of `2026-05-13`. A key that is exactly the text
    stands alone.
    """
    if dimension == "model":
        return matching(text, keys)
    if text in keys:
        return [text]
    wanted = text.casefold()
    if dimension in TIMES:
        return [key for key in keys if f"-{wanted}-" in f"-{key.casefold()}-"]
    return [key for key in keys if wanted in key.casefold()] if wanted else []


def _has(name: str, word: str) -> bool:
    parts = "".join(char if char.isalnum() else " " for char in "/".join(split_key(name)).casefold()).split()
    return any(word in part for part in parts) or any(
        "".join(parts[start:]).startswith(word) for start in range(len(parts))
    )


def _plain(text: str) -> str:
    """The letters and digits of a model key or of text, in lower case."""
    return "".join(char for char in "/".join(split_key(text)).casefold() if char.isalnum())


def _alike(wanted: str, name: str) -> bool:
    from difflib import SequenceMatcher  # here, as most filters are typed without an error

    candidates = (name, short_name(name).rpartition("/")[2])
    return any(SequenceMatcher(None, wanted, _plain(candidate)).ratio() >= _ALIKE for candidate in candidates)
