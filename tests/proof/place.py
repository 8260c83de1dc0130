"""One data directory of OpenCode: its stores and backups, and operations on it as a whole."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from tests.proof.encode import Version, tokens_v1
from tests.proof.stores import Database, Files
from tests.proof.world import Image, Message, Session

V1_VERSIONS: tuple[Version, ...] = ((1, 2, 27), (1, 14, 48), (1, 18, 34))
V2_VERSION: Version = (2, 0, 15)
JSON_VERSION: Version = (1, 1, 11)
_NAME = {(1, 2, 27): "v1.2", (1, 14, 48): "v1.14", (1, 18, 34): "v1.18"}


class Place:
    """A data directory. `main` is the live store; `old` are the JSON files that remain after an import."""

    def __init__(self, directory: Path, generation: str, version: Version) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.old: Image | None = None
        self.backups: dict[str, Image] = {}
        self.main = Image(generation, version)
        self.store: Files | Database = self._fresh()

    @property
    def path(self) -> Path:
        return self.directory / "opencode.db"

    def _fresh(self) -> Files | Database:
        image = self.main
        if image.generation == "json":
            return Files(self.directory)
        schema = "v2" if image.generation == "v2" else _NAME[image.version]
        return Database(self.path, image, [schema])

    def _open(self) -> None:
        if self.main.generation == "json":
            self.store = Files(self.directory)
        else:
            self.store = Database(self.path, self.main)

    def images(self) -> list[Image]:
        return [self.main, *([self.old] if self.old else [])]

    def read(self) -> list[Image]:
        """What the program reads: the stores, and the backups with a name of OpenCode's."""
        return self.images() + [image for name, image in self.backups.items() if name.startswith("opencode-")]

    def reopen(self) -> None:
        """Closes and restarts OpenCode, which removes the -wal in between."""
        self.store.close()
        self._open()

    def move(self, directory: Path) -> None:
        self.store.close()
        shutil.move(self.directory, directory)
        self.directory = directory
        self._open()

    def back_up(self, name: str) -> bool | None:
        """Makes a backup copy beside the store; False if the store is JSON files."""
        if not isinstance(self.store, Database):
            return False
        self.store.commit()
        target = self.directory / name
        target.unlink(missing_ok=True)
        self.store.copy_to(target)
        self.backups[name] = self.main.copied()
        return None

    def drop_backup(self, name: str) -> None:
        for suffix in ("", "-wal", "-shm"):
            (self.directory / (name + suffix)).unlink(missing_ok=True)
        del self.backups[name]

    def rename_backup(self, name: str, new: str) -> None:
        (self.directory / name).rename(self.directory / new)
        self.backups[new] = self.backups.pop(name)

    def restore(self, name: str, *, in_place: bool) -> None:
        """Replaces the store with a backup. Calls that were running in the backup never complete."""
        assert isinstance(self.store, Database)
        self.store.commit()
        if in_place:
            self.store.fill_from(self.directory / name)
            self.main = self.backups[name].copied()
            self.reopen()
            return
        self.store.close()
        copy = self.directory / "restoring"
        shutil.copyfile(self.directory / name, copy)
        for suffix in ("-wal", "-shm"):
            (self.directory / f"opencode.db{suffix}").unlink(missing_ok=True)
        copy.replace(self.path)
        self.main = self.backups[name].copied()
        self._open()

    def upgrade(self, now: int, between: Callable[[], object]) -> bool:
        """Upgrades to the next version of OpenCode; False if this is the newest.

        Calls `between` in the middle, when a program may poll.
        """
        if self.main.generation == "json":
            self._import_files()
        elif self.main.generation == "v2":
            return False
        elif self.main.version < (1, 18, 0):
            self._next_v1()
        else:
            self._to_v2(now, between)
        return True

    def _import_files(self) -> None:
        """1.2 to 1.16 import the JSON files under the same ids; the files stay."""
        self.store.close()
        self.old = self.main
        self.main = Image("v1", V1_VERSIONS[0])
        self.store = self._fresh()
        for session in self.old.sessions.values():
            self._take(session.copied())
        self.store.commit()

    def _take(self, session: Session) -> None:
        self.main.sessions[session.id] = session
        self.store.save_session(session)
        for message in session.messages.values():
            self.store.save(message)

    def _next_v1(self) -> None:
        assert isinstance(self.store, Database)
        before = self.main.version
        after = V1_VERSIONS[V1_VERSIONS.index(before) + 1]
        self.main.version = after
        self.store.migrate(f"{_NAME[before]}-to-{_NAME[after]}", self.main)
        if before < (1, 15, 0) <= after:
            for session in self.main.sessions.values():
                session.cost = sum(message.nano for message in session.messages.values()) / 1e9

    def _to_v2(self, now: int, between: Callable[[], object]) -> None:
        """Keeps ids, costs, times and the v1 tables; deletes the events and drops a staged undo."""
        assert isinstance(self.store, Database)
        frozen = self.main
        frozen.events = {}
        self.main = Image("v2", V2_VERSION, frozen=frozen)
        self.store.migrate("v1.18-to-v2", self.main)
        for number, old in enumerate(frozen.sessions.values()):
            session = Session(old.id, old.parent, None, old.title, old.version, old.created, old.updated)
            session.archived = old.archived
            for message in old.messages.values():
                if message.bills:
                    _add_row(session, message)
            session.messages = _imported(old)
            session.seq = len(session.messages)
            self._take(session)
            if number == len(frozen.sessions) // 2:
                self.store.commit()
                between()
        self.store.migrated(now)
        self.store.commit()


def _add_row(session: Session, message: Message) -> None:
    """Adds a v1 message to the sums of a session: its cost and, if it has several calls, the tokens of the last."""
    data = tokens_v1(message.bills[-1].tokens, message.written)
    row = (data["input"], data["output"], data["reasoning"], data["cache"]["read"], data["cache"]["write"])
    session.cost += message.nano / 1e9
    session.tokens = [have + more for have, more in zip(session.tokens, row, strict=True)]


def _imported(old: Session) -> dict[str, Message]:
    """A compaction of 1.x becomes one row under its user message's id, without cost."""
    found: dict[str, Message] = {}
    compacted = {message.turn: message for message in old.messages.values() if message.kind == "compaction"}
    kept = [message for message in old.messages.values() if message.kind != "compaction"]
    for seq, message in enumerate(sorted(kept, key=lambda each: (each.created, each.id)), 1):
        copy = message.copied()
        copy.seq, copy.imported = seq, True
        if message.id in compacted:
            copy.kind, copy.turn = "compaction", ""
            copy.completed = compacted[message.id].completed or message.created
        found[copy.id] = copy
    return found
