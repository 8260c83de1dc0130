"""What the backup copies beside the stores show of the stores' own sessions.

A backup is an earlier state of a store, or a state that the store has left since because it was restored. Only the
histories of a session's rows show which (see `histories.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import combinations

from opencode_tui.records.calls import undone_id
from opencode_tui.records.stores import CopiedCalls
from opencode_tui.source.batch import Store, StoreTrouble
from opencode_tui.source.histories import History, apart, goes_on, is_earlier, missing, never_had

_MOST_SESSIONS = 50
"""How many of a copy's other sessions are looked at. What was new in a copy is in those that changed last."""


class Backups:
    """The backup copies among the stores. `stores`, by key, may change at any time."""

    def __init__(self, stores: Mapping[str, Store]) -> None:
        self._stores = stores

    def keys(self) -> list[str]:
        return [store.key for store in self._stores.values() if store.is_backup]

    def foreign_calls(self, store: Store, session_id: str) -> CopiedCalls:
        """The calls of a session in backup copies that the store, restored since, never had, or may never have had.

        Raises StoreTrouble if the store cannot be read.
        """
        own, certain = store.history(session_id), set[str]()
        copies: list[tuple[Store, History]] = []
        if own is not None:
            # A call that is open in the store completed, or was undone, in a state that it has left since.
            open_rows = {id: number for id, number in own.numbers.items() if id not in own.billed}
            certain.update(open_rows, (undone_id(session_id, number) for number in open_rows.values()))
            copies = [(at, each) for at, each in self._histories(store, session_id) if not is_earlier(own, each)]
            for _, theirs in copies:
                certain |= never_had(own, theirs)
        return CopiedCalls(
            frozenset(certain),
            [missing(own, theirs) for _, theirs in copies] if own is not None else (),
            [both for (_, one), (_, other) in combinations(copies, 2) if all(both := apart(one, other))],
            own.spent if own is not None else (),
            partial(self._had, store, session_id, copies),
        )

    def in_sum(self, store: Store, session_id: str) -> frozenset[str] | None:
        """The ids of rows that are certainly in a session's sum: its own, and its earlier states' in backups.

        None if the store does not have the session. Raises StoreTrouble if it cannot be read.
        """
        ids, own = store.message_ids(session_id), store.history(session_id)
        if ids is None or own is None:
            return ids
        histories = self._histories(store, session_id)
        return ids.union(*(theirs.billed for _, theirs in histories if is_earlier(own, theirs)))

    def _histories(self, store: Store, session_id: str) -> Iterator[tuple[Store, History]]:
        """Each backup copy that can be read and has a session, without the store itself, and its history there."""
        for other in self._stores.values():
            if other.is_backup and other is not store and (theirs := _history(other, session_id)) is not None:
                yield other, theirs

    @staticmethod
    def _had(store: Store, session_id: str, copies: Sequence[tuple[Store, History]]) -> frozenset[str]:
        """The calls of a session in the copies that are earlier states of the store, as their newest sessions show."""
        own, found = store.history(session_id), set[str]()
        for at, theirs in copies:
            if own is not None and goes_on(own, theirs) and _goes_on_elsewhere(store, at, session_id):
                found |= theirs.billed
        return frozenset(found)


def _goes_on_elsewhere(store: Store, copy: Store, session_id: str) -> bool:
    """Whether the copy's other sessions that the store has too, of which there must be one, go on in the store."""
    is_shared = False
    with suppress(StoreTrouble):
        for id in copy.newest_sessions(_MOST_SESSIONS):
            theirs = _history(copy, id) if id != session_id else None
            own = _history(store, id) if theirs is not None else None
            if own is not None and theirs is not None:
                if not goes_on(own, theirs):
                    return False
                is_shared = True
    return is_shared


def _history(store: Store, session_id: str) -> History | None:
    with suppress(StoreTrouble):
        return store.history(session_id)
    return None
