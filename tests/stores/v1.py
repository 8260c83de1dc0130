"""OpenCode 1.2 to 1.18: sessions, messages and parts in `opencode.db`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from tests.stores.database import Database, dumps
from tests.stores.language import Store
from tests.stores.model import Message, Session, json_number
from tests.stores.recorder import Recorder
from tests.stores.shapes import message_json, model_json, parts_json, session_json
from tests.stores.tools import Json
from tests.stores.truth import Truth


class V1(Store):
    """A v1 store of a version from 1.2 to 1.18.

    Sessions have `agent` and `model` since 1.14, `cost` and `tokens_*` since 1.15; `event` is filled since
    1.17. `imported` takes over what an older generation holds, under the same ids, as OpenCode's own
    migration from the JSON files does.
    """

    def __init__(
        self,
        root: Path,
        *,
        version: str = "1.18.34",
        name: str = "opencode.db",
        imported: Recorder | None = None,
        truth: Truth | None = None,
    ) -> None:
        shared = imported.truth if imported is not None else truth
        super().__init__(root, version=version, truth=shared, seed=name)
        self.database = Database(self.data_dir / name, self.ids)
        self._telling = True
        self.database.create(self._schema())
        if imported is not None:
            self.now = imported.now
            self._import(imported)

    @property
    def path(self) -> Path:
        return self.database.path

    @property
    def has_events(self) -> bool:
        return self.version >= (1, 17, 0) and self._telling

    def keep_open(self) -> None:
        self.database.keep_open()

    def close(self) -> None:
        self.database.close()

    def _schema(self) -> str:
        if self.version < (1, 14, 0):
            return "v1_2.sql"
        return "v1_14.sql" if self.version < (1, 15, 0) else "v1_18.sql"

    def _import(self, other: Recorder) -> None:
        self.sessions, self.messages = other.sessions, other.messages
        self._telling = False  # OpenCode makes no events of a history that it imports
        with self._writing():
            for session in self.sessions.values():
                self._write_session(session)
                for message in session.messages:
                    self._write_message(message)
        self._telling = True

    def _updated_after(self, session: Session, message: Message) -> int:
        """Before 1.15, and for a call without usage, nothing touches the session when the call completes."""
        if message.completed is not None and message.tokens.total and self.version >= (1, 15, 0):
            return message.completed + 9
        return min(message.created + 230, message.completed or message.created + 230)

    def _writing(self) -> AbstractContextManager[object]:
        return self.database.connection()

    def _write_session(self, session: Session) -> None:
        with self._writing():
            self._put_session(session)

    def _put_session(self, session: Session) -> None:
        project: Json = {
            "id": session.project_id,
            "worktree": session.directory,
            "vcs": "git",
            "sandboxes": "[]",
        }
        moments = {"time_created": session.created, "time_updated": session.updated}
        self.database.put("project", project | moments)
        row: dict[str, object] = {
            "id": session.id,
            "project_id": session.project_id,
            "parent_id": session.parent,
            "slug": "quiet-river",
            "directory": session.directory,
            "title": session.title,
            "version": session.version,
            "summary_additions": 0,
            "summary_deletions": 0,
            "summary_files": 0,
            "revert": None if session.revert is None else dumps(session.revert),
            "time_archived": session.archived,
        }
        row |= moments
        if self._schema() != "v1_2.sql":
            model = None if session.model is None else dumps(model_json(session.model))
            row |= {"path": "", "agent": session.agent if model else None, "model": model}
        if self._schema() == "v1_18.sql":
            cost, tokens = session.totals
            row |= {
                "cost": json_number(cost),
                "tokens_input": tokens.input,
                "tokens_output": tokens.output,
                "tokens_reasoning": tokens.reasoning,
                "tokens_cache_read": tokens.cache_read,
                "tokens_cache_write": tokens.cache_write,
            }
        self.database.put("session", row)
        fresh = not session.messages and session.updated == session.created
        kind = "session.created.1" if fresh else "session.updated.1"
        self._event(session.id, kind, {"info": session_json(session, self.version)}, session.updated)

    def _write_message(self, message: Message) -> None:
        with self._writing():
            self._put_message(message)

    def _put_message(self, message: Message) -> None:
        session = self.sessions[message.session_id]
        data = message_json(message, session)
        row = {
            "id": message.id,
            "session_id": session.id,
            "time_created": message.created,
            "time_updated": message.updated,
            "data": dumps(data),
        }
        self.database.put("message", row)
        info: Json = {"id": message.id, "sessionID": session.id} | data
        if message.completed is not None and message.copy_of is None:
            self._event(session.id, "message.updated.1", {"info": started(info)}, message.created)
        for part_id, part in parts_json(message, self.ids):
            row = {
                "id": part_id,
                "message_id": message.id,
                "session_id": session.id,
                "time_created": message.created,
                "time_updated": message.updated,
                "data": dumps(part),
            }
            self.database.put("part", row)
            body = {"id": part_id, "sessionID": session.id, "messageID": message.id} | part
            self._event(session.id, "message.part.updated.1", {"part": body, "time": message.updated}, message.updated)
        self._event(session.id, "message.updated.1", {"info": info}, message.updated)

    def _drop_messages(self, session: Session, messages: list[Message], at: int) -> None:
        for message in messages:
            self.database.remove("message", "id", message.id)
            self._event(session.id, "message.removed.1", {"messageID": message.id}, at)
            if not self.has_events:
                self.truth.lose(message.id)

    def _drop_session(self, session: Session) -> None:
        self.database.remove("session", "id", session.id)
        if self._schema() != "v1_2.sql":
            self.database.remove("event_sequence", "aggregate_id", session.id)

    def _event(self, session_id: str, kind: str, data: Json, at: int) -> None:
        if self.has_events:
            self.database.event(session_id, kind, {"sessionID": session_id} | data, at)


def started(info: Json) -> Json:
    """The first snapshot of an assistant message: no cost yet, no tokens, not completed."""
    nothing = {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    dropped = ("finish", "error")
    first = {key: value for key, value in info.items() if key not in dropped}
    return first | {"cost": 0, "tokens": nothing, "time": {"created": info["time"]["created"]}}
