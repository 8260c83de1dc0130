"""Answers what only OpenCode's stores know: their rows of today, and what they hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec.structs import replace

from opencode_tui.clock import Clock
from opencode_tui.ledger.writing import stored_key
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.reconciliation import Agreement, Standing
from opencode_tui.source.batch import Store, StoreTrouble
from opencode_tui.source.text import path_text
from opencode_tui.sync.known_stores import KnownStores

TRIES = 3
"""How often a read is tried again that a change of the file came between."""


class StoreAnswers:
    """What readings ask of the stores; see readings.context.LiveStore."""

    def __init__(self, known: KnownStores, clock: Clock, *, show_prompts: bool) -> None:
        self._known, self._clock, self._show_prompts = known, clock, show_prompts

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        """The ids of a session's messages that OpenCode still has; None if no store has the session."""
        return self._ids_in_stores(lambda store: store.message_ids(session_id))

    def shown_ids(self, session_id: str) -> frozenset[str] | None:
        """The same without those that an undo took back, whose rows stay until the next prompt."""
        return self._ids_in_stores(lambda store: store.shown_ids(session_id))

    def _ids_in_stores(self, ids_in: Callable[[Store], frozenset[str] | None]) -> frozenset[str] | None:
        found: frozenset[str] | None = None
        for store in self._known.own():
            with suppress(StoreTrouble):
                ids = ids_in(store)
                found = found if ids is None else (found or frozenset()) | ids
        return found

    def prompts(self, session_id: str, turn_ids: Sequence[str]) -> dict[str, str]:
        """The first line of the prompt by turn, read from the stores on demand; empty unless the settings allow it."""
        found: dict[str, str] = {}
        if self._show_prompts and turn_ids:
            for store in self._known.stores.values():
                with suppress(StoreTrouble):
                    found = store.prompts(session_id, turn_ids) | found
        return found

    def standing(self, agreement: Agreement | None = None) -> tuple[tuple[Standing, ...], tuple[str, ...]]:
        """What each of OpenCode's stores holds now, backup copies left out.

        Then the paths of what OpenCode reads today and that cannot be read here. Of what OpenCode reads today, calls
        that the agreement has alike are summed, not listed.
        """
        found = []
        unread = [state.path for key, state in self._known.states.items() if key not in self._known.stores]
        for store in self._known.own():
            is_current = self._known.is_current(store)
            try:
                with paused_collection():
                    now = _patiently(store, self._clock(), agreement if is_current else None)
            except StoreTrouble:
                unread += [path_text(store.path)] if is_current else []
            else:
                found.append(replace(now, key=stored_key(store.key), is_current=is_current))
        return tuple(found), tuple(unread)

    def store_keys(self) -> tuple[frozenset[str], frozenset[str]]:
        """The keys in the ledger of the backup copies, and of all stores that could be read."""
        found = self._known.stores.values()
        backups = frozenset(stored_key(store.key) for store in found if store.is_backup)
        live = (store.key for store in found if self._known.states[store.key].state == "live")
        return backups, frozenset(map(stored_key, live))


def _patiently(store: Store, now_ms: int, agreement: Agreement | None) -> Standing:
    """What a store holds now; tries again if that was read while the file changed. Raises StoreTrouble."""
    for tries_left in range(TRIES, -1, -1):
        try:
            found = store.standing(now_ms, agreement)
        except StoreTrouble as trouble:
            if agreement is not None:
                agreement.take_back()
            if not (trouble.again and tries_left):
                raise
        else:
            if agreement is not None:
                agreement.keep()
            return found
    raise AssertionError("the last try raises")
