"""OpenCode 2 as 2.0.15 was seen to write: rows of its own in `opencode.db`, and a sum for each session.

Its events are not kept: they only use up sequence numbers.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from opencode_tui.records.calls import Tokens
from tests.stores.database import Database, dumps
from tests.stores.language import Store
from tests.stores.model import Amount, Message, Session, decimal, json_number
from tests.stores.recorder import COMPACT
from tests.stores.shapes import FIRST_DISJOINT, model_json
from tests.stores.shapes2 import message_json
from tests.stores.tools import Json
from tests.stores.truth import Truth
from tests.stores.upgrade import lay_v2_over_v1
from tests.stores.v1 import V1


class V2(Store):
    """A v2 store: fresh, or `upgraded` from a v1 store, whose file it goes on with and whose tables it freezes."""

    def __init__(
        self,
        root: Path,
        *,
        version: str = "2.0.15",
        name: str = "opencode.db",
        upgraded: V1 | None = None,
        truth: Truth | None = None,
    ) -> None:
        super().__init__(root, version=version, truth=upgraded.truth if upgraded else truth, seed=name)
        self.database = Database(self.data_dir / name, self.ids)
        self._fork_stem = ""
        if upgraded is None:
            self.database.create("v2.sql")
        else:
            self._upgrade(upgraded)

    @property
    def path(self) -> Path:
        return self.database.path

    def keep_open(self) -> None:
        self.database.keep_open()

    def close(self) -> None:
        self.database.close()

    def title(
        self,
        session_id: str,
        *,
        cost: Amount,
        tokens: Tokens,
        at: int | None = None,
        title: str | None = None,
    ) -> str:
        """OpenCode asks a small model for a title: it adds to the session's sum and stands in no row.

        Returns the id under which the truth has the bill; which model it was is written nowhere. Without a `title`
        nothing but the sum changes.
        """
        moment, session = self._at(at), self.sessions[session_id]
        session.extra_cost += decimal(cost)
        session.extra_tokens += tokens
        with self._writing():
            self.database.pass_events(session_id, 1)
            if title:
                self.database.pass_events(session_id, 1)
                session.title, session.updated = title, max(session.updated, moment)
            self._write_session(session)
        bill_id = self.ids.event(moment)
        self._bill(bill_id, session_id, "", decimal(cost), tokens, moment)
        return bill_id

    def _upgrade(self, old: V1) -> None:
        if old.path != self.path:
            raise ValueError("an upgrade goes on with the same file")
        lay_v2_over_v1(self.database, old.now)
        self.sessions, self.messages, self.now = old.sessions, old.messages, old.now
        with self._writing():
            for session in self.sessions.values():
                self._write_session(session)
                self._import(session)
        standing = {message.id for session in self.sessions.values() for message in session.messages}
        for bill_id in self.truth.bills:
            if bill_id not in standing:
                self.truth.lose(bill_id)

    def _import(self, session: Session) -> None:
        """The import keeps ids, and leaves out what a compaction cost: only the frozen tables have it."""
        kept = [one for one in session.messages if one.role != "compaction" and one.text != COMPACT]
        for seq, message in enumerate(kept):
            message.seq = seq
            if message.role == "assistant":
                message.completed = message.updated
            self._write_row(message)
        self.database.reserve(session.id, len(kept))

    def _updated_after(self, session: Session, message: Message) -> int:
        """Neither usage nor idling touches a session: only prompts, titles and the like do."""
        return session.updated

    def _writing(self) -> AbstractContextManager[object]:
        return self.database.connection()

    def _write_session(self, session: Session) -> None:
        with self._writing():
            self._put_session(session)

    def _put_session(self, session: Session) -> None:
        moments = {"time_created": session.created, "time_updated": session.updated}
        project: Json = {
            "id": session.project_id,
            "worktree": session.directory,
            "vcs": "git",
            "sandboxes": "[]",
        }
        self.database.put("project", project | moments)
        forked = session.fork_of is not None and not session.counts_copies
        cost, tokens = session.totals
        tokens += doubled(session)
        row: dict[str, object] = {
            "id": session.id,
            "project_id": session.project_id,
            "parent_id": session.parent,
            "fork_session_id": session.fork_of if forked else None,
            "slug": "quiet-river",
            "directory": session.directory,
            "path": "",
            "title": session.title or None,
            "version": session.version,
            "cost": json_number(cost),
            "tokens_input": tokens.input,
            "tokens_output": tokens.output,
            "tokens_reasoning": tokens.reasoning,
            "tokens_cache_read": tokens.cache_read,
            "tokens_cache_write": tokens.cache_write,
            "revert": None if session.revert is None else dumps(session.revert),
            "agent": session.agent,
            "model": None if session.model is None else dumps(model_json(session.model)),
            "time_idle": session.idle,
            "idle_outcome": None if session.idle is None else "succeeded",
            "time_archived": session.archived,
            "time_suspended": session.updated if is_claimed(session) else None,
        }
        self.database.put("session_v2", row | moments)

    def _write_message(self, message: Message) -> None:
        with self._writing():
            self._put_message(message)

    def _put_message(self, message: Message) -> None:
        is_new = message.seq is None
        if message.seq is None:
            before = {"user": 2, "assistant": 0, "compaction": 3}[message.role]
            message.seq = self.database.pass_events(message.session_id, before + 1)
        self._write_row(message)
        if message.copy_of is not None or message.completed is None or (message.role == "user" and not is_new):
            return
        if message.role == "compaction":
            self.database.pass_events(message.session_id, 2)
        else:
            self.database.pass_events(message.session_id, 4)
            if message.finish != "tool-calls":
                self._write_idle(message)

    def _write_row(self, message: Message) -> None:
        row = {
            "id": message.id,
            "session_id": message.session_id,
            "type": message.role,
            "seq": message.seq,
            "time_created": message.created,
            "time_updated": message.updated,
            "data": dumps(message_json(message)),
        }
        self.database.put("session_message", row)

    def _write_idle(self, message: Message) -> None:
        at = message.updated
        outcome = "succeeded" if message.error is None else "failed"
        seq = self.database.pass_events(message.session_id, 1)
        row = {"id": self.ids.message(at), "session_id": message.session_id, "type": "idle", "seq": seq}
        row |= {"time_created": at, "time_updated": at}
        row["data"] = dumps({"outcome": outcome, "time": {"created": at}})
        self.database.put("session_message", row)
        self.sessions[message.session_id].idle = at

    def _forkable(self, messages: list[Message]) -> list[Message]:
        return [one for one in messages if one.role == "user" or one.completed is not None]

    def _open_fork(self, fork: Session, copies: list[Message]) -> None:
        fork.counts_copies = False
        fork.model = self.sessions[fork.fork_of or ""].model
        self._fork_stem = self.ids.message(fork.created)
        if copies:
            self.database.reserve(fork.id, max(copy.seq or 0 for copy in copies))

    def _copy_id(self, original: Message, at: int) -> str:
        return f"{self._fork_stem}_{original.seq}"

    def _copy_updated(self, original: Message, at: int) -> int:
        return original.updated

    def _compaction_prompt(self, session_id: str, at: int, model: str) -> str | None:
        return None

    def _drop_messages(self, session: Session, messages: list[Message], at: int) -> None:
        """What they cost stays in the session's sum, if they were OpenCode 2's own."""
        self.database.run("DELETE FROM session_message WHERE session_id = ? AND seq >= ?", session.id, messages[0].seq)
        self.database.pass_events(session.id, 2)
        for message in messages:
            if session.counts_copies or message.copy_of is None:
                session.extra_cost += message.cost
                session.extra_tokens += message.tokens

    def _drop_session(self, session: Session) -> None:
        self.database.remove("session_v2", "id", session.id)
        self.database.remove("event_sequence", "aggregate_id", session.id)


def is_claimed(session: Session) -> bool:
    """A turn is under way in it."""
    return any(message.billed and message.completed is None for message in session.messages)


def doubled(session: Session) -> Tokens:
    """What the sum of an upgraded session holds too much: reasoning that OpenCode up to 1.3.2 counted twice."""
    old = [one for one in session.messages if one.version < FIRST_DISJOINT and session.counts_copies]
    return Tokens(output=sum(message.tokens.reasoning for message in old))
