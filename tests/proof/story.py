"""OpenCode's operations on sessions, each of which changes both the model of the world and the store."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from tests.proof.encode import text_of
from tests.proof.place import Place
from tests.proof.world import Bill, Image, Message, Session, Tokens

HOUR_MS = 3_600_000
_MODELS = (("opencode", "kimi-k2.6"), ("opencode", "glm-5"), ("anthropic", "claude-sonnet-4-6"), ("local", "qwen3:30b"))
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Story:
    """Plays operations on one place. `bills` are all bills so far that can be known, in order."""

    def __init__(self, place: Place, dice: random.Random, now: int) -> None:
        self.place, self.dice, self.now = place, dice, now
        self.bills: list[Bill] = []
        self.parents: dict[str, str | None] = {}
        self.running: list[Message] = []
        self.loose: set[str] = set()
        """Sessions whose sum was set back by a restore, so that later undone calls cannot always be identified."""
        self._count = 0
        self.most_nano = 90_000_000
        """The most that one call costs, in nano-dollars."""
        self.between: Callable[[], object] = lambda: None
        """Called between two steps of OpenCode where a program may poll."""
        self.latest = now
        """The latest time that the clock showed before it was last set."""
        self.seen_behind: Callable[[], object] = lambda: None
        """Called before a clock that is behind is set forward, as sums that changed before it have an old date."""
        self.pace_ms = 4000
        """The most milliseconds between two steps."""

    @property
    def is_v2(self) -> bool:
        return self.place.main.generation == "v2"

    def sessions(self) -> list[Session]:
        return list(self.place.main.sessions.values())

    def set_clock(self, now: int) -> None:
        """Sets the clock to `now` (Unix ms)."""
        self.latest = max(self.latest, self.now)
        if self.latest > self.now < now:
            self.seen_behind()
        self.now = now

    def _id(self, kind: str) -> str:
        self._count += 1
        tail = "".join(self.dice.choices(_LETTERS, k=9))
        moment = (self.now << 12 | self._count & 0xFFF) & 0xFFFFFFFFFFFF
        return f"{kind}_{moment ^ 0xFFFFFFFFFFFF if kind == 'ses' else moment:012x}{self._count:05d}{tail}"

    def _tick(self) -> int:
        self.now += self.dice.randint(1, self.pace_ms)
        return self.now

    def bill(self, session: str, created: int, *, free: bool = False) -> Bill:
        """Creates a bill for a new call."""
        nano = 0 if free or self.dice.random() < 0.03 else self.dice.randint(1, self.most_nano)
        reasoning = self.dice.choice((0, 0, self.dice.randint(1, 90)))
        tokens: Tokens = (
            self.dice.randint(1, 20_000),
            self.dice.randint(1, 900),
            reasoning,
            self.dice.choice((0, self.dice.randint(1, 9_000))),
            self.dice.choice((0, 0, self.dice.randint(1, 3_000))),
        )
        early = not self.is_v2 and created < self.place.main.sessions[session].created
        self.bills.append(Bill(len(self.bills), session, nano, tokens, created, early))
        return self.bills[-1]

    def new_session(self, parent: Session | None = None, fork_of: str | None = None) -> Session:
        at = self._tick()
        version = text_of(self.place.main.version)
        title = None if self.is_v2 and self.dice.random() < 0.3 else f"Task {self._count}"
        id = self._id("ses")
        session = Session(id, parent.id if parent else None, fork_of, title, version, at, at)
        self.parents[id] = session.parent
        self.place.main.sessions[id] = session
        self.place.store.save_session(session)
        return session

    def _add(self, session: Session, kind: str, turn: str = "") -> Message:
        at = self._tick()
        session.seq += self.dice.randint(3, 6) if kind == "user" else self.dice.randint(1, 9)
        message = Message(self._id("msg"), session.id, kind, at, at, session.seq, turn)
        message.written = self.place.main.version
        session.messages[message.id] = message
        return message

    def prompt(self, session: Session) -> Message:
        """Adds a user's prompt, which makes a staged undo final."""
        self.settle_undo(session)
        message = self._add(session, "user")
        self._touch(session, by_person=True)
        self._save(session, message)
        if self.is_v2 and not session.hidden and not session.parent and self.dice.random() < 0.5:
            self.title(session)
        return message

    def title(self, session: Session, *, again: bool = False) -> None:
        """Adds a title, a call that is only in the session's sum (OpenCode 2); the first one updates no date."""
        self._tick()
        if again:
            self._touch(session, by_person=True)
        bill = self.bill(session.id, self._tick())
        session.hidden.append(bill)
        add_up(session, bill)
        session.title = f"Title {bill.number}"
        self.place.store.save_session(session)

    def _touch(self, session: Session, *, by_person: bool = False) -> None:
        """Updates a session's date: in 1.15 and later always, in version 2 and before 1.15 only `by_person`."""
        if by_person or self.place.main.subtracts or self.place.main.generation == "json":
            session.updated = self.now

    def _save(self, session: Session, message: Message) -> None:
        message.updated = self.now
        self._touch(session)
        if self.is_v2:
            runs = any(each.session == session.id and not each.completed for each in self.running)
            session.suspended = session.suspended or self.now if runs else None
            session.idle = session.idle if runs or not message.completed else self.now
        self.place.store.save_session(session)
        self.place.store.save(message)
        main = self.place.main
        if main.has_events and message.kind != "user" and message.completed:
            main.events.setdefault(session.id, {})[message.id] = list(message.bills)

    def turn(self, session: Session) -> str:
        users = [message.id for message in session.messages.values() if message.kind == "user"]
        fresh = not users or session.revert or self.dice.random() < 0.3
        return self.prompt(session).id if fresh else users[-1]

    def begin(self, session: Session, kind: str = "assistant") -> Message:
        turn = self.prompt(session).id if kind == "compaction" and not self.is_v2 else self.turn(session)
        message = self._add(session, kind, turn)
        message.model = self.dice.choice(_MODELS)
        message.agent = self.dice.choice(("build", "build", "plan", "explore"))
        self.running.append(message)
        self._save(session, message)
        return message

    def of(self, message: Message) -> Session | None:
        session = self.place.main.sessions.get(message.session)
        return session if session and session.messages.get(message.id) is message else None

    def grow(self, message: Message) -> bool | None:
        """Adds a step to a message with several, as in OpenCode up to 0.5; False in all later ones, which add none."""
        session = self.of(message)
        if session is None or self.place.main.generation != "json":
            return False
        self._tick()
        self._charge(session, message)
        self._save(session, message)
        return None

    def _charge(self, session: Session, message: Message) -> None:
        bill = self.bill(session.id, message.created, free=message.model[0] == "local")
        if len(message.bills) and bill.tokens[2]:
            # How 0.5 recorded reasoning is not known, so its messages have none here.
            bill.tokens = (*bill.tokens[:2], 0, *bill.tokens[3:])
        message.bills.append(bill)
        add_up(session, bill)

    def finish(self, message: Message) -> bool | None:
        session = self.of(message)
        if message in self.running:
            self.running.remove(message)
        if session is None or message.completed:
            return False
        self._tick()
        if message.kind == "compaction" and self.is_v2:
            self._pay_compaction(session, message)
        elif not message.bills:
            self._charge(session, message)
        message.completed = max(self.now, message.created)
        self._save(session, message)
        return None

    def _pay_compaction(self, session: Session, message: Message) -> None:
        """OpenCode 2 adds it to the sum a moment before the row says so; a failed one holds two calls."""
        known = len(self.bills)
        self._charge(session, message)
        if self.dice.random() < 0.3:
            message.failed = "compaction"
            self._charge(session, message)
        self.bills, held = self.bills[:known], self.bills[known:]
        self.place.store.save_session(session)
        self.place.store.commit()
        self.between()
        self.bills += held

    def abort(self, message: Message) -> bool | None:
        session = self.of(message)
        if session is None or message.bills or message.kind == "compaction":
            return False
        self.running.remove(message)
        message.failed, message.completed = "aborted", max(self._tick(), message.created)
        self._save(session, message)
        return None

    def call(self, session: Session) -> None:
        self.finish(self.begin(session))

    def start(self, session: Session, kind: str = "assistant") -> None:
        """Starts a call that runs until it is finished, aborted, undone or abandoned."""
        self.begin(session, kind)

    def child(self, session: Session) -> None:
        message = self.begin(session)
        child = self.new_session(parent=session)
        message.child = child.id
        self.place.store.save(message)
        for _ in range(self.dice.randint(1, 3)):
            self.call(child)
        self.finish(message)

    def fork(self, session: Session) -> bool | None:
        """Forks a session: copies all completed messages up to a random one under new ids."""
        kept = [message for message in session.messages.values() if message.kind == "user" or message.completed]
        if session.revert:
            kept = [message for message in kept if message.seq < session.messages[session.revert].seq]
        if not kept:
            return False
        kept = kept[: self.dice.randint(1, len(kept))]
        self.set_clock(max([self.now, *(message.created for message in kept)]))
        fork = self.new_session(fork_of=session.id if self.is_v2 else None)
        fork.title = f"{session.title or 'Untitled'} (fork #1)"
        event, ids = self._id("msg"), {}
        for message in kept:
            id = f"{event}_{message.seq}" if self.is_v2 else self._id("msg")
            ids[message.id] = id
            copy = replace(message, id=id, session=fork.id, copy=True, bills=list(message.bills), imported=False)
            copy.turn = ids.get(message.turn, message.turn)
            fork.messages[id] = copy
            fork.seq = max(fork.seq, copy.seq)
            if not self.is_v2:
                fork.cost += copy.nano / 1e9
            self._save(fork, copy)
        self.place.store.save_session(fork)
        return None

    def undo(self, session: Session) -> bool | None:
        """Stages an undo; running calls are finished first, as in OpenCode."""
        users = [message for message in session.messages.values() if message.kind == "user"]
        if not users:
            return False
        for message in [message for message in self.running if message.session == session.id]:
            if message.bills:
                self.finish(message)
        session.revert = self.dice.choice(users[-3:]).id
        self._touch(session, by_person=True)
        self.place.store.save_session(session)
        return None

    def redo(self, session: Session) -> bool | None:
        if not session.revert:
            return False
        session.revert = ""
        self.place.store.save_session(session)
        return None

    def settle_undo(self, session: Session) -> None:
        """Deletes undone messages, as the next prompt does; 1.15 to 1.18 subtract them from the session's cost."""
        if not session.revert:
            return
        first = session.messages[session.revert].seq
        gone = [message for message in session.messages.values() if message.seq >= first]
        main = self.place.main
        for message in gone:
            del session.messages[message.id]
            if message in self.running:
                self.running.remove(message)
            if main.subtracts:
                session.cost -= message.nano / 1e9
            if self.is_v2 and not message.copy and not message.imported:
                session.hidden += message.bills
        session.revert = ""
        self.place.store.drop(gone)
        self.place.store.save_session(session)

    def delete(self, session: Session) -> None:
        """Deletes the session with all its subagents and their events."""
        main = self.place.main
        gone = [main.sessions[id] for id in main.tree(session.id)]
        for each in gone:
            del main.sessions[each.id]
            main.events.pop(each.id, None)
        self.running = [message for message in self.running if message.session in main.sessions]
        self.place.store.drop_sessions(gone)

    def archive(self, session: Session) -> None:
        session.archived = self._tick()
        self.place.store.save_session(session)

    def restored(self, before: Image) -> None:
        """Handles a restored store: its running calls never complete, and sums may have decreased."""
        self.running.clear()
        after = self.place.main
        if after.generation != "v2":
            return
        for id, session in after.sessions.items():
            old = before.sessions.get(id)
            if old is None or _bills(old) != _bills(session):
                self.loose.add(id)


def add_up(session: Session, bill: Bill) -> None:
    """Adds a bill to the sums that OpenCode keeps of the session."""
    session.cost += bill.nano / 1e9
    session.tokens = [have + more for have, more in zip(session.tokens, bill.tokens, strict=True)]


def _bills(session: Session) -> set[Bill]:
    rows = {bill for message in session.messages.values() for bill in message.bills}
    return rows | set(session.hidden)
