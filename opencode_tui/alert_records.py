"""The records of alerts: what is measured, what crossed which line, what caused it, and what became of telling it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from opencode_tui.clock import DAY_MS, HOUR_MS
from opencode_tui.settings import Level, Period, Scope

Kind = Literal["spend", "rate", "every", "depth", "loop", "edits", "context", "guard"]

EVER = "ever"
"""The period of what is measured as long as a session lives."""

LONGEST_SNOOZE_MS = 7 * DAY_MS
JITTER_MS = 60_000
"""By so much a clock may be put back without that what was done before counts as done in the future."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A rule whose measure stands at or past a line now. Pure result of evaluating the rules."""

    rule: str
    """Such as `day`, `week`, `session`, `rate`, `same_file`, or `spend.NAME` for one of the user's own."""
    kind: Kind
    level: Level
    subject: str
    """What it is about: empty for everything, else a session id, a model, a project, `session:file`, …"""
    period: str
    """In which it fires once: `2026-05-13`, `2026-W20`, `2026-05`, `ever`; empty for what can be crossed anew."""
    value: int
    """Nano-dollars for spend and rate, else calls, minutes, depth, repetitions, percent."""
    line: int
    at_ms: int
    """When the line was crossed: the call that did it, else now. Unix milliseconds."""
    session_id: str | None = None
    """The session to look at, where one stands out."""
    about: str = ""
    """The subject for people: `in "Fix header"`, `on claude-opus`; empty for everything. May hold markup."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One sentence from the ledger that says why, and where to look."""

    sentence: str
    session_id: str | None = None
    turn_id: str | None = None
    cost_nano: int = 0
    """What the cause itself cost."""
    found: bool = True
    """False where nothing stands out and the sentence says so."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one channel."""

    channel: str
    at_ms: int
    ok: bool
    detail: str = ""
    attempt: int = 1
    """Which try it was: from the second on, whoever tried before it ended first."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that fired, as the ledger keeps it."""

    id: int
    fired_ms: int
    crossing: Crossing
    cause: Cause
    text: str
    """Such as `$0.83 is past the warning $0.80: 4× edits of Button.tsx in "Fix header", about $0.20 a round`."""
    seen_ms: int | None = None
    snoozed_until_ms: int | None = None
    acknowledged_ms: int | None = None
    told: tuple[Told, ...] = ()
    snoozed_ms: int | None = None
    """When it was snoozed."""
    attempt: int = 1
    """Which try this is to deliver it, while a channel does."""

    def is_snoozed(self, now_ms: int) -> bool:
        """It stays away for now. A snooze that begins in the future was made by a clock that was ahead."""
        until_ms = self.snoozed_until_ms
        if until_ms is None or until_ms <= now_ms:
            return False
        since_ms = until_ms - LONGEST_SNOOZE_MS if self.snoozed_ms is None else self.snoozed_ms
        return since_ms <= now_ms + JITTER_MS

    @property
    def late(self) -> bool:
        """The line was crossed more than an hour before anybody looked: worth the log, hardly a bell."""
        return self.fired_ms - self.crossing.at_ms > HOUR_MS


@dataclass(frozen=True, slots=True)
class Sum:
    """What one of a scope cost: a root session with its tree, a model, a project, …"""

    key: str
    name: str
    """The title of a session, else the key."""
    nano: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same call of a tool, again and again in one session while nothing was edited."""

    session_id: str
    title: str
    key: str
    """What tells it from other calls of that session."""
    what: str
    """Such as `grep of src`."""
    times: int


@dataclass(frozen=True, slots=True)
class Edited:
    """A file that one session edited in several turns."""

    session_id: str
    title: str
    file: str
    turns: int


@dataclass(frozen=True, slots=True)
class Deep:
    """A subagent below others: 1 is a root's own."""

    session_id: str
    title: str
    depth: int


@dataclass(frozen=True, slots=True)
class Filled:
    """How full the context of a session was at each of its calls, in order of time."""

    session_id: str
    title: str
    percents: tuple[tuple[int, int], ...]
    """(Unix milliseconds, percent of the model's limit)."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What the rules are held against; only what a rule in force asks for is filled in."""

    spends: Mapping[tuple[Scope, Period], tuple[Sum, ...]] = field(default_factory=dict)
    """By scope and present period; `all` has one sum with an empty key."""
    sessions: tuple[Sum, ...] = ()
    """Root sessions that did something today, with their trees, as long as they live."""
    subagents: tuple[Sum, ...] = ()
    """Subagents of those trees, each with those below it."""
    depths: tuple[Deep, ...] = ()
    calls: int = 0
    """Of today."""
    minutes: int = 0
    """Of today, those with spend."""
    costs: tuple[tuple[int, int], ...] = ()
    """(Unix milliseconds, nano-dollars) of the last hour's calls, and of the day before it where a line is near."""
    repeated: tuple[Repeated, ...] = ()
    edited: tuple[Edited, ...] = ()
    filled: tuple[Filled, ...] = ()
