"""Sessions, prompts and calls as they happen: what a test says, before a generation says how it is stored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from pathlib import Path

from opencode_tui.records.calls import Tokens
from tests.stores.ids import Ids
from tests.stores.model import Amount, Message, Role, Session, decimal, parse_version
from tests.stores.tools import Json, Tool
from tests.stores.truth import Bill, Truth

START_MS = 1_778_666_400_000  # 2026-05-13 10:00 UTC
SOME_TOKENS = Tokens(input=5000, output=400, reasoning=60, cache_read=1200)
MODEL = "opencode/kimi-k2.6"
COMPACT = "/compact"


class Recorder(ABC):
    """A data directory of OpenCode's under `root`, and the `truth` of what was billed in it.

    Times are Unix milliseconds and durations milliseconds; what is given no time happens a second after
    what happened last. Tokens are the true, disjoint ones; the generation writes them as it counted them.
    The cost is the one that OpenCode recorded.
    """

    def __init__(self, root: Path, *, version: str, truth: Truth | None = None, seed: str = "") -> None:
        self.data_dir = root / "opencode"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.version_text = version
        self.version = parse_version(version)
        self.truth = Truth() if truth is None else truth
        self.sessions: dict[str, Session] = {}
        self.messages: dict[str, Message] = {}
        self.ids = Ids(f"{type(self).__name__} {version} {root.name} {seed}")
        self.now = START_MS

    def session(
        self,
        title: str,
        *,
        parent: str | None = None,
        created: int | None = None,
        directory: str = "/home/dev/shop",
        agent: str = "build",
    ) -> str:
        """A new session, or with a parent a subagent's; returns its id."""
        at = self._at(created)
        if parent is not None and not title.endswith("subagent)"):
            agent = "explore" if agent == "build" else agent
            title = f"{title} (@{agent} subagent)"
        session = Session(self.ids.session(at), parent, title, directory, self.version_text, agent, at, at)
        self.sessions[session.id] = session
        self.truth.open(session.id, parent)
        self._write_session(session)
        return session.id

    def prompt(self, session_id: str, *, at: int | None = None, text: str = "Make it so", model: str = MODEL) -> str:
        """What the user said: a turn that calls can answer. Returns the user message's id."""
        moment = self._at(at)
        session = self.sessions[session_id]
        message = self._new_message(session_id, "user", moment, model, session.agent)
        message.text = text
        message.updated = moment + 1
        session.model = model
        session.updated = max(session.updated, moment)
        self._add(message)
        return message.id

    def call(
        self,
        session_id: str,
        *,
        cost: Amount | None = None,
        model: str = MODEL,
        tokens: Tokens | None = None,
        at: int | None = None,
        took: int = 1500,
        turn: str | None = None,
        tools: Sequence[Tool] = (),
        error: str | Json | None = None,
        completed: bool = True,
        agent: str | None = None,
    ) -> str:
        """A model call, in a turn of its own unless `turn` is a prompt's id; returns the message's id.

        An `error` (a name such as "MessageAbortedError", or the whole object) costs nothing unless it is
        given a cost. One that has not completed has no cost yet: `finish` brings it.
        """
        moment = self._at(at)
        session = self.sessions[session_id]
        with self._writing():
            parent = turn if turn is not None else self.prompt(session_id, at=moment, model=model)
            message = self._new_message(session_id, "assistant", moment, model, agent or session.agent)
            message.parent, message.tools, message.updated = parent, tuple(tools), moment
            session.model = model
            if completed:
                self._settle(message, cost, tokens, took, error)
            self._add(message)
        return message.id

    def finish(
        self,
        message_id: str,
        *,
        cost: Amount | None = None,
        tokens: Tokens | None = None,
        took: int = 1500,
        tools: Sequence[Tool] | None = None,
        error: str | Json | None = None,
    ) -> None:
        """A running call completes."""
        message = self.messages[message_id]
        if tools is not None:
            message.tools = tuple(tools)
        self._settle(message, cost, tokens, took, error)
        self._store(message)

    def compaction(
        self,
        session_id: str,
        *,
        cost: Amount = "0.03",
        model: str = MODEL,
        tokens: Tokens = SOME_TOKENS,
        at: int | None = None,
        took: int = 4000,
        failed: bool = False,
        completed: bool = True,
    ) -> str:
        """OpenCode sums the session up to free context; a failed one is billed too. Returns the message's id.

        One that has not completed has no cost yet: `finish` brings it.
        """
        moment = self._at(at)
        message = self._new_message(session_id, "compaction", moment, model, "compaction")
        message.parent = self._compaction_prompt(session_id, moment, model)
        if completed:
            self._settle(message, cost, tokens, took, "UnknownError" if failed else None)
        self._add(message)
        return message.id

    def _settle(
        self,
        message: Message,
        cost: Amount | None,
        tokens: Tokens | None,
        took: int,
        error: str | Json | None,
    ) -> None:
        message.completed = message.created + took
        message.updated = message.completed + 1
        message.error = {"name": error, "data": {"message": error}} if isinstance(error, str) else error
        message.cost = decimal("0.01" if cost is None and error is None else cost or 0)
        message.tokens = tokens or (Tokens() if error else SOME_TOKENS)
        message.finish = None if error else "tool-calls" if message.tools else "stop"
        self.now = max(self.now, message.completed)
        if message.copy_of is None:
            self._bill(message.id, message.session_id, message.model, message.cost, message.tokens, message.created)

    def _bill(self, bill_id: str, session_id: str, model: str, cost: Decimal, tokens: Tokens, created: int) -> None:
        self.truth.bill(Bill(bill_id, session_id, model, cost, tokens, created))

    def _new_message(self, session_id: str, role: Role, at: int, model: str, agent: str) -> Message:
        return Message(self.ids.message(at), session_id, role, at, model, agent, self.version, made_in=session_id)

    def _add(self, message: Message) -> None:
        self.sessions[message.session_id].messages.append(message)
        self.messages[message.id] = message
        self._store(message)

    def _store(self, message: Message) -> None:
        session = self.sessions[message.session_id]
        with self._writing():
            self._write_message(message)
            if message.billed:
                session.updated = max(session.updated, self._updated_after(session, message))
            self._write_session(session)

    def _writing(self) -> AbstractContextManager[object]:
        """What is written inside goes into one transaction where the generation has such."""
        return nullcontext()

    def _at(self, at: int | None) -> int:
        moment = self.now + 1000 if at is None else at
        self.now = max(self.now, moment)
        return moment

    def _compaction_prompt(self, session_id: str, at: int, model: str) -> str | None:
        return self.prompt(session_id, at=at, text=COMPACT, model=model)

    @abstractmethod
    def _updated_after(self, session: Session, message: Message) -> int:
        """The session's `time_updated` once this call is stored."""

    @abstractmethod
    def _write_session(self, session: Session) -> None: ...

    @abstractmethod
    def _write_message(self, message: Message) -> None: ...
