"""The changes that were applied, each with a copy of the file as it was, in the folder `levers` beside the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from opencode_tui.guard.files import PRIVATE, put_in_place, read_small
from opencode_tui.readings.levers_set import applied_changes, folder_of_changes
from opencode_tui.records.levers import AppliedChange, FileChange

_FOLDER_MODE = 0o700


class KeptChanges:
    """Reads and writes the folder. Every method may raise OSError."""

    def __init__(self, ledger: Path) -> None:
        self.folder = folder_of_changes(ledger)

    def all(self) -> list[AppliedChange]:
        """The changes in the order in which they were applied; a file that is none of ours is left out."""
        return list(applied_changes(self.folder))

    def keep(self, change: FileChange, at_ms: int) -> AppliedChange:
        """Keep a copy of the file, and that it is changed; to be called before the file is written."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
        existed, id = change.before is not None, self._free_id()
        kept = AppliedChange(
            *(id, change.name, change.lever, change.what, str(change.file), at_ms, existed, digest(change.after))
        )
        put_in_place(self.copy_of(kept), change.before or "", PRIVATE)
        self._write(kept)
        return kept

    def before(self, kept: AppliedChange) -> str | None:
        """The file's text before the change; None if there was no file. Raises ValueError if the copy is damaged."""
        return read_small(self.copy_of(kept)) if kept.existed else None

    def copy_of(self, kept: AppliedChange) -> Path:
        return self.folder / f"{kept.id}-before-{Path(kept.file).name}"

    def mark_undone(self, kept: AppliedChange, at_ms: int) -> None:
        self._write(msgspec.structs.replace(kept, undone_ms=at_ms))

    def forget(self, kept: AppliedChange) -> None:
        """Take back `keep`, as the file was not written."""
        for file in (self._file(kept), self.copy_of(kept)):
            file.unlink(missing_ok=True)

    def _free_id(self) -> int:
        """The next id, which no other process can take as well."""
        id = max((each.id for each in self.all()), default=0) + 1
        while True:
            with suppress(FileExistsError):
                (self.folder / f"{id}.json").touch(PRIVATE, exist_ok=False)
                return id
            id += 1

    def _write(self, kept: AppliedChange) -> None:
        values: Mapping[str, Any] = msgspec.structs.asdict(kept)
        put_in_place(self._file(kept), json.dumps(values, indent=1) + "\n", PRIVATE)

    def _file(self, kept: AppliedChange) -> Path:
        return self.folder / f"{kept.id}.json"


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
