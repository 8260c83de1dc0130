"""Finds the rules and channels: every file of a folder is one, without a list that names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def modules_in(package: str, places: Iterable[str]) -> Iterator[ModuleType]:
    """Import all modules of a package, by name, and return them. `places` is its `__path__`."""
    for name in sorted(each.name for each in iter_modules(places)):
        yield import_module(f"{package}.{name}")
