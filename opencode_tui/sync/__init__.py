"""Reads OpenCode's stores, prices the calls and writes them to the ledger: incremental, resumable, concurrency-safe."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from opencode_tui import paths
from opencode_tui.clock import Clock, calendar_for, now_ms, sleep_s
from opencode_tui.config.settings import Pricing, Settings
from opencode_tui.ledger import copies, writing
from opencode_tui.ledger.known_sessions import SessionsInLedger
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.queries import directories, running_calls
from opencode_tui.ledger.resplit import possibly_unsplit
from opencode_tui.pricing.book import PriceBook, Priced, price_calls
from opencode_tui.pricing.models_cache import name_for_address
from opencode_tui.records.calls import Call
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.stores import StoreState
from opencode_tui.source.backups import Backups
from opencode_tui.source.batch import Store, StoreTrouble
from opencode_tui.source.text import path_text
from opencode_tui.sync.batch_writer import BatchWriter, is_long
from opencode_tui.sync.known_stores import KnownStores
from opencode_tui.sync.store_answers import TRIES, StoreAnswers

Report = Callable[[], None]

_LEASE_LOOK_S = 0.05


class Sync:
    """Keeps the ledger up to date with all stores. For use by one thread."""

    def __init__(self, ledger: Ledger, settings: Settings, environ: Mapping[str, str], clock: Clock = now_ms) -> None:
        self._ledger, self._settings, self._environ, self._clock = ledger, settings, environ, clock
        self.data_dirs = paths.opencode_data_dirs(settings.data_dirs, environ)
        self.book = self._book()
        self.machine = settings.machine or os.uname().nodename
        self._machine_id: int | None = None
        self._known = KnownStores(self.data_dirs, environ, clock, everywhere=not settings.data_dirs)
        self._backups = Backups(self._known.stores)
        self.answers = StoreAnswers(self._known, clock, show_prompts=settings.privacy.show_prompts)
        """What readings ask of the stores."""
        self.notices: list[str] = []
        """Sentences to show to the user once; the caller that shows them clears the list."""
        self.read_ms: int | None = None
        """When all stores were last polled without a problem, in Unix milliseconds."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment that it was made with."""
        return self._environ

    def use(self, pricing: Pricing) -> None:
        """Price the calls that are read from now on by these settings."""
        if pricing != self._settings.pricing:
            self._settings = replace(self._settings, pricing=pricing)
            self.book = self._book()

    def _book(self) -> PriceBook:
        history = paths.list_prices_file(name_for_address("list-prices", ".csv", self._environ), self._environ)
        return PriceBook(self._settings.pricing, self._environ, paths.home(), history)

    @property
    def states(self) -> tuple[StoreState, ...]:
        """The state of each store, in the order in which they were found."""
        return tuple(self._known.states.values())

    def poll(self, report: Report = lambda: None) -> bool:
        """Reads new rows from all stores; returns True if the ledger or the state of a store changed.

        `report` is called after each step of a long read. Problems with a store are shown in `states`, not raised, and
        do not stop the other stores from being read.
        """
        before = self.states
        self._discover()
        wrote, read = self._read_changed(report)
        if read and self._known.has_other_tables():
            self._discover()
            wrote |= self._read_changed(report)[0]
        if all(state.state == "live" for state in self._known.states.values()):
            self.read_ms = self._clock()
        if read:
            self._settle_copies()
            self._leave_superseded()
        return wrote or self.states != before

    def _read_changed(self, report: Report) -> tuple[bool, bool]:
        """(whether the ledger changed, whether any store had changed)."""
        # One that is there again may be exactly as it was before it went.
        changed = [
            store
            for store in self._known.stores.values()
            if store.changed() or self._known.states[store.key].state == "gone"
        ]
        # A call undone in one store may still be in another, such as the v1 tables of the same file. So all rows are
        # read before any sum, and the sums of backup copies, which may show undone calls, before those of live stores.
        twice = sorted((store for store in changed if store.has_sums), key=lambda store: not store.is_backup)
        twice = twice if len(changed) > 1 else []
        done = [self._read_one(store, report, sums=store not in twice) for store in changed]
        if None not in done:
            done += [self._read_one(store, report, sums=True) for store in twice if store.key in self._known.stores]
        return any(done), bool(changed)

    def _read_one(self, store: Store, report: Report, *, sums: bool) -> bool | None:
        """Returns whether the ledger changed; None if the store is locked."""
        try:
            wrote = self._pull_patiently(store, report, sums=sums)
            self._known.states[store.key] = self._known.live(store)
            return wrote
        except StoreTrouble as trouble:
            if not store.is_backup:
                self._known.trouble(store.key, store.path, trouble, store.generation)
            elif trouble.state != "locked":
                self._known.drop(store.key)
            return None if trouble.state == "locked" else False

    def _settle_copies(self) -> None:
        """Makes permanent who pays for calls whose originals are gone, once all readable stores have been read."""
        passing = ("importing", "locked")
        if not copies.has_unsettled(self._ledger.connection) or any(s.state in passing for s in self.states):
            return
        # A store that another process found, and that is not read yet, may hold an original.
        if writing.unread_stores(self._ledger.connection) <= {writing.stored_key(key) for key in self._known.stores}:
            with self._ledger.writing() as connection:
                copies.settle_copies(connection)

    def _leave_superseded(self) -> None:
        """Marks what only an old store has as deleted once OpenCode no longer reads that one."""
        for store in self._known.stores.values():
            if store.rank < 0 and not store.is_backup and not self._known.is_read_by_opencode(store):
                row = writing.store_row(self._ledger.connection, store.key)
                if SessionsInLedger(self._ledger.connection, row.id).present():
                    with self._ledger.writing() as connection:
                        writing.mark_vanished(connection, row.id, frozenset())

    def look_at_prices(self) -> tuple[str, ...]:
        """The problems in reading OpenCode's prices, global ones and those for the directories of today's calls."""
        calendar = calendar_for(self._settings.timezone)
        today = calendar.span(calendar.day(self._clock()))
        with self._ledger.reading() as connection:
            return self.book.look(directories(connection, today))

    def close(self) -> None:
        for store in self._known.stores.values():
            store.close()

    def _discover(self) -> None:
        if new := self._known.discover():
            with self._ledger.writing() as connection:  # so that other processes see that these are not read yet
                for store in new:
                    writing.store_row(connection, store.key)

    def _pull_patiently(self, store: Store, report: Report, *, sums: bool) -> bool:
        with paused_collection():
            for _ in range(TRIES):
                try:
                    return self._pull(store, report, sums=sums)
                except StoreTrouble as trouble:
                    if not trouble.again:
                        raise
            return self._pull(store, report, sums=sums)

    def _pull(self, store: Store, report: Report, *, sums: bool) -> bool:
        with ExitStack() as stack:
            return self._pull_batches(store, report, stack, sums=sums)

    def _pull_batches(self, store: Store, report: Report, stack: ExitStack, *, sums: bool) -> bool:
        wrote, is_slow = False, False
        with self._ledger.writing() as connection:
            writing.store_row(connection, store.key)
            if self._machine_id is None:
                self._machine_id = writing.machine_id(connection, self.machine)
        if store.rank == 1 and writing.store_row(self._ledger.connection, store.key).cursor is None:
            self._note_upgrade(store.path)
        writer = self._writer(store, self._machine_id)
        while True:
            row = self._free_row(store, report)
            try:
                retry = running_calls(self._ledger.connection)
                known = SessionsInLedger(self._ledger.connection, row.id)
                if row.cursor is not None and store.predates_steps(row.cursor):
                    retry += possibly_unsplit(self._ledger.connection)
                for batch in store.read(row.cursor, retry, sums=sums, known=known):
                    moved, changed = writer.write(row, batch)
                    wrote |= changed
                    if moved is None:
                        break
                    row = moved
                    if is_long(batch) or self._known.states[store.key].state == "importing":
                        if not is_slow:
                            stack.enter_context(self._ledger.long_import())
                            is_slow = True
                        self._known.states[store.key] = self._known.importing(store, batch)
                        report()
                else:
                    return wrote
            finally:
                self._release(row)
            # Another process has moved the cursor and written what it read, so continue from there.

    def _writer(self, store: Store, machine: int) -> BatchWriter:
        is_read, calendar = self._known.is_read_by_opencode(store), calendar_for(self._settings.timezone)
        return BatchWriter(self._ledger, store, self._backups, machine, is_read, self._priced, calendar, self._clock)

    def _note_upgrade(self, path: Path) -> None:
        """Adds a notice about what an upgrade deleted, if the store of OpenCode 1 was never read before it."""
        if any(other.path == path and other.rank == 2 for other in self._known.stores.values()):
            self.notices.append(
                f"{path} was upgraded to OpenCode 2 before its first sync; what had been undone in OpenCode 1 was"
                " deleted by the upgrade, so its cost may be missing"
            )

    def _free_row(self, store: Store, report: Report) -> writing.StoreRow:
        """The store's row in the ledger, after waiting until no other process has a lease on it.

        Two processes importing at once would slow each other down, as each move of the cursor makes the other start
        over. The lease of a killed or suspended process expires after a few seconds.
        """
        query = partial(writing.store_row, self._ledger.connection, store.key)
        while (row := query()).is_leased(now_ms()):
            state = self._known.states[store.key]
            detail = f"another opencode-tui is importing {path_text(store.path)}"
            self._known.states[store.key] = replace(state, state="importing", detail=detail)
            report()
            sleep_s(_LEASE_LOOK_S)
        return row

    def _release(self, row: writing.StoreRow) -> None:
        if row.lease_ms is not None and row.cursor is not None:
            with suppress(sqlite3.Error), self._ledger.writing() as connection:  # else it expires
                writing.move_cursor(connection, row, row.cursor)

    def _priced(self, calls: Iterable[Call]) -> list[tuple[Call, Priced]]:
        wanted, prefer = list(calls), self._settings.pricing.prefer
        if wanted:
            self.book.refresh()
        return list(zip(wanted, price_calls(wanted, self.book, prefer), strict=True))
