"""Reads OpenCode's stores, prices the calls and writes them to the ledger: incremental, resumable, concurrency-safe."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from opencode_tui import paths
from opencode_tui.clock import Clock, calendar_for, now_ms, sleep_s
from opencode_tui.config.settings import Pricing, Settings
from opencode_tui.ledger import copies, known_undone, late_rows, reread_calls, writing
from opencode_tui.ledger.imported_calls import adopt_imported_calls
from opencode_tui.ledger.known_sessions import SessionsInLedger
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.queries import directories, running_calls
from opencode_tui.ledger.residuals import (
    bills_only_in_backups,
    calls_over_sum,
    short_sums,
    unlisted_calls,
)
from opencode_tui.ledger.resplit import possibly_unsplit, reopen_messages, resplit_messages
from opencode_tui.ledger.undone import undone_calls
from opencode_tui.paths import last_part
from opencode_tui.pricing.book import PriceBook, Priced, price_calls
from opencode_tui.pricing.models_cache import name_for_address
from opencode_tui.records.calls import Call, message_id
from opencode_tui.records.collecting import paused_collection
from opencode_tui.records.reconciliation import Agreement, Standing
from opencode_tui.records.stores import Session, StoreState
from opencode_tui.source.backups import Backups
from opencode_tui.source.batch import Batch, Store, StoreTrouble
from opencode_tui.source.discovery import (
    closed_places,
    database_files,
    file_stamp,
    file_stores,
    generations,
    is_copy_name,
    not_files,
    resolved_path,
)
from opencode_tui.source.text import path_text

Report = Callable[[], None]

_PLACEHOLDER = re.compile(r"(New|Child) session - \d{4}-\d\d-\d\dT[\d:.]+Z")
"""What OpenCode calls a session until its model has made a title."""
_LARGE = 2_000
_TRIES = 3
_LEASE_LOOK_S = 0.05


class Sync:
    """Keeps the ledger up to date with all stores. For use by one thread."""

    def __init__(self, ledger: Ledger, settings: Settings, environ: Mapping[str, str], clock: Clock = now_ms) -> None:
        self._ledger, self._settings, self._environ, self._clock = ledger, settings, environ, clock
        self.data_dirs = paths.opencode_data_dirs(settings.data_dirs, environ)
        # As text, because a poll reads their mtimes, and creating Path objects takes longer than that.
        folders = (folder for each in self.data_dirs for folder in (each, each / "storage", each / "project"))
        self._folders = tuple(map(str, folders))
        self.book = self._book()
        self.machine = settings.machine or os.uname().nodename
        self._machine_id: int | None = None
        self._stores: dict[str, Store] = {}
        self._backups = Backups(self._stores)
        self._states: dict[str, StoreState] = {}
        self._places: object = None
        self._layouts: dict[str, int] = {}
        self._blank: dict[Path, object] = {}
        """Database files without tables of any generation, such as one that OpenCode is just creating, with stamps."""
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
        return tuple(self._states.values())

    def poll(self, report: Report = lambda: None) -> bool:
        """Reads new rows from all stores; returns True if the ledger or the state of a store changed.

        `report` is called after each step of a long read. Problems with a store are shown in `states`, not raised, and
        do not stop the other stores from being read.
        """
        before = self.states
        self._discover()
        wrote, read = self._read_changed(report)
        if read and self._has_other_tables():
            self._discover()
            wrote |= self._read_changed(report)[0]
        if all(state.state == "live" for state in self._states.values()):
            self.read_ms = self._clock()
        if read:
            self._settle_copies()
            self._leave_superseded()
        return wrote or self.states != before

    def _read_changed(self, report: Report) -> tuple[bool, bool]:
        """(whether the ledger changed, whether any store had changed)."""
        # One that is there again may be exactly as it was before it went.
        changed = [
            store for store in self._stores.values() if store.changed() or self._states[store.key].state == "gone"
        ]
        # A call undone in one store may still be in another, such as the v1 tables of the same file. So all rows are
        # read before any sum, and the sums of backup copies, which may show undone calls, before those of live stores.
        twice = sorted((store for store in changed if store.has_sums), key=lambda store: not store.is_backup)
        twice = twice if len(changed) > 1 else []
        done = [self._read_one(store, report, sums=store not in twice) for store in changed]
        if None not in done:
            done += [self._read_one(store, report, sums=True) for store in twice if store.key in self._stores]
        return any(done), bool(changed)

    def _read_one(self, store: Store, report: Report, *, sums: bool) -> bool | None:
        """Returns whether the ledger changed; None if the store is locked."""
        try:
            wrote = self._pull_patiently(store, report, sums=sums)
            self._states[store.key] = self._live(store)
            return wrote
        except StoreTrouble as trouble:
            if not store.is_backup:
                self._trouble(store.key, store.path, trouble, store.generation)
            elif trouble.state != "locked":
                self._drop(store.key)
            return None if trouble.state == "locked" else False

    def _settle_copies(self) -> None:
        """Makes permanent who pays for calls whose originals are gone, once all readable stores have been read."""
        passing = ("importing", "locked")
        if not copies.has_unsettled(self._ledger.connection) or any(s.state in passing for s in self.states):
            return
        # A store that another process found, and that is not read yet, may hold an original.
        if writing.unread_stores(self._ledger.connection) <= {writing.stored_key(key) for key in self._stores}:
            with self._ledger.writing() as connection:
                copies.settle_copies(connection)

    def _is_read_by_opencode(self, store: Store) -> bool:
        """Whether OpenCode itself reads a store: files of 0.x, until a later version has taken them over."""
        if store.rank >= 0 or store.is_backup:
            return store.rank >= 0
        return not any(_supersedes(other, store) for other in self._stores.values() if not other.is_backup)

    def _leave_superseded(self) -> None:
        """Marks what only an old store has as deleted once OpenCode no longer reads that one."""
        for store in self._stores.values():
            if store.rank < 0 and not store.is_backup and not self._is_read_by_opencode(store):
                row = writing.store_row(self._ledger.connection, store.key)
                if SessionsInLedger(self._ledger.connection, row.id).present():
                    with self._ledger.writing() as connection:
                        writing.mark_vanished(connection, row.id, frozenset())

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        """The ids of a session's messages that OpenCode still has; None if no store has the session."""
        return self._ids_in_stores(lambda store: store.message_ids(session_id))

    def shown_ids(self, session_id: str) -> frozenset[str] | None:
        """The same without those that an undo took back, whose rows stay until the next prompt."""
        return self._ids_in_stores(lambda store: store.shown_ids(session_id))

    def _ids_in_stores(self, ids_in: Callable[[Store], frozenset[str] | None]) -> frozenset[str] | None:
        found: frozenset[str] | None = None
        for store in (store for store in self._stores.values() if not store.is_backup):
            with suppress(StoreTrouble):
                ids = ids_in(store)
                found = found if ids is None else (found or frozenset()) | ids
        return found

    def prompts(self, session_id: str, turn_ids: Sequence[str]) -> dict[str, str]:
        """The first line of the prompt by turn, read from the stores on demand; empty unless the settings allow it."""
        found: dict[str, str] = {}
        if self._settings.privacy.show_prompts and turn_ids:
            for store in self._stores.values():
                with suppress(StoreTrouble):
                    found = store.prompts(session_id, turn_ids) | found
        return found

    def standing(self, agreement: Agreement | None = None) -> tuple[tuple[Standing, ...], tuple[str, ...]]:
        """What each of OpenCode's stores holds now, backup copies left out.

        Then the paths of what OpenCode reads today and that cannot be read here. Of what OpenCode reads today, calls
        that the agreement has alike are summed, not listed.
        """
        own = [store for store in self._stores.values() if not store.is_backup]
        found = []
        unread = [state.path for key, state in self._states.items() if key not in self._stores]
        for store in own:
            is_current = not any(_supersedes(other, store) for other in own)
            try:
                with paused_collection():
                    now = _patiently(store, self._clock(), agreement if is_current else None)
            except StoreTrouble:
                unread += [path_text(store.path)] if is_current else []
            else:
                found.append(replace(now, key=writing.stored_key(store.key), is_current=is_current))
        return tuple(found), tuple(unread)

    def store_keys(self) -> tuple[frozenset[str], frozenset[str]]:
        """The keys in the ledger of the backup copies, and of all stores that could be read."""
        found = self._stores.values()
        backups = frozenset(writing.stored_key(store.key) for store in found if store.is_backup)
        live = (store.key for store in found if self._states[store.key].state == "live")
        return backups, frozenset(map(writing.stored_key, live))

    def look_at_prices(self) -> tuple[str, ...]:
        """The problems in reading OpenCode's prices, global ones and those for the directories of today's calls."""
        calendar = calendar_for(self._settings.timezone)
        today = calendar.span(calendar.day(self._clock()))
        with self._ledger.reading() as connection:
            return self.book.look(directories(connection, today))

    def close(self) -> None:
        for store in self._stores.values():
            store.close()

    def _discover(self) -> None:
        """Looks for stores again if a data directory or the tables of a file changed, or a store was broken.

        An upgrade creates the tables of OpenCode 2 in a file that stays open, without a change to the directory.
        """
        places = tuple(map(_mtime, self._folders))
        troubled = any(state.state == "broken" for state in self._states.values())
        if places == self._places and not troubled and not self._has_other_tables():
            return
        self._places = places
        self._blank = {}
        healed = self._states.keys() - self._stores.keys() - self._look_for_closed()
        found: list[Store] = file_stores(self.data_dirs)
        everywhere = not self._settings.data_dirs
        for path in database_files(self.data_dirs, self._environ, everywhere=everywhere):
            stamp = file_stamp(path)
            try:
                there = generations(path)
                found += there
                if not there:
                    self._blank[path] = stamp
            except StoreTrouble as trouble:
                # A store that was read before reports its own problem when it is polled.
                if all(store.path != path for store in self._stores.values()) and not is_copy_name(path.name):
                    self._trouble(path_text(path), path, trouble, "sqlite")
                    healed.discard(path_text(path))
        for key in healed:
            del self._states[key]
        # Newest generation first; the JSON files are the oldest.
        new = [store for store in sorted(found, key=lambda store: -store.rank) if store.key not in self._stores]
        for store in new:
            self._stores[store.key] = store
            self._states[store.key] = self._live(store)
        self._layouts = {key: store.layout for key, store in self._stores.items()}
        if new:
            with self._ledger.writing() as connection:  # so that other processes see that these are not read yet
                for store in new:
                    writing.store_row(connection, store.key)

    def _has_other_tables(self) -> bool:
        """Returns whether tables may have been created in a file since it was last read. Costs microseconds."""
        if any(store.layout != self._layouts.get(key) for key, store in self._stores.items()):
            return True
        return any(file_stamp(path) != stamp for path, stamp in self._blank.items())

    def _look_for_closed(self) -> set[str]:
        """Adds states for unreadable data directories and for stores that are not regular files; returns their keys."""
        remedies = dict.fromkeys(closed := closed_places(self.data_dirs), "see who may read it")
        read = {store.path for store in self._stores.values()}  # these report their own problems when polled
        for place, reason in not_files(self.data_dirs).items():
            if place.parent not in closed and place not in read:
                closed[place], remedies[place] = reason, "see what stands there"
        for place, reason in closed.items():
            sentence = f"{path_text(place)} cannot be read ({reason}); {remedies[place]}"
            self._trouble(f"{path_text(place)}/", place, StoreTrouble("broken", sentence), "sqlite")
        return {f"{path_text(place)}/" for place in closed}

    def _drop(self, key: str) -> None:
        """Forgets a backup copy that is gone or cannot be read."""
        self._stores.pop(key).close()
        del self._states[key]

    def _pull_patiently(self, store: Store, report: Report, *, sums: bool) -> bool:
        with paused_collection():
            for _ in range(_TRIES):
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
        wrote, is_long = False, False
        with self._ledger.writing() as connection:
            writing.store_row(connection, store.key)
            if self._machine_id is None:
                self._machine_id = writing.machine_id(connection, self.machine)
        if store.rank == 1 and writing.store_row(self._ledger.connection, store.key).cursor is None:
            self._note_upgrade(store.path)
        while True:
            row = self._free_row(store, report)
            try:
                retry = running_calls(self._ledger.connection)
                known = SessionsInLedger(self._ledger.connection, row.id)
                if row.cursor is not None and store.predates_steps(row.cursor):
                    retry += possibly_unsplit(self._ledger.connection)
                for batch in store.read(row.cursor, retry, sums=sums, known=known):
                    moved, changed = self._apply(store, row, batch)
                    wrote |= changed
                    if moved is None:
                        break
                    row = moved
                    if batch.total - batch.done > _LARGE or self._states[store.key].state == "importing":
                        if not is_long:
                            stack.enter_context(self._ledger.long_import())
                            is_long = True
                        self._states[store.key] = self._importing(store, batch)
                        report()
                else:
                    return wrote
            finally:
                self._release(row)
            # Another process has moved the cursor and written what it read, so continue from there.

    def _note_upgrade(self, path: Path) -> None:
        """Adds a notice about what an upgrade deleted, if the store of OpenCode 1 was never read before it."""
        if any(other.path == path and other.rank == 2 for other in self._stores.values()):
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
            state = self._states[store.key]
            detail = f"another opencode-tui is importing {path_text(store.path)}"
            self._states[store.key] = replace(state, state="importing", detail=detail)
            report()
            sleep_s(_LEASE_LOOK_S)
        return row

    def _release(self, row: writing.StoreRow) -> None:
        if row.lease_ms is not None and row.cursor is not None:
            with suppress(sqlite3.Error), self._ledger.writing() as connection:  # else it expires
                writing.move_cursor(connection, row, row.cursor)

    def _apply(self, store: Store, row: writing.StoreRow, batch: Batch) -> tuple[writing.StoreRow | None, bool]:
        """Writes a batch; returns the store row (None if another process moved its cursor) and whether it had data."""
        content = batch.sessions or batch.calls or batch.unreadable or batch.bills
        if not content and batch.present is None and batch.cursor == row.cursor and row.lease_ms is None:
            return row, False
        assert self._machine_id is not None
        final = writing.final_calls(self._ledger.connection, (call.id for call in batch.calls))
        resplit = resplit_messages(batch.calls, final)
        calls = self._priced(call for call in batch.calls if call.id not in final or message_id(call.id) in resplit)
        known = {call.id for call, _ in calls}
        with self._ledger.writing() as connection:
            calls = reopen_messages(connection, calls, resplit) if resplit else calls
            is_read = self._is_read_by_opencode(store)
            named = map(self._named, batch.sessions)
            writing.write_sessions(connection, row.id, store.rank, named, is_read=is_read)
            if not store.is_backup:
                seen = [each.id for each in batch.sessions]
                if final or batch.is_of_events:
                    seen += [call.session_id for call in batch.calls if (call.id in final) is not batch.is_of_events]
                known_undone.note_seen_again(connection, seen)
                known_undone.note_undo(connection, (each.id for each in batch.sessions if each.has_undo))
            if batch.present is not None:
                writing.mark_vanished(connection, row.id, batch.present if is_read else frozenset())
                if is_read and store.rank < 0:
                    writing.mark_standing(connection, row.id, batch.present)
            is_reread = reread_calls.is_under_way(connection, row.id)
            if not is_reread and self._starts_reread(connection, store, row, batch):
                reread_calls.begin(connection, row.id)
                is_reread = True
            if calls:
                summed = [call for call, _ in calls] if store.has_sums else []
                late_rows.drop_undone(connection, summed)
                if store.is_backup:
                    self._reduce_residuals(connection, summed, except_store=row.id)
                elif is_reread:
                    reread_calls.note(connection, row.id, summed)
                writing.write_calls(connection, row.id, self._machine_id, calls)
                writing.write_tools(connection, (tool for tool in batch.tools if tool.call_id in known))
            writing.write_unreadable(connection, row.id, batch.unreadable)
            is_long = row.lease_ms is not None or batch.total - batch.done > _LARGE
            lease_ms = now_ms() + writing.LEASE_MS if is_long else None
            moved = writing.move_cursor(connection, row, batch.cursor, lease_ms)
            if moved is not None and batch.bills:
                writing.clear_unreadable_sums(connection, row.id, batch.bills)
                bills = bills_only_in_backups(connection, batch.bills) if store.is_backup else batch.bills
                if not store.is_backup:
                    adopt_imported_calls(connection, row.id, bills)
                reread = reread_calls.end(connection, row.id) if is_reread else []
                over = calls_over_sum(connection, bills, reread)
                self._reduce_residuals(connection, over, message_ids=store.message_ids)
                backups = self._backups.keys()
                in_sum = partial(self._backups.in_sum, store)
                originals = undone_calls(connection, batch.bills, bills, store.rows_of, backups, in_sum)
                if store.is_backup:
                    self._reduce_residuals(connection, originals, except_store=row.id)
                writing.write_calls(connection, row.id, self._machine_id, self._priced(originals))
                known_undone.note_seen_again(connection, (call.session_id for call in originals))
                rechecked, now = batch.rechecked | known, self._clock()
                foreign = partial(self._backups.foreign_calls, store)
                found = unlisted_calls(connection, bills, rechecked, now, backups, in_sum, foreign)
                unlisted = self._priced(found)
                writing.write_calls(connection, row.id, self._machine_id, unlisted)
                writing.write_unreadable(connection, row.id, short_sums(connection, bills, store.rows_of))
            return moved, bool(content)

    @staticmethod
    def _starts_reread(connection: sqlite3.Connection, store: Store, row: writing.StoreRow, batch: Batch) -> bool:
        """Returns whether the ledger may already have residuals for calls in this batch and the following ones."""
        is_again = store.has_sums and not store.is_backup and (batch.is_reread or row.cursor is None)
        return is_again and late_rows.has_residuals(connection)

    def _reduce_residuals(
        self,
        connection: sqlite3.Connection,
        calls: list[Call],
        except_store: int | None = None,
        message_ids: Callable[[str], frozenset[str] | None] = lambda session_id: None,
    ) -> None:
        """Subtracts these calls, whose rows were found late, from the residuals that contain them."""
        assert self._machine_id is not None
        for store_id, rest in late_rows.reduce_residuals(connection, calls, except_store, message_ids).items():
            writing.write_calls(connection, store_id, self._machine_id, self._priced(rest))

    def _named(self, session: Session) -> Session:
        """Gives a session without a title of its own its project and start time as title: `shop, 14:23`."""
        if session.title and not _PLACEHOLDER.fullmatch(session.title):
            return session
        began = calendar_for(self._settings.timezone).local(session.created_ms)
        return replace(session, title=f"{last_part(session.project) or 'untitled'}, {began:%H:%M}")

    def _priced(self, calls: Iterable[Call]) -> list[tuple[Call, Priced]]:
        wanted, prefer = list(calls), self._settings.pricing.prefer
        if wanted:
            self.book.refresh()
        return list(zip(wanted, price_calls(wanted, self.book, prefer), strict=True))

    def _live(self, store: Store) -> StoreState:
        return StoreState(path_text(store.path), store.generation, "live")

    def _importing(self, store: Store, batch: Batch) -> StoreState:
        return StoreState(
            path_text(store.path),
            store.generation,
            "importing",
            f"importing {path_text(store.path)}, newest first",
            self._states[store.key].since_ms or self._clock(),
            batch.done,
            batch.total,
            max((call.created_ms for call in batch.calls), default=self._states[store.key].left_from_ms),
        )

    def _trouble(self, key: str, path: Path, trouble: StoreTrouble, generation: str) -> None:
        state = StoreState(path_text(path), "json" if generation == "json" else "sqlite", trouble.state, str(trouble))
        old = self._states.get(key)
        since = old.since_ms if old is not None and old.state == trouble.state else self._clock()
        self._states[key] = replace(state, since_ms=since)


def _patiently(store: Store, now_ms: int, agreement: Agreement | None) -> Standing:
    """What a store holds now; tries again if that was read while the file changed. Raises StoreTrouble."""
    for tries_left in range(_TRIES, -1, -1):
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


def _supersedes(other: Store, store: Store) -> bool:
    """Whether OpenCode reads the other one instead, since it was upgraded."""
    if store.generation == "json":
        is_beside = resolved_path(other.path).parent == resolved_path(store.path).parent
    else:
        is_beside = other.path == store.path
    return is_beside and other.rank > store.rank


def _mtime(place: str) -> int:
    try:
        return os.stat(place).st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0
