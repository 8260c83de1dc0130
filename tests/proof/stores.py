"""Writes stores as OpenCode does: the JSON files, and the SQLite files of versions 1 and 2 with their own schemas."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

from tests.proof.encode import (
    DIRECTORY,
    PROJECT,
    dumps,
    message_v1,
    message_v2,
    parts_v1,
    session_file,
)
from tests.proof.world import Image, Message, Session

_SCHEMA = Path(__file__).parent / "schema"
_EVENTS = count(1)
"""An event's id is never given again, not even after a restore."""
_COUNTS = ("input", "output", "reasoning", "cache_read", "cache_write")


class Files:
    """`storage/` of OpenCode 1.0 to 1.1.

    The mtimes of folders follow the story's clock, but never go back, as the program could not notice a change that was
    dated by a clock set back and forward again.
    """

    def __init__(self, directory: Path) -> None:
        self.root = directory / "storage"
        folders = (self.root / "message").glob("*")
        self._changed_ms = max((folder.stat().st_mtime_ns // 1_000_000 for folder in folders), default=0)
        for name in ("session", "message", "part", "project"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        (self.root / "session" / PROJECT).mkdir(exist_ok=True)
        project = {"id": PROJECT, "worktree": DIRECTORY, "vcs": "git", "time": {"created": 1}}
        (self.root / "project" / f"{PROJECT}.json").write_text(json.dumps(project))

    def save_session(self, session: Session) -> None:
        self._session(session.id).write_text(json.dumps(session_file(session), indent=2))

    def drop_sessions(self, sessions: Iterable[Session]) -> None:
        for session in sessions:
            self.drop(session.messages.values())
            shutil.rmtree(self.root / "message" / session.id, ignore_errors=True)
            self._session(session.id).unlink(missing_ok=True)

    def save(self, message: Message) -> None:
        folder = self.root / "message" / message.session
        folder.mkdir(exist_ok=True)
        ids = {"id": message.id, "sessionID": message.session}
        place = self.root / "part" / message.id
        place.mkdir(exist_ok=True)
        for id, part in parts_v1(message):
            data = {"id": id, "messageID": message.id, "sessionID": message.session} | part
            (place / f"{id}.json").write_text(json.dumps(data, indent=2))
        data = ids | message_v1(message)
        (folder / f"{message.id}.json").write_text(json.dumps(data, indent=2))
        self._changed_ms = max(self._changed_ms + 1, message.updated)
        self._date(folder)

    def _date(self, folder: Path) -> None:
        os.utime(folder, ns=(self._changed_ms * 1_000_000,) * 2)

    def drop(self, messages: Iterable[Message]) -> None:
        for message in messages:
            folder = self.root / "message" / message.session
            (folder / f"{message.id}.json").unlink(missing_ok=True)
            self._date(folder)
            shutil.rmtree(self.root / "part" / message.id, ignore_errors=True)

    def commit(self) -> None:
        pass

    def close(self) -> None:
        pass

    def vacuum(self) -> bool | None:
        return False

    def checkpoint(self) -> bool | None:
        return False

    def _session(self, id: str) -> Path:
        return self.root / "session" / PROJECT / f"{id}.json"


class Database:
    """`opencode.db` of one generation; each of OpenCode's steps is a transaction."""

    def __init__(self, path: Path, image: Image, schema: Iterable[str] = ()) -> None:
        self.path, self._image = path, image
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("PRAGMA foreign_keys = ON")
        for name in schema:
            self.connection.executescript((_SCHEMA / f"{name}.sql").read_text())
            self.connection.execute(
                "INSERT OR IGNORE INTO project (id, worktree, time_created, time_updated, sandboxes)"
                " VALUES (?, ?, 1, 1, '[]')",
                (PROJECT, DIRECTORY),
            )
        self._sequence: dict[str, int] = {}

    def _begin(self) -> None:
        if not self.connection.in_transaction:
            self.connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("COMMIT")

    def close(self) -> None:
        self.commit()
        self.connection.close()

    def save_session(self, session: Session) -> None:
        self._begin()
        row: dict[str, object] = {
            "id": session.id,
            "project_id": PROJECT,
            "parent_id": session.parent,
            "slug": "calm-cabin",
            "directory": DIRECTORY,
            "title": session.title if self._image.generation == "v2" else session.title or "",
            "version": session.version,
            "revert": dumps({"messageID": session.revert}) if session.revert else None,
            "time_created": session.created,
            "time_updated": session.updated,
            "time_archived": session.archived,
        }
        table = "session"
        if self._image.generation == "v2":
            table = "session_v2"
            row |= {"fork_session_id": session.fork_of, "cost": session.cost, "time_idle": session.idle}
            row |= {"time_suspended": session.suspended}
            row |= {f"tokens_{name}": count for name, count in zip(_COUNTS, session.tokens, strict=True)}
            self._put("event_sequence", {"aggregate_id": session.id, "seq": session.seq})
        elif self._image.version >= (1, 15, 0):
            row["cost"] = session.cost
        self._put(table, row)

    def _put(self, table: str, row: Mapping[str, object]) -> None:
        names = list(row)
        updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
        self.connection.execute(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            f" ON CONFLICT ({names[0]}) DO UPDATE SET {updates}",
            list(row.values()),
        )

    def drop_sessions(self, sessions: Iterable[Session]) -> None:
        self._begin()
        table = "session_v2" if self._image.generation == "v2" else "session"
        for session in sessions:
            self.connection.execute(f"DELETE FROM {table} WHERE id = ?", (session.id,))
            if self._image.has_events or self._image.generation == "v2":
                self.connection.execute("DELETE FROM event_sequence WHERE aggregate_id = ?", (session.id,))

    def save(self, message: Message) -> None:
        self._begin()
        row: dict[str, object] = {"id": message.id, "session_id": message.session}
        if self._image.generation == "v2":
            data = message_v2(message)
            row |= {"type": message.kind, "seq": message.seq}
        else:
            data = message_v1(message)
        row |= {"time_created": message.created, "time_updated": message.updated, "data": dumps(data)}
        self._put("session_message" if self._image.generation == "v2" else "message", row)
        if self._image.generation == "v1":
            for id, part in parts_v1(message):
                ids = {"id": id, "message_id": message.id, "session_id": message.session}
                times = {"time_created": message.created, "time_updated": message.updated}
                self._put("part", ids | times | {"data": dumps(part)})
        if self._image.has_events:
            info = {"id": message.id, "sessionID": message.session} | data
            self._event(message.session, "message.updated.1", {"sessionID": message.session, "info": info})

    def drop(self, messages: Iterable[Message]) -> None:
        self._begin()
        table = "session_message" if self._image.generation == "v2" else "message"
        for message in messages:
            self.connection.execute(f"DELETE FROM {table} WHERE id = ?", (message.id,))
            if self._image.has_events:
                gone = {"sessionID": message.session, "messageID": message.id}
                self._event(message.session, "message.removed.1", gone)

    def _event(self, session: str, kind: str, data: Mapping[str, object]) -> None:
        at = self.connection.execute("SELECT seq FROM event_sequence WHERE aggregate_id = ?", (session,)).fetchone()
        seq = at[0] + 1 if at else 0
        self.connection.execute(
            "INSERT INTO event_sequence (aggregate_id, seq) VALUES (?, ?)"
            " ON CONFLICT (aggregate_id) DO UPDATE SET seq = excluded.seq",
            (session, seq),
        )
        self.connection.execute(
            "INSERT INTO event (id, aggregate_id, seq, type, data) VALUES (?, ?, ?, ?, ?)",
            (f"evt_{next(_EVENTS):012x}{session[-14:]}", session, seq, kind, dumps(data)),
        )

    def migrate(self, name: str, image: Image) -> None:
        """Migrates the file to the next schema; the caller writes the contents of the tables."""
        self.commit()
        self.connection.executescript(f"BEGIN;{(_SCHEMA / f'{name}.sql').read_text()}COMMIT;")
        self._image = image

    def migrated(self, now: int) -> None:
        """Writes the row that 2.0.15 leaves when the import of version 1 is complete."""
        self._begin()
        self.connection.execute(
            "INSERT INTO kv VALUES ('migration.v1-v2', '{\"phase\":\"completed\"}', ?, ?)", (now, now)
        )

    def vacuum(self) -> bool | None:
        self.connection.execute("VACUUM")
        return None

    def checkpoint(self) -> bool | None:
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return None

    def copy_to(self, path: Path) -> None:
        """Makes a consistent copy with SQLite, because copying the file would drop this process's locks on it."""
        other = sqlite3.connect(path)
        self.connection.backup(other)
        other.close()

    def fill_from(self, path: Path) -> None:
        """Overwrites the contents in place with those of another file, as `.restore` does."""
        other = sqlite3.connect(path)
        other.backup(self.connection)
        other.close()
