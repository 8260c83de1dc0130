"""What a session has been through in a store of OpenCode 2: tells a store that was restored from newer copies of it.

The rows of a session are numbered by the order of its events, and an undo gives no number out again. So a store to
which a copy was an earlier state has numbered all that is new since higher than what the copy has. One that was
restored to a still earlier state gives the same numbers to other rows, or higher ones: then what it never had are the
last of the copy's rows that are missing in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class History(Struct, frozen=True):
    """The rows that a session has, undone ones left out."""

    numbers: Mapping[str, int]
    billed: frozenset[str]
    """Those of them that hold a cost."""
    last: int
    """The number of the last event, whether its row is there or not."""


def never_had(store: History, copy: History) -> frozenset[str]:
    """The rows that the copy has billed and that the store, restored since, has never had billed."""
    new = (number for id, number in store.numbers.items() if id not in copy.numbers)
    first = min(new, default=store.last + 1)
    missing = copy.billed - store.billed
    return frozenset(id for id in missing if id in store.numbers or copy.numbers[id] >= min(first, store.last + 1))


def missing(store: History, copy: History) -> list[str]:
    """The rows that the copy has billed and that are not in the store, in the order of their numbers."""
    return sorted(copy.billed - store.numbers.keys(), key=lambda id: copy.numbers[id])
