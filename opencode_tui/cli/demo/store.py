"""Writes a store as OpenCode 1.18 does: the same rows of its SQLite file, in the same order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from hashlib import sha1
from pathlib import Path
from typing import Any, Literal

from opencode_tui.cli.demo import parts, rows
from opencode_tui.cli.demo.ids import Ids
from opencode_tui.cli.demo.models import Model
from opencode_tui.cli.demo.parts import PartData
from opencode_tui.cli.demo.schema import DDL
from opencode_tui.clock import Calendar
from opencode_tui.records.calls import Tokens

DEMO_VERSION = "1.18.34"


class V1Store:
    """Writes `path` (`opencode.db`, in WAL mode) as OpenCode does; for the demo and for tests.

    All times are Unix milliseconds. Each method is one transaction; `transaction()` groups several. Only events of new
    sessions and of messages are written. The same seed and calls give the same rows. For use by one thread at a time;
    call `close()` at the end. Raises sqlite3.Error if the file cannot be written.
    """

    def __init__(self, path: Path, *, seed: int = 0) -> None:
        self._ids = Ids(seed)
        self._calls: dict[str, tuple[str, PartData]] = {}
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.executescript(DDL)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commits all writes inside it together, or none of them."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add_project(self, worktree: str, ms: int) -> str:
        project = sha1(worktree.encode()).hexdigest()
        with self.transaction():
            rows.insert_project(self._db, project, worktree, ms)
        return project

    def add_session(
        self, project: str, directory: str, ms: int, *, title: str | None = None, parent: str | None = None
    ) -> str:
        """Adds a session; without a title it gets OpenCode's placeholder title."""
        session = self._ids.descending("ses", ms)
        if title is None:
            title = f"New session - {Calendar(UTC).iso(ms).removesuffix('+00:00')}Z"
        with self.transaction():
            rows.insert_session(self._db, session, project, parent, directory, title, DEMO_VERSION, ms)
            self._event(session, "session.created.1", ms, {"info": {"id": session, "title": title}})
        return session

    def rename(self, session: str, title: str, ms: int) -> None:
        self._set(session, "title = ?, time_updated = ?", title, ms)

    def archive(self, session: str, ms: int) -> None:
        self._set(session, "time_archived = ?, time_updated = ?", ms, ms)

    def delete_session(self, session: str) -> None:
        """Deletes a session with its messages, parts and events, and its child sessions with theirs."""
        with self.transaction():
            children = self._db.execute("SELECT id FROM session WHERE parent_id = ?", (session,)).fetchall()
            for (child,) in children:
                self.delete_session(child)
            self._db.execute("DELETE FROM session WHERE id = ?", (session,))
            self._db.execute("DELETE FROM event_sequence WHERE aggregate_id = ?", (session,))

    def add_user_message(self, session: str, ms: int, *, body: str, agent: str, model: Model) -> str:
        message = self._ids.ascending("msg", ms)
        chosen = {"providerID": model.provider, "modelID": model.id}
        data: PartData = {"role": "user", "time": {"created": ms}, "agent": agent, "model": chosen}
        with self.transaction():
            self._write_message(message, session, ms, data, ms)
            self.add_part(session, message, ms, parts.text(body))
            current = rows.dump({"id": model.id, "providerID": model.provider, "variant": "default"})
            self._set(session, "agent = ?, model = ?, time_updated = ?", agent, current, ms)
        return message

    def start_call(self, session: str, user: str, ms: int, *, directory: str, agent: str, model: Model) -> str:
        """Adds a running model call, without cost and tokens."""
        message = self._ids.ascending("msg", ms)
        data: PartData = {
            "parentID": user,
            "role": "assistant",
            "mode": agent,
            "agent": agent,
            "path": {"cwd": directory, "root": directory},
            "cost": 0,
            "tokens": parts.token_data(Tokens(), total=False),
            "modelID": model.id,
            "providerID": model.provider,
            "time": {"created": ms},
        }
        self._calls[message] = session, data
        with self.transaction():
            self._write_message(message, session, ms, data, ms)
            self._set(session, "time_updated = ?", ms)
        return message

    def finish_call(self, message: str, ms: int, *, tokens: Tokens, model: Model, finish: str = "stop") -> float:
        """Completes a call with its step-finish part, cost, tokens and its session's sums; returns the cost in USD."""
        session, data = self._calls.pop(message)
        usd = model.cost(tokens)
        created = data["time"]["created"]
        data |= {"cost": parts.json_cost(usd), "tokens": parts.token_data(tokens)}
        data |= {"time": {"created": created, "completed": ms}, "finish": finish}
        with self.transaction():
            self.add_part(session, message, ms, parts.step_finish(finish, tokens, usd))
            self._write_message(message, session, created, data, ms)
            rows.add_to_session(self._db, session, usd, tokens, ms)
        return usd

    def break_call(self, message: str, ms: int, kind: Literal["api", "aborted"]) -> None:
        """Ends a call with an API error or an abort by the user; its cost and tokens stay 0."""
        session, data = self._calls.pop(message)
        created = data["time"]["created"]
        data |= {"time": {"created": created, "completed": ms}, "error": parts.error(kind)}
        with self.transaction():
            self._write_message(message, session, created, data, ms)
            self._set(session, "time_updated = ?", ms)

    def add_part(self, session: str, message: str, ms: int, data: PartData) -> str:
        part = self._ids.ascending("prt", ms)
        with self.transaction():
            rows.insert_part(self._db, part, message, session, ms, data)
        return part

    def update_part(self, part: str, ms: int, data: PartData) -> None:
        with self.transaction():
            self._db.execute("UPDATE part SET data = ?, time_updated = ? WHERE id = ?", (rows.dump(data), ms, part))

    def fork(self, session: str, ms: int) -> str:
        """Copies a session as OpenCode 1 does: new ids, the same times and costs, and no link to the original."""
        with self.transaction():
            project, directory, title = self._db.execute(
                "SELECT project_id, directory, title FROM session WHERE id = ?", (session,)
            ).fetchone()
            copy = self.add_session(project, directory, ms, title=f"{title} (fork #1)")
            renamed: dict[str, str] = {}
            for message, created, text in rows.messages(self._db, session):
                data = json.loads(text)
                renamed[message] = self._ids.ascending("msg", ms)
                if "parentID" in data:
                    data["parentID"] = renamed[data["parentID"]]
                self._write_message(renamed[message], copy, created, data, ms)
                for part in rows.message_parts(self._db, message):
                    self.add_part(copy, renamed[message], ms, part)
            rows.copy_sums(self._db, session, copy)
        return copy

    def undo_turn(self, user: str, ms: int) -> None:
        """Removes a user message and its calls, as an undo does when the next prompt is sent.

        The session's cost decreases; the calls, which were billed, remain only in the events.
        """
        with self.transaction():
            for message, session, text in rows.turn(self._db, user):
                data = json.loads(text)
                if data["role"] == "assistant":
                    rows.take_from_session(self._db, session, data)
                self._db.execute("DELETE FROM message WHERE id = ?", (message,))
                self._event(session, "message.removed.1", ms, {"messageID": message})

    def _set(self, session: str, assignments: str, *values: Any) -> None:
        with self.transaction():
            self._db.execute(f"UPDATE session SET {assignments} WHERE id = ?", (*values, session))

    def _write_message(self, message: str, session: str, created: int, data: PartData, ms: int) -> None:
        rows.put_message(self._db, message, session, created, ms, data)
        self._event(session, "message.updated.1", ms, {"info": {"id": message, "sessionID": session, **data}})

    def _event(self, session: str, kind: str, ms: int, data: PartData) -> None:
        event = self._ids.ascending("evt", ms)
        rows.append_event(self._db, event, session, kind, {"sessionID": session, **data})
