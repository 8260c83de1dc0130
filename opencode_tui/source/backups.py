"""What the backup copies beside the stores show of the stores' own sessions.

A backup is an earlier state of a store, or a state that the store has left since because it was restored. Only the
histories of a session's rows show which (see `histories.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from opencode_tui.records.calls import undone_id
from opencode_tui.source.batch import Store, StoreTrouble
from opencode_tui.source.histories import History, is_earlier, missing, never_had


class Backups:
    """The backup copies among the stores. `stores`, by key, may change at any time."""

    def __init__(self, stores: Mapping[str, Store]) -> None:
        self._stores = stores

    def keys(self) -> list[str]:
        return [store.key for store in self._stores.values() if store.is_backup]

    def foreign_calls(self, store: Store, session_id: str) -> tuple[frozenset[str], Sequence[Sequence[str]]]:
        """The calls of a session in backup copies that the store, restored since, never had.

        Returns those that it certainly never had, and those that it may never have had, by copy and in order. Raises
        StoreTrouble if the store cannot be read.
        """
        own, certain, possible = store.history(session_id), set[str](), list[list[str]]()
        if own is not None:  # an undone call whose row is still in the store was undone in another copy
            open_rows = (number for id, number in own.numbers.items() if id not in own.billed)
            certain |= {undone_id(session_id, number) for number in open_rows}
            for theirs in self._histories(store, session_id):
                if not is_earlier(own, theirs):
                    certain |= never_had(own, theirs)
                    possible.append(missing(own, theirs))
        return frozenset(certain), possible

    def in_sum(self, store: Store, session_id: str) -> frozenset[str] | None:
        """The ids of rows that are certainly in a session's sum: its own, and its earlier states' in backups.

        None if the store does not have the session. Raises StoreTrouble if it cannot be read.
        """
        ids, own = store.message_ids(session_id), store.history(session_id)
        if ids is None or own is None:
            return ids
        histories = self._histories(store, session_id)
        return ids.union(*(theirs.billed for theirs in histories if is_earlier(own, theirs)))

    def _histories(self, store: Store, session_id: str) -> Iterator[History]:
        """A session's history in each backup copy that can be read and has it, without those of the store itself."""
        for other in self._stores.values():
            if other.is_backup and other is not store and (theirs := _history(other, session_id)) is not None:
                yield theirs


def _history(store: Store, session_id: str) -> History | None:
    with suppress(StoreTrouble):
        return store.history(session_id)
    return None
