"""The model of the world, independent of any file: bills of a provider, and OpenCode's messages that contain them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

Tokens = tuple[int, int, int, int, int]
"""Input, output, reasoning, cache read and cache write, disjoint."""


HELD, SUM, PART, ROW = -1, 0, 1, 2
"""Where a store has a bill: only in a session's sum (HELD, SUM), in a running message (PART), in a completed one (ROW).

A sum is HELD while a compaction runs in its session, because it includes the compaction's cost before the row does.
"""


@dataclass(eq=False, slots=True)
class Bill:
    """The bill of one call, compared by identity: a copy of a message has the same Bill objects."""

    number: int
    session: str
    nano: int
    tokens: Tokens
    created: int
    early: bool = False
    """The clock was set back to before the session's start, so no store can distinguish the call from a fork's copy."""


@dataclass(eq=False, slots=True)
class Message:
    """A message row. `bills` are the bills in its cost so far; a fork's copy has the same bills."""

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
    """OpenCode 2 imported it from version 1, whose row stays in the same file."""
    written: tuple[int, int, int] = (2, 0, 15)
    """The version that wrote it; imports and forks copy its data unchanged."""

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
    """The first message of a staged undo, which a prompt makes final and a redo reverts."""
    cost: float = 0.0
    """OpenCode's sum of the costs, in USD."""
    tokens: list[int] = field(default_factory=lambda: [0] * 5)
    """OpenCode's sums of the tokens (version 2)."""
    seq: int = 0
    """The last sequence number used (version 2)."""
    idle: int | None = None
    suspended: int | None = None
    """Set while a turn runs (version 2)."""
    hidden: list[Bill] = field(default_factory=list)
    """Bills that are only in `cost`: titles, and undone calls of OpenCode 2."""
    messages: dict[str, Message] = field(default_factory=dict)

    def copied(self) -> Session:
        messages = {id: message.copied() for id, message in self.messages.items()}
        return replace(self, hidden=list(self.hidden), tokens=list(self.tokens), messages=messages)


@dataclass(eq=False, slots=True)
class Image:
    """The contents of one store, independent of its format."""

    generation: str
    """json, v1 or v2."""
    version: tuple[int, int, int]
    sessions: dict[str, Session] = field(default_factory=dict)
    events: dict[str, dict[str, list[Bill]]] = field(default_factory=dict)
    """The bills in the last event of each completed message, by session and message (OpenCode 1.17 and 1.18)."""
    frozen: Image | None = None
    """The tables of version 1 that remain in the file after an upgrade to 2."""

    @property
    def has_events(self) -> bool:
        return self.generation == "v1" and self.version >= (1, 17, 0)

    @property
    def subtracts(self) -> bool:
        """Whether an undo subtracts the calls from the session's cost."""
        return self.generation == "v1" and self.version >= (1, 15, 0)

    def copied(self) -> Image:
        return Image(
            self.generation,
            self.version,
            {id: session.copied() for id, session in self.sessions.items()},
            {id: {key: list(bills) for key, bills in events.items()} for id, events in self.events.items()},
            self.frozen.copied() if self.frozen else None,
        )

    def holders(self, wanted: Iterable[Bill]) -> dict[Bill, dict[str, int]]:
        """For each wanted bill in this store, the sessions that have it, with the best of HELD, SUM, PART and ROW."""
        wanted = set(wanted)
        found: dict[Bill, dict[str, int]] = {}
        for session, bills, how in self._holding(wanted) if wanted else ():
            for bill in wanted.intersection(bills):
                places = found.setdefault(bill, {})
                places[session] = max(places.get(session, HELD), how)
        return found

    def _holding(self, wanted: set[Bill]) -> Iterator[tuple[str, list[Bill], int]]:
        """Yields (session, bills, where) for everything that holds any wanted bill."""
        for session in self.sessions.values():
            for message in session.messages.values():
                if not wanted.isdisjoint(message.bills):
                    yield session.id, message.bills, ROW if message.completed else PART
            if not wanted.isdisjoint(session.hidden):
                compacts = any(each.kind == "compaction" and not each.completed for each in session.messages.values())
                yield session.id, session.hidden, HELD if compacts else SUM
        for session_id, events in self.events.items():
            for bills in events.values():
                if not wanted.isdisjoint(bills):
                    # The event of a message with several calls has only the tokens of the last.
                    yield session_id, bills, ROW if len(bills) == 1 else PART
        if self.frozen:
            yield from self.frozen._holding(wanted)

    def tree(self, top: str) -> list[str]:
        """The ids of a session and all its subagents in this store."""
        found = [top]
        for id in found:
            found += [each.id for each in self.sessions.values() if each.parent == id]
        return found
