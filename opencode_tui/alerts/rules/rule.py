"""The base of all alert rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from typing import Any

from msgspec import Struct

from opencode_tui.alerts.rules.measurements import Measurements
from opencode_tui.analysis.causes import cause_of
from opencode_tui.analysis.thresholds import last_rise
from opencode_tui.clock import Calendar, Span
from opencode_tui.config.options import Option
from opencode_tui.config.settings import Fills, Lines, Settings
from opencode_tui.money import format_usd, plural
from opencode_tui.records.alerts import EVER_PERIOD, REARMED, Cause, Crossing, FiringPeriod, Level
from opencode_tui.records.evidence import Evidence
from opencode_tui.records.facts import CallScope

Levels = tuple[tuple[Level, int], ...]
"""The levels that are set with their lines, lowest first."""


class Unit(Struct, frozen=True):
    """The unit of a rule's values and lines."""

    text: Callable[[int], str]
    in_usd: bool = False


USD = Unit(format_usd, in_usd=True)
PERCENT = Unit("{}%".format)


def counted(noun: str) -> Unit:
    return Unit(lambda value: plural(value, noun))


class Subject(Struct, frozen=True):
    """What a crossing is about; an empty key means everything."""

    key: str = ""
    session_id: str | None = None
    words: str = ""


EVERYTHING = Subject()


ANY_TIME = Span(0, 1 << 62)
"""Unlike EVER it leaves room for the hour before a call, even in a ledger with absurd times."""


class Rule(ABC):
    """One rule. It stores no settings: they are passed to each method."""

    name: str
    """Its name in the settings and in the alert log."""
    kind: str
    """Its family, stored with each alert."""
    title: str
    """What it measures, as text."""
    unit: Unit
    period: FiringPeriod
    option: Option[Any] | None
    """Its setting below [alerts]; None for a rule without one of its own."""
    rank: int = 80
    """Rules are evaluated by ascending rank, which also orders alerts that fire at the same moment."""
    is_sum: bool = False
    """It measures a sum of costs, which crosses at the call at which the sum reaches the line."""
    has_line: bool = True
    """It has a line worth showing."""
    is_days_budget: bool = False
    """Its lines are the day's budget."""

    def owns(self, name: str) -> bool:
        """Whether alerts of this name belong to this rule."""
        return name == self.name

    def title_of(self, name: str) -> str:
        """The title for a name that it owns."""
        return self.title

    @abstractmethod
    def in_force(self, settings: Settings) -> Iterable[str]:
        """One text for each enabled part of the rule; none if it is off."""

    @abstractmethod
    def crossings(self, measured: Measurements) -> Iterable[Crossing]:
        """Every level whose line is reached now, each subject's lowest first. A rule that is off must not query."""

    @abstractmethod
    def calls(self, crossing: Crossing, measured: Measurements) -> CallScope | None:
        """The calls that a crossing is about; None if it is not about calls."""

    @abstractmethod
    def headline(self, crossing: Crossing, settings: Settings) -> str:
        """What was crossed, as text."""

    def cause(self, crossing: Crossing, evidence: Evidence, calendar: Calendar) -> Cause:
        """Why it was crossed; overridden by rules that know their cause."""
        return cause_of(crossing, evidence, calendar)

    def crossing(
        self,
        measured: Measurements,
        level: Level,
        value: int,
        line: int,
        subject: Subject = EVERYTHING,
        at_ms: int | None = None,
    ) -> Crossing:
        """Make a crossing, at `at_ms` or now."""
        at_ms = measured.now_ms if at_ms is None else at_ms
        period = period_key(self.period, measured.now_ms, measured.calendar)
        return Crossing(
            self.name, self.kind, level, subject.key, period, value, line, at_ms, subject.session_id, subject.words
        )

    def reached(
        self, measured: Measurements, levels: Levels, value: int, subject: Subject = EVERYTHING
    ) -> Iterator[Crossing]:
        """Yields a crossing for each level whose line the value has reached."""
        for level, line in levels:
            if value >= line:
                yield self.crossing(measured, level, value, line, subject)

    def rearmed(
        self,
        measured: Measurements,
        levels: Levels,
        value: int,
        course: Iterable[tuple[int, int]],
        subject: Subject = EVERYTHING,
    ) -> Iterator[Crossing]:
        """Like `reached` for a rule that is re-armed when its measure falls, with the time of the last rise."""
        moments = tuple(course)
        for level, line in levels:
            at_ms = last_rise(moments, line)
            if value >= line and at_ms is not None:
                yield self.crossing(measured, level, value, line, subject, at_ms)


def period_key(period: FiringPeriod, at_ms: int, calendar: Calendar) -> str:
    """The name of the period in which a rule fires once: `2026-05-13`, `2026-W20`, `2026-05`.

    An incident's is its moment in UTC; that of a rule that is re-armed is REARMED.
    """
    day = calendar.day(at_ms)
    match period:
        case "day":
            return day.isoformat()
        case "week":
            year, week, _ = day.isocalendar()
            return f"{year}-W{week:02d}"
        case "month":
            return f"{day:%Y-%m}"
        case "ever":
            return EVER_PERIOD
        case "incident":
            return Calendar(UTC).iso(at_ms)
        case "rearmed":
            return REARMED


def least(lines: Lines | Fills) -> int:
    """The lowest line that is set, or 0."""
    return min((line for _, line in lines.levels), default=0)


def titled(rule: Rule, lines: Lines | Fills) -> Iterator[str]:
    """Such as `the day's spend: warning at $0.80, cutoff at $1.50`; nothing if no line is set."""
    if text := lines_text(lines, rule.unit):
        yield f"{rule.title}: {text}"


def lines_text(lines: Lines | Fills, unit: Unit) -> str:
    """Such as `warning at $0.80, cutoff at $1.50`; empty if no line is set."""
    return ", ".join(f"{level} at {unit.text(line)}" for level, line in lines.levels)


def past_the_line(crossing: Crossing) -> str:
    """Such as `is past the warning $0.80`, which an amount at the line is as well."""
    return f"is past the {crossing.level} {format_usd(crossing.line)}"
