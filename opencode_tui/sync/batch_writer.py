"""Writes what was read from a store to the ledger: a batch in one transaction, with what follows from it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from opencode_tui.clock import Calendar, Clock, now_ms
from opencode_tui.ledger import known_undone, late_rows, reread_calls, writing
from opencode_tui.ledger.imported_calls import adopt_imported_calls
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.residuals import bills_only_in_backups, calls_over_sum, short_sums, unlisted_calls
from opencode_tui.ledger.resplit import reopen_messages, resplit_messages
from opencode_tui.ledger.undone import undone_calls
from opencode_tui.paths import last_part
from opencode_tui.pricing.book import Priced
from opencode_tui.records.calls import Call, message_id
from opencode_tui.records.stores import Session
from opencode_tui.source.backups import Backups
from opencode_tui.source.batch import Batch, Store

_LARGE = 2_000
_PLACEHOLDER = re.compile(r"(New|Child) session - \d{4}-\d\d-\d\dT[\d:.]+Z")
"""What OpenCode calls a session until its model has made a title."""


def is_long(batch: Batch) -> bool:
    """Whether so much is left after a batch that its import takes long."""
    return batch.total - batch.done > _LARGE


class BatchWriter(Struct, frozen=True):
    """Writes the batches of one store."""

    ledger: Ledger
    store: Store
    backups: Backups
    machine: int
    """The machine's row in the ledger."""
    is_read: bool
    """OpenCode itself reads the store."""
    price: Callable[[Iterable[Call]], list[tuple[Call, Priced]]]
    calendar: Calendar
    clock: Clock

    def write(self, row: writing.StoreRow, batch: Batch) -> tuple[writing.StoreRow | None, bool]:
        """Returns the store's row (None if another process moved its cursor) and whether the batch had data."""
        content = batch.sessions or batch.calls or batch.unreadable or batch.bills
        if not content and batch.present is None and batch.cursor == row.cursor and row.lease_ms is None:
            return row, False
        final = writing.final_calls(self.ledger.connection, (call.id for call in batch.calls))
        resplit = resplit_messages(batch.calls, final)
        calls = self.price(call for call in batch.calls if call.id not in final or message_id(call.id) in resplit)
        known = frozenset(call.id for call, _ in calls)
        with self.ledger.writing() as connection:
            calls = reopen_messages(connection, calls, resplit) if resplit else calls
            self._write_sessions(connection, row.id, batch, final)
            is_reread = reread_calls.is_under_way(connection, row.id)
            if not is_reread and self._starts_reread(connection, row, batch):
                reread_calls.begin(connection, row.id)
                is_reread = True
            if calls:
                self._write_calls(connection, row.id, calls, is_reread=is_reread)
                writing.write_tools(connection, (tool for tool in batch.tools if tool.call_id in known))
            writing.write_unreadable(connection, row.id, batch.unreadable)
            leased = row.lease_ms is not None or is_long(batch)
            moved = writing.move_cursor(connection, row, batch.cursor, now_ms() + writing.LEASE_MS if leased else None)
            if moved is not None and batch.bills:
                self._settle_sums(connection, row.id, batch, known, is_reread=is_reread)
            return moved, bool(content)

    def _write_sessions(
        self, connection: sqlite3.Connection, store_id: int, batch: Batch, final: frozenset[str]
    ) -> None:
        store = self.store
        named = map(self._named, batch.sessions)
        writing.write_sessions(connection, store_id, store.rank, named, is_read=self.is_read)
        if not store.is_backup:
            seen = [each.id for each in batch.sessions]
            if final or batch.is_of_events:
                seen += [call.session_id for call in batch.calls if (call.id in final) is not batch.is_of_events]
            known_undone.note_seen_again(connection, seen)
            known_undone.note_undo(connection, (each.id for each in batch.sessions if each.has_undo))
        if batch.present is not None:
            writing.mark_vanished(connection, store_id, batch.present if self.is_read else frozenset())
            if self.is_read and store.rank < 0:
                writing.mark_standing(connection, store_id, batch.present)

    def _starts_reread(self, connection: sqlite3.Connection, row: writing.StoreRow, batch: Batch) -> bool:
        """Returns whether the ledger may already have residuals for calls in this batch and the following ones."""
        store = self.store
        is_again = store.has_sums and not store.is_backup and (batch.is_reread or row.cursor is None)
        return is_again and late_rows.has_residuals(connection)

    def _write_calls(
        self, connection: sqlite3.Connection, store_id: int, calls: list[tuple[Call, Priced]], *, is_reread: bool
    ) -> None:
        summed = [call for call, _ in calls] if self.store.has_sums else []
        late_rows.drop_undone(connection, summed)
        if self.store.is_backup:
            self._reduce_residuals(connection, summed, except_store=store_id)
        elif is_reread:
            reread_calls.note(connection, store_id, summed)
        writing.write_calls(connection, store_id, self.machine, calls)

    def _settle_sums(
        self, connection: sqlite3.Connection, store_id: int, batch: Batch, known: frozenset[str], *, is_reread: bool
    ) -> None:
        """Writes the calls that only the store's sums of its sessions tell of, once all rows are written."""
        store = self.store
        writing.clear_unreadable_sums(connection, store_id, batch.bills)
        bills = bills_only_in_backups(connection, batch.bills) if store.is_backup else batch.bills
        if not store.is_backup:
            adopt_imported_calls(connection, store_id, bills)
        reread = reread_calls.end(connection, store_id) if is_reread else []
        over = calls_over_sum(connection, bills, reread)
        self._reduce_residuals(connection, over, message_ids=store.message_ids)
        backups = self.backups.keys()
        in_sum = partial(self.backups.in_sum, store)
        originals = undone_calls(connection, batch.bills, bills, store.rows_of, backups, in_sum)
        if store.is_backup:
            self._reduce_residuals(connection, originals, except_store=store_id)
        writing.write_calls(connection, store_id, self.machine, self.price(originals))
        known_undone.note_seen_again(connection, (call.session_id for call in originals))
        rechecked, now = batch.rechecked | known, self.clock()
        foreign = partial(self.backups.foreign_calls, store)
        unlisted = unlisted_calls(connection, bills, rechecked, now, backups, in_sum, foreign)
        writing.write_calls(connection, store_id, self.machine, self.price(unlisted))
        writing.write_unreadable(connection, store_id, short_sums(connection, bills, store.rows_of))

    def _reduce_residuals(
        self,
        connection: sqlite3.Connection,
        calls: list[Call],
        except_store: int | None = None,
        message_ids: Callable[[str], frozenset[str] | None] = lambda session_id: None,
    ) -> None:
        """Subtracts these calls, whose rows were found late, from the residuals that contain them."""
        for store_id, rest in late_rows.reduce_residuals(connection, calls, except_store, message_ids).items():
            writing.write_calls(connection, store_id, self.machine, self.price(rest))

    def _named(self, session: Session) -> Session:
        """Gives a session without a title of its own its project and start time as title: `shop, 14:23`."""
        if session.title and not _PLACEHOLDER.fullmatch(session.title):
            return session
        began = self.calendar.local(session.created_ms)
        return replace(session, title=f"{last_part(session.project) or 'untitled'}, {began:%H:%M}")
