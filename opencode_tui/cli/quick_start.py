"""Imports what all commands need in less time."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any


def import_msgspec() -> None:
    """Import msgspec without typing_extensions, which imports inspect and takes a tenth of `status`.

    msgspec takes from it what `typing` has since Python 3.11, and does so if there is none.
    """
    modules: dict[str, Any] = sys.modules
    if "typing_extensions" in modules:
        return
    modules["typing_extensions"] = None  # to Python, a module that cannot be imported
    try:
        with suppress(ImportError):  # a msgspec that needs it is imported in the usual way
            import msgspec  # noqa: F401
    finally:
        del modules["typing_extensions"]
