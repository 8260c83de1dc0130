"""Finds why the ledger has a call that stands in no row of OpenCode's current stores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from opencode_tui.analysis.held_calls import Held
from opencode_tui.records import causes
from opencode_tui.records.calls import is_unlisted
from opencode_tui.records.reconciliation import LedgerHoldings, Standing, StandingCall

_BY_AGENT = {"title": causes.TITLES, "undone": causes.UNDONE_CALLS, "compaction": causes.COMPACTIONS}


class GoneCalls:
    """What is known of the calls without a row: which sessions there are, and what older and backup stores have."""

    def __init__(
        self, stores: Sequence[Standing], holdings: LedgerHoldings, backups: Collection[str], read: Collection[str]
    ) -> None:
        """`backups` are the keys of backup copies, `read` of all stores that could be read."""
        current = [store for store in stores if store.is_current]
        self._sessions_of = {
            store.key: {*(call.session_id for call in store.calls), *store.agreed, *(store.sums or ())}
            for store in current
        }
        for id, session in holdings.sessions.items():  # one without calls may stand in none of those
            if session.present and session.store in self._sessions_of and session.store in read:
                self._sessions_of[session.store].add(id)
        self._sessions = {id for ids in self._sessions_of.values() for id in ids}
        self._older: dict[str, dict[str, StandingCall]] = defaultdict(dict)
        for store in stores:
            if not store.is_current:
                for each in store.calls:
                    self._older[each.id][store.path] = each
        self._later: set[str] = set()
        self._known, self._backups, self._read = holdings.sessions, frozenset(backups), frozenset(read)

    def cause(self, id: str, held: Held) -> str:
        """The cause of a call, by its message's id."""
        call = held.first
        is_there = call.session_id in self._sessions_of.get(call.store, self._sessions)
        if id in self._older and (id in self._later or not (is_there or self._was_deleted(call.session_id))):
            return causes.OLDER
        if call.store in self._backups:
            return causes.BACKUPS
        if is_there:
            is_compaction = id in self._older and call.agent == "compaction"
            kind = causes.COMPACTIONS if is_compaction else causes.UNDONE_CALLS
            return _BY_AGENT.get(call.agent, kind) if is_unlisted(id) else kind
        if call.is_undone:
            return causes.UNDONE_CALLS
        session = self._known.get(call.session_id)
        if call.store in self._read or (session is not None and (not session.present or session.store in self._read)):
            return causes.DELETED
        return causes.ELSEWHERE

    def _was_deleted(self, session_id: str) -> bool:
        """Whether the newest store that had the session has it no more; OpenCode never clears the older ones."""
        session = self._known.get(session_id)
        return session is not None and not session.present and session.store in self._read

    def is_of_backup(self, held: Held) -> bool:
        return held.first.store in self._backups

    def taken_over(self, id: str, path: str) -> StandingCall | None:
        """The row of a call in the older tables of a current store's own file, which the upgrade has added up."""
        return None if id in self._later or id not in self._older else self._older[id].get(path)

    def came_later(self, ids: Iterable[str]) -> None:
        """Note calls that an older OpenCode wrote after the upgrade, as the sums of the current store show."""
        self._later.update(ids)
