"""Budgets with an owner: what is spent of each, and what is left."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from opencode_tui.clock import Span
from opencode_tui.records.alerts import Period

BudgetStatus = Literal["calm", "warning", "cutoff"]


class BudgetState(Struct, frozen=True):
    """One budget in its current period; amounts are nano-dollars, and a line that is None is off."""

    name: str
    """Begins with `team:`, `database:` or `seat:` if it is the team's, by where it came from."""
    owner: str
    scope: str
    only: str
    period: Period
    span: Span
    spent_nano: int
    warning_nano: int | None
    cutoff_nano: int | None
    stricter: tuple[tuple[str, int], ...] = ()
    """The earlier lines of calls that nobody watches, by `ci`, `automation` and `background`."""
    sessions: tuple[str, ...] = ()
    """Those that spent something of it."""
    of_team: bool = False
    lower_bound: bool = False

    @property
    def left_nano(self) -> int | None:
        """What is left to the cutoff, or below it to the warning; negative if it is overspent, None without a line."""
        line = self.cutoff_nano if self.cutoff_nano is not None else self.warning_nano
        return None if line is None else line - self.spent_nano

    @property
    def status(self) -> BudgetStatus:
        if self.cutoff_nano is not None and self.spent_nano >= self.cutoff_nano:
            return "cutoff"
        return "warning" if self.warning_nano is not None and self.spent_nano >= self.warning_nano else "calm"


class Budgets(Struct, frozen=True):
    budgets: tuple[BudgetState, ...]
    taken_ms: int
    trouble: str = ""
    """Why the team's budgets cannot be read, in one sentence."""
    database: str = ""
    """The team's database that some came from; empty for none."""
    fetched_ms: int | None = None
    """When it was last asked."""
    clashes: tuple[str, ...] = ()
    """What to say of names that more than one of the team's budgets has."""
