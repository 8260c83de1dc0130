"""OpenCode 1.0 to 1.1.65: a JSON file for each session, message and part."""

from __future__ import annotations

import json
from pathlib import Path

from tests.stores.language import Store
from tests.stores.model import Message, Session
from tests.stores.shapes import message_json, parts_json, session_json
from tests.stores.tools import Json
from tests.stores.truth import Truth


class Files(Store):
    """A store of files under `storage/`; 1.1.65 is the last that wrote one, and the first with `total`."""

    def __init__(self, root: Path, *, version: str = "1.1.11", truth: Truth | None = None) -> None:
        super().__init__(root, version=version, truth=truth)
        self.storage = self.data_dir / "storage"
        self._put("migration", 2)

    def path_of(self, *names: str) -> Path:
        """The file of, for example, `("message", session_id, message_id)`."""
        return self.storage.joinpath(*names[:-1], f"{names[-1]}.json")

    def _updated_after(self, session: Session, message: Message) -> int:
        return message.completed or message.created

    def _write_session(self, session: Session) -> None:
        project: Json = {
            "id": session.project_id,
            "worktree": session.directory,
            "vcs": "git",
            "sandboxes": [],
            "time": {"created": session.created, "updated": session.updated},
        }
        self._put("project", session.project_id, project)
        self._put("session", session.project_id, session.id, session_json(session, self.version))
        self._put("session_diff", session.id, [])

    def _write_message(self, message: Message) -> None:
        session = self.sessions[message.session_id]
        own = {"id": message.id, "sessionID": session.id}
        self._put("message", session.id, message.id, own | message_json(message, session))
        for part_id, part in parts_json(message, self.ids):
            ids = {"id": part_id, "sessionID": session.id, "messageID": message.id}
            self._put("part", message.id, part_id, ids | part)

    def _drop_messages(self, session: Session, messages: list[Message], at: int) -> None:
        for message in messages:
            self.path_of("message", session.id, message.id).unlink()
            for part_id in message.part_ids:
                self.path_of("part", message.id, part_id).unlink()
            self.truth.lose(message.id)

    def _drop_session(self, session: Session) -> None:
        self._drop_messages(session, session.messages, session.updated)
        self.path_of("session", session.project_id, session.id).unlink()
        self.path_of("session_diff", session.id).unlink()

    def _put(self, *names_and_data: object) -> None:
        *names, data = names_and_data
        path = self.storage.joinpath(*map(str, names))
        if len(names) > 1:  # `migration` alone has no ending
            path = path.with_name(f"{path.name}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(data, indent=2))
