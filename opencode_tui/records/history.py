"""The history: what each day cost, the hours of the week, and how the running week and month stand."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from opencode_tui.records.requests import HistoryRequest, HoursRequest

PeriodUnit = Literal["day", "week", "month"]
"""What a bar stands for."""


class PeriodUse(Struct, frozen=True):
    """What was used from one day to another, both included."""

    first: date
    last: date
    spend_nano: int = 0
    tokens: int = 0
    """All kinds together."""
    calls: int = 0
    """Paid ones; copies are left out."""
    lower_bound: bool = False


class PeriodBefore(Struct, frozen=True):
    """The week or month before the running one."""

    first: date
    last: date
    point_ms: int
    """The moment in it that corresponds to now, in Unix milliseconds."""
    spend_nano: int
    """Up to that moment."""
    whole_nano: int
    """Of all its days."""
    kept_from: date
    """Its first day, or a later one if the ledger begins within it."""
    lower_bound: bool = False


class RunningPeriod(Struct, frozen=True):
    """The running week or month."""

    unit: PeriodUnit
    first: date
    last: date
    spend_nano: int
    target_nano: int | None
    """None for a month, which has no target."""
    pace_nano: int | None
    """Nano-dollars a day so far; None before a day has passed."""
    projected_nano: int | None
    """Its spend if it goes on at that pace; None before a day has passed."""
    before: PeriodBefore | None
    """None if the ledger has nothing of it."""
    lower_bound: bool = False


class HistoryView(Struct, frozen=True):
    request: HistoryRequest
    taken_ms: int
    today: date
    days: tuple[PeriodUse, ...]
    """The days with calls, and those of which something could not be read, in order."""
    running: tuple[RunningPeriod, ...]
    """The week and the month."""
    warning_nano: int
    """The budget's warning for a day."""
    cutoff_nano: int
    """The budget's cutoff for a day."""
    target_nano: int
    """The target of a week."""
    lower_bound: bool = False
    """Something could not be read, or is not read yet."""

    @property
    def since(self) -> date | None:
        """The first day with a call; None for an empty ledger."""
        return next((day.first for day in self.days if day.calls), None)

    @property
    def first(self) -> date:
        """The first day that can be shown."""
        return min(self.days[0].first, self.today) if self.days else self.today

    @property
    def last(self) -> date:
        """The last day that can be shown: today, or a later one if the clock was ahead."""
        return max(self.days[-1].first, self.today) if self.days else self.today


class HourUse(Struct, frozen=True):
    """What was used in one hour of the week."""

    spend_nano: int = 0
    tokens: int = 0
    calls: int = 0


class WeekHours(Struct, frozen=True):
    """A year by the hours of the week."""

    request: HoursRequest
    taken_ms: int
    hours: tuple[HourUse, ...]
    """168 of them, from Monday 00:00 on, by the wall clock."""
    lower_bound: bool = False
