"""The records of alerts: which line was crossed, what caused it, and what became of each delivery."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from opencode_tui.clock import DAY_MS, HOUR_MS

EVER = "ever"
"""The stored period of what is measured as long as a session lives."""

REARMED = ""
"""The stored period of what can be crossed again once its measure has fallen."""

LONGEST_SNOOZE_MS = 7 * DAY_MS

JITTER_MS = 60_000
"""By so much a clock may be put back without that what was done before counts as done in the future."""


class Crossing(Struct, frozen=True):
    """A rule whose measure stands at or past a line now. Pure result of evaluating the rules."""

    rule: str
    """Such as `day`, `week`, `session`, `rate`, `same_file`, or `spend.NAME` for one of the user's own."""
    kind: str
    """The rule's family."""
    level: Level
    subject: str
    """What it is about: empty for everything, else a session id, a model, a project, `session:file`, …"""
    period: str
    """In which it fires once: `2026-05-13`, `2026-W20`, `2026-05`, EVER, an incident's moment; or REARMED."""
    value: int
    """Nano-dollars for spend and rate, else calls, minutes, depth, repetitions, percent."""
    line: int
    at_ms: int
    """When the line was crossed: the call that did it, else now. Unix milliseconds."""
    session_id: str | None = None
    """The session to look at, where one stands out."""
    about: str = ""
    """The subject for people: `in "Fix header"`, `on claude-opus`; empty for everything. May hold markup."""


class Cause(Struct, frozen=True):
    """One sentence from the ledger that says why, and where to look."""

    sentence: str
    session_id: str | None = None
    turn_id: str | None = None
    cost_nano: int = 0
    """What the cause itself cost."""
    found: bool = True
    """False where nothing stands out and the sentence says so."""


class DeliveryResult(Struct, frozen=True):
    """How the delivery by one channel ended."""

    channel: str
    at_ms: int
    ok: bool
    detail: str = ""
    attempt: int = 1
    """Which try it was: from the second on, whoever tried before it ended first."""


class Alert(Struct, frozen=True):
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
    results: tuple[DeliveryResult, ...] = ()
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


Level = Literal["notice", "warning", "cutoff"]
"""How much an alert matters."""

LEVELS: tuple[Level, ...] = ("notice", "warning", "cutoff")


def severity(level: Level) -> int:
    """The higher, the more an alert of the level matters."""
    return LEVELS.index(level)


def at_least(level: Level, least: Level | Literal["off"]) -> bool:
    """Whether a level matters as much as the least that is wanted; none does for `off`."""
    return least != "off" and severity(level) >= severity(least)


Scope = Literal["all", "session", "project", "model", "provider", "agent"]

SCOPES: tuple[Scope, ...] = ("all", "session", "project", "model", "provider", "agent")

Period = Literal["day", "week", "month"]

PERIODS: tuple[Period, ...] = ("day", "week", "month")

FiringPeriod = Literal["day", "week", "month", "ever", "incident", "rearmed"]
"""How often a rule fires for one subject and line: once in it, or each time that its measure has risen again."""
