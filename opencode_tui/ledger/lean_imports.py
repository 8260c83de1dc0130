"""Keeps libraries from importing pandas and numpy, which some do wherever they are installed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LARGE = ("numpy", "pandas")


@contextmanager
def without_pandas() -> Iterator[None]:
    """Inside, an import of pandas or numpy fails as if they were not installed, unless they are imported already.

    `sqlite_utils` imports both to know their types; importing them takes several times as long as all the rest of a
    command.
    """
    modules: dict[str, Any] = sys.modules
    hidden = [name for name in _LARGE if name not in modules]
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            modules.pop(name, None)
