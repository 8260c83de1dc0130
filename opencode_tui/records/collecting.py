"""How often Python searches for cycles of objects, of which records and modules have none.

The search costs a quarter of making very many records, and a tenth of a short command.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collection() -> Iterator[None]:
    """No search for cycles within the block; for work in bounded steps, as the pause is for the whole process."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


_USUAL = gc.get_threshold()
_RARELY = 50_000
"""New objects after which a search is made, in place of Python's 700."""


def collect_rarely() -> None:
    """Search for cycles seldom from now on."""
    gc.set_threshold(_RARELY)


def collect_as_usual() -> None:
    """Search for cycles as Python does by itself, from now on and among new objects only."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
