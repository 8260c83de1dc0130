"""The stores that there are, and how each of them stands; found again when a data directory or a file changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from opencode_tui.clock import Clock
from opencode_tui.records.stores import StoreState
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


class KnownStores:
    """All stores of some data directories by their keys, and the states of these and of what cannot be read."""

    def __init__(
        self, data_dirs: tuple[Path, ...], environ: Mapping[str, str], clock: Clock, *, everywhere: bool
    ) -> None:
        """`everywhere` looks for database files where OpenCode's variables name some as well."""
        self._data_dirs, self._environ, self._clock, self._everywhere = data_dirs, environ, clock, everywhere
        # As text, because a poll reads their mtimes, and creating Path objects takes longer than that.
        folders = (folder for each in data_dirs for folder in (each, each / "storage", each / "project"))
        self._folders = tuple(map(str, folders))
        self.stores: dict[str, Store] = {}
        self.states: dict[str, StoreState] = {}
        """By the key of the store, or of the place that cannot be read."""
        self._places: object = None
        self._layouts: dict[str, int] = {}
        self._blank: dict[Path, object] = {}
        """Database files without tables of any generation, such as one that OpenCode is just creating, with stamps."""

    def discover(self) -> list[Store]:
        """Looks for stores again if a data directory or the tables of a file changed, or a store was broken.

        An upgrade creates the tables of OpenCode 2 in a file that stays open, without a change to the directory.
        Returns the new ones.
        """
        places = tuple(map(_mtime, self._folders))
        troubled = any(state.state == "broken" for state in self.states.values())
        if places == self._places and not troubled and not self.has_other_tables():
            return []
        self._places = places
        self._blank = {}
        healed = self.states.keys() - self.stores.keys() - self._look_for_closed()
        found: list[Store] = file_stores(self._data_dirs)
        for path in database_files(self._data_dirs, self._environ, everywhere=self._everywhere):
            stamp = file_stamp(path)
            try:
                there = generations(path)
                found += there
                if not there:
                    self._blank[path] = stamp
            except StoreTrouble as trouble:
                # A store that was read before reports its own problem when it is polled.
                if all(store.path != path for store in self.stores.values()) and not is_copy_name(path.name):
                    self.trouble(path_text(path), path, trouble, "sqlite")
                    healed.discard(path_text(path))
        for key in healed:
            del self.states[key]
        # Newest generation first; the JSON files are the oldest.
        new = [store for store in sorted(found, key=lambda store: -store.rank) if store.key not in self.stores]
        for store in new:
            self.stores[store.key] = store
            self.states[store.key] = self.live(store)
        self._layouts = {key: store.layout for key, store in self.stores.items()}
        return new

    def has_other_tables(self) -> bool:
        """Returns whether tables may have been created in a file since it was last read. Costs microseconds."""
        if any(store.layout != self._layouts.get(key) for key, store in self.stores.items()):
            return True
        return any(file_stamp(path) != stamp for path, stamp in self._blank.items())

    def _look_for_closed(self) -> set[str]:
        """Adds states for unreadable data directories and for stores that are not regular files; returns their keys."""
        remedies = dict.fromkeys(closed := closed_places(self._data_dirs), "see who may read it")
        read = {store.path for store in self.stores.values()}  # these report their own problems when polled
        for place, reason in not_files(self._data_dirs).items():
            if place.parent not in closed and place not in read:
                closed[place], remedies[place] = reason, "see what stands there"
        for place, reason in closed.items():
            sentence = f"{path_text(place)} cannot be read ({reason}); {remedies[place]}"
            self.trouble(f"{path_text(place)}/", place, StoreTrouble("broken", sentence), "sqlite")
        return {f"{path_text(place)}/" for place in closed}

    def drop(self, key: str) -> None:
        """Forgets a backup copy that is gone or cannot be read."""
        self.stores.pop(key).close()
        del self.states[key]

    def live(self, store: Store) -> StoreState:
        return StoreState(path_text(store.path), store.generation, "live")

    def importing(self, store: Store, batch: Batch) -> StoreState:
        return StoreState(
            path_text(store.path),
            store.generation,
            "importing",
            f"importing {path_text(store.path)}, newest first",
            self.states[store.key].since_ms or self._clock(),
            batch.done,
            batch.total,
            max((call.created_ms for call in batch.calls), default=self.states[store.key].left_from_ms),
        )

    def trouble(self, key: str, path: Path, trouble: StoreTrouble, generation: str) -> None:
        state = StoreState(path_text(path), "json" if generation == "json" else "sqlite", trouble.state, str(trouble))
        old = self.states.get(key)
        since = old.since_ms if old is not None and old.state == trouble.state else self._clock()
        self.states[key] = replace(state, since_ms=since)

    def is_read_by_opencode(self, store: Store) -> bool:
        """Whether OpenCode itself reads a store: files of 0.x, until a later version has taken them over."""
        if store.rank >= 0 or store.is_backup:
            return store.rank >= 0
        return self.is_current(store)

    def is_current(self, store: Store) -> bool:
        """Whether OpenCode reads a store today: it was not upgraded to another one."""
        return not any(_supersedes(other, store) for other in self.own())

    def own(self) -> list[Store]:
        """OpenCode's own stores, backup copies left out."""
        return [store for store in self.stores.values() if not store.is_backup]


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
