"""What happened, apart from any file: bills that a provider wrote, and the messages in which OpenCode keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

Tokens = tuple[int, int, int, int, int]
"""Input, output, reasoning, cache read and cache write, disjoint."""


HELD, SUM, PART, ROW = -1, 0, 1, 2
"""How a store tells of a bill: in a session's sum alone, in a message that has not completed, in one that has.

A sum is HELD while a compaction runs in its session: that one's cost stands in it a moment before its row says so.
"""


@dataclass(eq=False, slots=True)
class Bill:
    """One call that a model answered. Its identity is what counts: a copy of a message holds the same bill."""

    number: int
    session: str
    nano: int
    tokens: Tokens
    created: int
    early: bool = False
    """The clock had gone back to before its session began: no store tells such a call from a fork's copy."""


@dataclass(eq=False, slots=True)
class Message:
    """A row of OpenCode's. `bills` are what it says was billed by now; a fork's copy says that of the same bills."""

    id: str
    session: str
    kind: str
    """user, assistant or compaction."""
    created: int
    updated: int
    seq: int
    turn: str = ""
    completed: int | None = None
    bills: list[Bill] = field(default_factory=list)
    copy: bool = False
    failed: str = ""
    model: tuple[str, str] = ("opencode", "kimi-k2.6")
    agent: str = "build"
    child: str = ""
    """The subagent that a tool of this message started."""
    imported: bool = False
    """OpenCode 2 took it over from version 1, whose row stays in the same file."""
    written: tuple[int, int, int] = (2, 0, 15)
    """The version that wrote it: imports and forks copy its text as it is."""

    @property
    def nano(self) -> int:
        return sum(bill.nano for bill in self.bills)

    def copied(self) -> Message:
        return replace(self, bills=list(self.bills))


@dataclass(eq=False, slots=True)
class Session:
    id: str
    parent: str | None
    fork_of: str | None
    title: str | None
    version: str
    created: int
    updated: int
    archived: int | None = None
    revert: str = ""
    """The message from which on all is undone, until a prompt makes that final or a redo takes it back."""
    cost: float = 0.0
    """USD, as OpenCode adds them up."""
    tokens: list[int] = field(default_factory=lambda: [0] * 5)
    """The same of tokens, in version 2."""
    seq: int = 0
    """The last number given to anything that happened in it (version 2)."""
    idle: int | None = None
    suspended: int | None = None
    """Set while a turn runs (version 2)."""
    hidden: list[Bill] = field(default_factory=list)
    """Bills that only `cost` still tells of: titles, and undone calls of OpenCode 2."""
    messages: dict[str, Message] = field(default_factory=dict)

    def copied(self) -> Session:
        messages = {id: message.copied() for id, message in self.messages.items()}
        return replace(self, hidden=list(self.hidden), tokens=list(self.tokens), messages=messages)


@dataclass(eq=False, slots=True)
class Image:
    """What one store holds, whatever its format."""

    generation: str
    """json, v1 or v2."""
    version: tuple[int, int, int]
    sessions: dict[str, Session] = field(default_factory=dict)
    events: dict[str, dict[str, list[Bill]]] = field(default_factory=dict)
    """By session and message: what the last event of a completed message told (OpenCode 1.17 and 1.18)."""
    frozen: Image | None = None
    """The tables of version 1 that an upgrade to 2 left in the file."""

    @property
    def has_events(self) -> bool:
        return self.generation == "v1" and self.version >= (1, 17, 0)

    @property
    def subtracts(self) -> bool:
        """Whether an undo takes the calls from the session's cost."""
        return self.generation == "v1" and self.version >= (1, 15, 0)

    def copied(self) -> Image:
        return Image(
            self.generation,
            self.version,
            {id: session.copied() for id, session in self.sessions.items()},
            {id: {key: list(bills) for key, bills in told.items()} for id, told in self.events.items()},
            self.frozen.copied() if self.frozen else None,
        )

    def tells(self, wanted: Iterable[Bill]) -> dict[Bill, dict[str, int]]:
        """Of each wanted bill the sessions that tell of it, each by the best that does."""
        wanted = set(wanted)
        found: dict[Bill, dict[str, int]] = {}
        for session, bills, how in self._told(wanted) if wanted else ():
            for bill in wanted.intersection(bills):
                places = found.setdefault(bill, {})
                places[session] = max(places.get(session, HELD), how)
        return found

    def _told(self, wanted: set[Bill]) -> Iterator[tuple[str, list[Bill], int]]:
        """(session, bills, how it tells of them), of what holds any of those that are wanted."""
        for session in self.sessions.values():
            for message in session.messages.values():
                if not wanted.isdisjoint(message.bills):
                    yield session.id, message.bills, ROW if message.completed else PART
            if not wanted.isdisjoint(session.hidden):
                compacts = any(each.kind == "compaction" and not each.completed for each in session.messages.values())
                yield session.id, session.hidden, HELD if compacts else SUM
        for session_id, told in self.events.items():
            for bills in told.values():
                if not wanted.isdisjoint(bills):
                    # Of a message of several calls an event tells the last one's tokens alone.
                    yield session_id, bills, ROW if len(bills) == 1 else PART
        if self.frozen:
            yield from self.frozen._told(wanted)

    def tree(self, top: str) -> list[str]:
        """A session and all subagents below it that this store holds."""
        found = [top]
        for id in found:
            found += [each.id for each in self.sessions.values() if each.parent == id]
        return found
