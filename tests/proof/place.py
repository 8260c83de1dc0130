"""One data directory of OpenCode's: what it holds, and what happens to it as a whole."""

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
    """`main` is the store that OpenCode writes now; `old` the JSON files that an import left behind."""

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

    def reopen(self) -> None:
        """OpenCode is closed and started again: nothing is left of its -wal meanwhile."""
        self.store.close()
        self._open()

    def move(self, directory: Path) -> None:
        self.store.close()
        shutil.move(self.directory, directory)
        self.directory = directory
        self._open()

    def back_up(self, name: str) -> bool | None:
        """A copy beside the store, under a name of the person's choice."""
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
        """Put a backup where the store was. Calls that ran when it was made never complete."""
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
        """To the next generation that OpenCode has; False where this one is the newest.

        `between` is called in the middle of it, when a look may fall.
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
        """1.2 to 1.16 take the JSON files over under the same ids; the files stay."""
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

    def _to_v2(self, now: int, between: Callable[[], object]) -> None:
        """Ids, costs and times are kept; the events are deleted, a staged undo is dropped, 1.x's tables stay."""
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
    """To the sums of a session: what a row of version 1 says, which of a message of several calls is the last's."""
    told = tokens_v1(message.bills[-1].tokens, message.written)
    row = (told["input"], told["output"], told["reasoning"], told["cache"]["read"], told["cache"]["write"])
    session.cost += message.nano / 1e9
    session.tokens = [have + more for have, more in zip(session.tokens, row, strict=True)]


def _imported(old: Session) -> dict[str, Message]:
    """A compaction of 1.x becomes one row under its user message's id, without cost."""
    found: dict[str, Message] = {}
    compacted = {message.turn: message for message in old.messages.values() if message.kind == "compaction"}
    kept = [message for message in old.messages.values() if message.kind != "compaction"]
    for seq, message in enumerate(sorted(kept, key=lambda each: (each.created, each.id)), 1):
        taken = message.copied()
        taken.seq, taken.imported = seq, True
        if message.id in compacted:
            taken.kind, taken.turn = "compaction", ""
            taken.completed = compacted[message.id].completed or message.created
        found[taken.id] = taken
    return found
