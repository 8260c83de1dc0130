"""The row history of a session in a store of OpenCode 2, which shows whether the store was restored from a backup copy.

The rows of a session are numbered in the order of its events, and numbers are not reused after an undo. If a copy is
an earlier state of the live store, all rows new in the store have higher numbers than those in the copy. If the store
was restored to a state before the copy, it gives the same numbers, or higher ones, to different rows; then the rows it
never had are the last rows of the copy that it lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from msgspec import Struct


class History(Struct, frozen=True):
    """The rows of a session, without undone ones."""

    numbers: Mapping[str, int]
    """The sequence number of each row, by id."""
    billed: frozenset[str]
    """The ids of the rows with a cost."""
    last: int
    """The number of the last event, even if its row was undone."""
    spent: tuple[int, ...] = ()
    """The session's sum: nano-dollars, then its five counts of tokens; empty if it cannot be read."""


def never_had(store: History, copy: History) -> frozenset[str]:
    """The ids of rows with a cost in the copy that never had one in the store, because it was restored since."""
    first = _first_new(store, copy)
    missing = copy.billed - store.billed
    return frozenset(id for id in missing if id in store.numbers or copy.numbers[id] >= min(first, store.last + 1))


def is_earlier(store: History, copy: History) -> bool:
    """Whether the copy's sum is part of the store's, so that the store has all of the copy's calls or had them.

    It certainly is if both cost the same to the nano-dollar, the store has at least as many tokens of each kind, and
    its new rows have higher numbers than the copy's: all calls made since then were free.
    """
    if not (store.spent and copy.spent and copy.spent[0]):
        return False
    is_part = store.spent[0] == copy.spent[0] and all(map(int.__ge__, store.spent, copy.spent))
    return is_part and _first_new(store, copy) > max(copy.numbers.values(), default=0)


def goes_on(store: History, copy: History) -> bool:
    """Whether a session's rows in the store can be what became of those in the copy, without a restore between them."""
    last = max(copy.numbers.values(), default=0)
    return last <= store.last and _first_new(store, copy) > last


def apart(one: History, other: History) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of rows with a cost that no store has had both of: those after the numbers where two copies went apart.

    An undo removes all rows from one on. So if a row of one copy is not in the other, which has a row of a higher
    number, then they had gone apart before that number.
    """
    end = min(_apart_at(one, other), _apart_at(other, one))
    return _from(one, end) - other.numbers.keys(), _from(other, end) - one.numbers.keys()


def _apart_at(one: History, other: History) -> float:
    """The lowest number in `other` that is higher than that of a row of `one` which it lacks."""
    lacking = min((number for id, number in one.numbers.items() if id not in other.numbers), default=inf)
    return min((number for number in other.numbers.values() if number > lacking), default=inf)


def _from(copy: History, number: float) -> frozenset[str]:
    return frozenset(id for id in copy.billed if copy.numbers[id] >= number)


def missing(store: History, copy: History) -> list[str]:
    """The ids of rows with a cost in the copy that are not in the store, in order of their numbers."""
    return sorted(copy.billed - store.numbers.keys(), key=lambda id: copy.numbers[id])


def _first_new(store: History, copy: History) -> int:
    """The lowest number of a row that the copy lacks; without one, the number that the next row will get."""
    return min((number for id, number in store.numbers.items() if id not in copy.numbers), default=store.last + 1)
