"""Records of alerts: the crossed line, its cause, and the result of each delivery."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from opencode_tui.clock import DAY_MS, HOUR_MS

EVER_PERIOD = "ever"
"""The stored period of rules that measure a session's whole life."""

REARMED = ""
"""The stored period of rules that are re-armed when their measure falls."""

LONGEST_SNOOZE_MS = 7 * DAY_MS

JITTER_MS = 60_000
"""How far a clock may be set back before earlier actions count as being in the future."""


class Crossing(Struct, frozen=True):
    """A rule whose measure is at or past one of its lines now."""

    rule: str
    """Such as `day`, `week`, `session`, `rate`, `same_file`, or `spend.NAME` for one of the user's own."""
    kind: str
    """The rule's family, such as `spend` or `loop`."""
    level: Level
    subject: str
    """The key of what was measured, such as a session id, a model or `session:file`; empty for everything."""
    period: str
    """Fires once in this period: `2026-05-13`, `2026-W20`, `2026-05`, EVER, the moment of an incident, or REARMED."""
    value: int
    """In the rule's unit: nano-dollars, calls, minutes, depth, repetitions or percent."""
    line: int
    at_ms: int
    """When the line was crossed, in Unix milliseconds: the time of the call that crossed it, else now."""
    session_id: str | None = None
    """The session to look at, if there is one."""
    about: str = ""
    """The subject as text: `in "Fix header"`, `on claude-opus`; empty for everything. May hold markup."""


class Cause(Struct, frozen=True):
    """Why a line was crossed, in one sentence, and where to look."""

    sentence: str
    session_id: str | None = None
    turn_id: str | None = None
    cost_nano: int = 0
    """What the cause itself cost."""
    found: bool = True
    """False if no cause was found, which the sentence then says."""
    remedy: str = ""
    """What to do about it, in one line; empty if nothing is known. See analysis/remedies.py."""


class DeliveryResult(Struct, frozen=True):
    """The result of one channel's delivery."""

    channel: str
    at_ms: int
    ok: bool
    detail: str = ""
    attempt: int = 1
    """Counted from 1; higher if an earlier process ended before its delivery did."""


class Alert(Struct, frozen=True):
    """An alert that fired, as stored in the ledger."""

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
    """The attempt at delivery, counted from 1, while a channel delivers it."""

    @property
    def leads_to(self) -> str | None:
        """The id of the session to look at: the cause's, else the crossing's."""
        return self.cause.session_id or self.crossing.session_id

    def is_snoozed(self, now_ms: int) -> bool:
        """Whether it is snoozed now. A snooze that starts in the future (the clock was ahead) does not count."""
        until_ms = self.snoozed_until_ms
        if until_ms is None or until_ms <= now_ms:
            return False
        since_ms = until_ms - LONGEST_SNOOZE_MS if self.snoozed_ms is None else self.snoozed_ms
        return since_ms <= now_ms + JITTER_MS

    @property
    def late(self) -> bool:
        """Whether it fired more than an hour after its line was crossed."""
        return self.fired_ms - self.crossing.at_ms > HOUR_MS


class AlertedSession(Struct, frozen=True):
    """A session that alerts lead to."""

    id: str
    title: str
    total_nano: int
    """What it and its subagents have cost in all."""


Level = Literal["notice", "warning", "cutoff"]
"""An alert's severity."""

LEVELS: tuple[Level, ...] = ("notice", "warning", "cutoff")


def severity(level: Level) -> int:
    """The level as a number; higher is more severe."""
    return LEVELS.index(level)


def at_least(level: Level, least: Level | Literal["off"]) -> bool:
    """Whether a level is as severe as `least`; never for `off`."""
    return least != "off" and severity(level) >= severity(least)


Scope = Literal["all", "session", "project", "model", "provider", "agent"]

SCOPES: tuple[Scope, ...] = ("all", "session", "project", "model", "provider", "agent")

Period = Literal["day", "week", "month"]

ALERT_PERIODS: tuple[Period, ...] = ("day", "week", "month")

FiringPeriod = Literal["day", "week", "month", "ever", "incident", "rearmed"]
"""A rule fires once in this period for each subject and line; with `rearmed`, whenever its measure rises again."""
