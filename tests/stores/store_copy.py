"""A store that many tests begin with, written once a process: a copy takes a tenth of the time of writing it."""

from __future__ import annotations

import pickle
from pathlib import Path

from tests.stores.v1 import V1


class StoreCopy:
    """What a v1 store holds, which no process has open, and what its builder knows of it."""

    def __init__(self, store: V1) -> None:
        self._content = store.path.read_bytes()
        self._builder = pickle.dumps(store)

    def at(self, root: Path) -> V1:
        """A store of its own below `root`, with the same sessions, calls and ids."""
        store: V1 = pickle.loads(self._builder)
        store.data_dir = root / "opencode"
        store.data_dir.mkdir(parents=True, exist_ok=True)
        store.database.path = store.data_dir / store.path.name
        store.path.write_bytes(self._content)
        return store
