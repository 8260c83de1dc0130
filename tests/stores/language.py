"""The small language that all builders share: a test says what happened, a generation says how it is stored."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import replace

from tests.stores.model import Message, Session
from tests.stores.recorder import Recorder


class Store(Recorder):
    """What can happen to a history: forks, reverts, deletes. None of it changes what was billed."""

    def fork(
        self, session_id: str, *, title: str | None = None, at: int | None = None, before: str | None = None
    ) -> str:
        """A fork, with copies of all messages or of those before one; returns the new session's id."""
        moment, origin = self._at(at), self.sessions[session_id]
        fork = Session(
            self.ids.session(moment),
            None,
            title or forked_title(origin.title),
            origin.directory,
            self.version_text,
            origin.agent,
            moment,
            moment,
        )
        fork.fork_of = session_id
        self.sessions[fork.id] = fork
        self.truth.open(fork.id, None)
        copies = [message for message in origin.messages if before is None or message.id < before]
        with self._writing():
            self._write_session(fork)
            self._open_fork(fork, copies)
            new_ids: dict[str | None, str] = {}
            for original in self._forkable(copies):
                copy = replace(original, session_id=fork.id, copy_of=original.id, part_ids=[])
                copy.id = self._copy_id(original, moment)
                copy.parent = new_ids.get(original.parent, original.parent)
                new_ids[original.id] = copy.id
                copy.updated = self._copy_updated(original, moment)
                fork.messages.append(copy)
                self.messages[copy.id] = copy
                if copy.billed and copy.completed is not None:
                    self.truth.copy(copy.id, original.id, fork.id)
                self._write_message(copy)
            self._write_session(fork)
        return fork.id

    def revert(self, session_id: str, from_message: str, *, at: int | None = None, pending: bool = False) -> None:
        """Undo the message and all after it. The rows stay while it is pending, until the next prompt."""
        session = self.sessions[session_id]
        moment = self._at(at)
        session.updated = max(session.updated, moment)
        session.revert = {"messageID": from_message, "snapshot": "4e71d83239356f2f4ca6efe3ccd6ffd93adf4750"}
        with self._writing():
            if not pending:
                first = next(n for n, message in enumerate(session.messages) if message.id == from_message)
                gone = session.messages[first:]
                session.messages, session.revert = session.messages[:first], None
                self._drop_messages(session, gone, moment)
            self._write_session(session)

    def delete(self, session_id: str) -> None:
        """Delete the session with its subagents: their money stays spent."""
        with self._writing():
            for child in [one.id for one in self.sessions.values() if one.parent == session_id]:
                self.delete(child)
            session = self.sessions.pop(session_id)
            self.truth.lose_session(session_id)
            self._drop_session(session)

    def archive(self, session_id: str, *, at: int | None = None) -> None:
        """Archive: OpenCode does not touch the time of the last update."""
        session = self.sessions[session_id]
        session.archived = self._at(at)
        self._write_session(session)

    def _forkable(self, messages: list[Message]) -> list[Message]:
        return messages

    def _copy_id(self, original: Message, at: int) -> str:
        return self.ids.message(at)

    def _copy_updated(self, original: Message, at: int) -> int:
        return at + 6

    def _open_fork(self, fork: Session, copies: list[Message]) -> None:
        """What a generation does between the fork's session and the copies."""

    @abstractmethod
    def _drop_messages(self, session: Session, messages: list[Message], at: int) -> None: ...

    @abstractmethod
    def _drop_session(self, session: Session) -> None: ...


def forked_title(title: str) -> str:
    numbered = re.fullmatch(r"(.+) \(fork #(\d+)\)", title)
    return f"{numbered[1]} (fork #{int(numbered[2]) + 1})" if numbered else f"{title} (fork #1)"
