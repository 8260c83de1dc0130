"""The settings of what the guard holds beside the day's cutoff: rates, and budgets with an owner.

Amounts are nano-dollars.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from opencode_tui.records.alerts import LEVELS, Level, Period

HeldScope = Literal["seat", "project", "agent", "provider", "tag", "environment"]
HELD_SCOPES: tuple[HeldScope, ...] = ("seat", "project", "agent", "provider", "tag", "environment")
RateScope = Literal["seat", "project", "agent", "environment"]
RATE_SCOPES: tuple[RateScope, ...] = ("seat", "project", "agent", "environment")


class RateLimit(Struct, frozen=True):
    """How fast calls may follow each other and cost money; 0 turns a limit off."""

    calls_a_minute: int = 0
    hour_nano: int = 0
    """The most that may be spent in 60 minutes."""
    scope: RateScope = "seat"
    """Whose calls are counted together: all of this ledger, or those of each project, agent or environment."""
    only: str = ""
    """The one project (a path), agent or environment that it is for; empty for each by itself."""


class NamedBudget(Struct, frozen=True):
    """What somebody answers for: the spend of a period in one scope, with its lines. None turns a line off."""

    scope: HeldScope = "seat"
    only: str = ""
    """The project (a path), agent, provider, tag or environment; empty for a seat."""
    period: Period = "day"
    owner: str = ""
    """Who answers for it."""
    warning_nano: int | None = None
    cutoff_nano: int | None = None
    """The guard refuses calls from here on, as from the three below."""
    ci_nano: int | None = None
    """For calls in the environment `ci`."""
    automation_nano: int | None = None
    """For calls of `opencode run`."""
    background_nano: int | None = None
    """For calls of subagents in the background."""
    of_team: bool = False
    """It came in the team's file, or from the team's database."""
    of_database: bool = False
    """It came from the database."""

    @property
    def levels(self) -> tuple[tuple[Level, int], ...]:
        """The alerts' levels with their lines, the lowest first."""
        lines = (None, self.warning_nano, self.cutoff_nano)
        return tuple((level, line) for level, line in zip(LEVELS, lines, strict=True) if line is not None)
