"""Two years of sessions, turns, subagents and forks from one seed, and what they cost."""

from __future__ import annotations

import json
import random
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha1

from opencode_tui.records.calls import Tokens
from tests.bench import rows

DAY_MS = 86_400_000
YEARS_MS = 730 * DAY_MS
DIRECTORIES = tuple(f"/home/dev/{name}" for name in ("shop", "site", "billing", "infra", "notes"))
TOOLS = ("read", "edit", "bash", "grep", "glob", "write")
MODELS = {  # nano-dollars a token: input, output, cache read, cache write
    "opencode/kimi-k2.6": (950, 4000, 160, 0),
    "opencode/glm-5": (1000, 3200, 200, 0),
    "anthropic/claude-sonnet-4-5": (3000, 15000, 300, 3750),
    "openai/gpt-5.1": (1250, 10000, 125, 0),
    "local/qwen3-coder:30b": (0, 0, 0, 0),
}
WEIGHTS = (50, 20, 12, 10, 8)
ERRORS = (
    '"error":{"name":"APIError","data":{"message":"rate limited","statusCode":429,"isRetryable":true}}',
    '"error":{"name":"MessageAbortedError","data":{"message":"The operation was aborted."}}',
)


@dataclass
class Line:
    """A message as a fork needs it again: its row, its parts, and what it cost."""

    parent: str
    created: int
    data: str
    parts: list[str]
    nano: int
    tokens: Tokens
    role: str


@dataclass
class Talk:
    """A session while it is told."""

    id: str
    directory: str
    title: str
    agent: str
    model: str
    start: int
    parent: str | None = None
    nano: int = 0
    tokens: Tokens = Tokens()
    updated: int = 0
    events: int = 0
    lines: list[tuple[str, Line]] = field(default_factory=list)


class Generator:
    """Tells sessions one after another, oldest first, until there are as many messages as were asked for."""

    def __init__(self, db: sqlite3.Connection, messages: int, seed: int, now: int, *, events: bool) -> None:
        self.out = rows.Writer(db)
        self.dice = random.Random(seed)
        self.ids = rows.FastIds(self.dice)
        self.now, self.wanted, self.events = now, messages, events
        self.midnight = midnight(now)
        self.words = " ".join(self.dice.choices(("const", "return", "header", "margin", "await", "the", "x"), k=40_000))
        self.total = self.today = self.calls = self.copies = 0

    def run(self) -> None:
        talks = max(1, self.wanted // 50)
        starts = sorted(self.now - self.dice.randrange(3_600_000, YEARS_MS) for _ in range(talks))
        starts[-1] = self.now - 1_200_000
        for number, start in enumerate(starts):
            left = self.wanted - self.out.counts["message"]
            paid = "opencode/kimi-k2.6" if number == talks - 1 else None  # so that today has cost something
            self._root(start, max(1, left // (talks - number)), paid)
        self.out.flush()

    def truth(self) -> dict[str, object]:
        return {
            "total_nano": self.total,
            "calls": self.calls,
            "copies": self.copies,
            "today_nano": self.today,
            "rows": dict(self.out.counts),
        }

    def _root(self, start: int, size: int, model: str | None) -> None:
        directory = self.dice.choice(DIRECTORIES)
        model = model or self._model()
        talk = Talk(self.ids.session(start), directory, self._title(), "build", model, start)
        until = self.out.counts["message"] + size
        at = start
        while self.out.counts["message"] < until and at < self.now - 60_000:
            at = self._turn(talk, at, may_delegate=until - self.out.counts["message"] > 20)
        self._close(talk)
        if self.dice.random() < 0.03 and at < self.now - 3_600_000:
            self._fork(talk, at + 60_000)

    def _fork(self, origin: Talk, at: int) -> None:
        fork = Talk(self.ids.session(at), origin.directory, f"{origin.title} (fork #1)", "build", origin.model, at)
        new_ids: dict[str, str] = {}
        for old_id, line in origin.lines[: self.dice.randint(2, 30)]:
            new_ids[old_id] = new_id = self.ids.make("msg", at)
            parent = new_ids.get(line.parent, line.parent)
            copy = Line(
                parent,
                line.created,
                line.data.replace(line.parent, parent) if line.parent else line.data,
                line.parts,
                line.nano,
                line.tokens,
                line.role,
            )
            self._write(fork, new_id, copy, at)
            self.copies += line.role == "assistant"
        self._turn(fork, at + 5_000, may_delegate=False)
        self._close(fork)

    def _turn(self, talk: Talk, at: int, *, may_delegate: bool) -> int:
        """One prompt and the calls that answer it; returns when it ended."""
        asked = self.ids.make("msg", at)
        user = Line("", at, rows.user_text(at, talk.model, talk.agent), [], 0, Tokens(), "user")
        user.parts.append(f'{{"type":"text","text":"{self._some(120)}"}}')
        self._write(talk, asked, user, at + 1)
        calls = self.dice.randint(3, 15)
        for number in range(calls):
            at += self.dice.randint(200, 2_000)
            took = self.dice.randint(1_500, 15_000)
            if at + took >= self.now:
                break
            child = None
            if may_delegate and self.dice.random() < 0.03:
                child = self._child(talk, at + took + 100)
            self._call(talk, asked, at, took, child, last=number == calls - 1)
            at += took
            if child is not None:
                at = child.updated + 200
        return at + self.dice.randint(5_000, 300_000)

    def _child(self, parent: Talk, at: int) -> Talk:
        model = self._model()
        title = f"{self._title()} (@explore subagent)"
        child = Talk(self.ids.session(at), parent.directory, title, "explore", model, at, parent.id)
        self._turn(child, at, may_delegate=False)
        self._close(child)
        return child

    def _call(self, talk: Talk, asked: str, at: int, took: int, child: Talk | None, *, last: bool) -> None:
        message_id, end = self.ids.make("msg", at), at + took
        failed = child is None and self.dice.random() < 0.015
        tokens = Tokens() if failed else self._tokens(talk)
        prices = MODELS[talk.model]
        nano = (
            tokens.input * prices[0]
            + (tokens.output + tokens.reasoning) * prices[1]
            + tokens.cache_read * prices[2]
            + tokens.cache_write * prices[3]
        )
        reason = "stop" if last else "tool-calls"
        closing = self.dice.choice(ERRORS) if failed else f'"finish":"{reason}"'
        data = rows.assistant_text(asked, talk.agent, talk.directory, talk.model, nano, tokens, (at, end), closing)
        parts = [] if failed else [rows.step_start_text(), rows.words_text(self._some(300), at + 800)]
        if not failed and (child is not None or self.dice.random() < 0.9):
            parts.append(self._tool(talk, message_id, at + took - 400, child))
        if not failed:
            parts.append(rows.step_finish_text(reason, tokens, nano))
        self._write(talk, message_id, Line(asked, at, data, parts, nano, tokens, "assistant"), end + 1)
        self.calls += 1
        self.total += nano
        self.today += nano if at >= self.midnight else 0

    def _tool(self, talk: Talk, message_id: str, at: int, child: Talk | None) -> str:
        call_id = f"call_{message_id[4:20]}"
        if child is not None:
            given = {"description": child.title, "prompt": "look", "subagent_type": "explore"}
            metadata = f'{{"parentSessionId":"{talk.id}","sessionId":"{child.id}","truncated":false}}'
            return rows.tool_text("task", call_id, given, self._some(800), metadata, at)
        tool = self.dice.choice(TOOLS)
        path = f"{talk.directory}/src/file{self.dice.randrange(200)}.tsx"
        given = {"command": "npm test"} if tool == "bash" else {"filePath": path}
        big = self.dice.random() < 0.02
        output = self._some(40_000 if big else 1_050)
        return rows.tool_text(tool, call_id, given, output, '{"truncated":false}', at)

    def _write(self, talk: Talk, message_id: str, line: Line, updated: int) -> None:
        self.out.add("message", (message_id, talk.id, line.created, updated, line.data))
        for number, part in enumerate(line.parts):
            part_id = self.ids.make("prt", line.created + number)
            self.out.add("part", (part_id, message_id, talk.id, line.created + number, updated, part))
        if self.events:
            told = f'{{"sessionID":"{talk.id}","info":{{"id":"{message_id}","sessionID":"{talk.id}",{line.data[1:]}}}'
            row = (self.ids.make("evt", updated), talk.id, talk.events, "message.updated.1", told)
            self.out.add("event", row)
            talk.events += 1
        talk.nano += line.nano
        talk.tokens += line.tokens
        talk.updated = max(talk.updated, updated + 8)
        if len(talk.lines) < 30:
            talk.lines.append((message_id, line))

    def _close(self, talk: Talk) -> None:
        provider, _, name = talk.model.partition("/")
        model = json.dumps({"id": name, "providerID": provider, "variant": "default"})
        t = talk.tokens
        counts = (t.input, t.output, t.reasoning, t.cache_read, t.cache_write)
        names = (talk.id, project_id(talk.directory), talk.parent, talk.directory, talk.title)
        moments = (talk.start, talk.updated)
        self.out.add("session", (*names, talk.nano / 1e9, *counts, talk.agent, model, *moments))
        if self.events:
            self.out.add("event_sequence", (talk.id, talk.events - 1))

    def _tokens(self, talk: Talk) -> Tokens:
        cached = self.dice.randrange(0, 60_000)
        write = self.dice.randrange(0, 2_000) if talk.model.startswith("anthropic/") else 0
        return Tokens(
            self.dice.randrange(300, 8_000),
            self.dice.randrange(50, 1_500),
            self.dice.randrange(0, 400),
            cached,
            write,
        )

    def _some(self, size: int) -> str:
        """Words of about that length, from half to one and a half."""
        length = self.dice.randrange(size // 2, size * 3 // 2)
        start = self.dice.randrange(len(self.words) - length)
        return self.words[start : start + length]

    def _model(self) -> str:
        return self.dice.choices(tuple(MODELS), WEIGHTS)[0]

    def _title(self) -> str:
        return f"Fix the {self.dice.choice(('header', 'cart', 'login', 'build'))} {self.dice.randrange(1000)}"


def midnight(now: int) -> int:
    """When today began in the local zone, in Unix milliseconds."""
    day = datetime.fromtimestamp(now / 1000).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(day.timestamp() * 1000)


def project_id(directory: str) -> str:
    return sha1(directory.encode()).hexdigest()
