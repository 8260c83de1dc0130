"""The settings of a team: its seats, its budget, and what this machine shares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field

from opencode_tui.records.team_choices import SeatShare


class TeamSeat(Struct, frozen=True):
    """Where a seat's ledger is, or a folder with the ledgers of some seats."""

    path: Path
    share: SeatShare = "sums"
    """What may be shown of a ledger that was given whole; an exported one says it itself."""


class TeamPush(Struct, frozen=True):
    """The database that this machine's calls are pushed to. Only `team push` and `watch --push` push."""

    to: str = ""
    """Its address, such as `postgresql://anna@db.example/costs`, without a password; empty for none."""
    password_file: Path | None = None
    """The file with the password; None leaves it to PGPASSWORD and `.pgpass`."""


class Team(Struct, frozen=True):
    """What the seats of a team share, their budget, and where they are. There is a team if there are seats."""

    budgets_file: Path | None = None
    """A file with the team's budgets, in a folder that is synced; None where there is none."""
    share: SeatShare = "sums"
    """What `team export` and `team push` give of this machine's ledger to others."""
    week_budget_nano: int | None = None
    """What the whole team should cost in an ISO week; None is no budget."""
    warning_nano: int | None = None
    """Of a seat's day; None takes the day's warning of `budget`."""
    cutoff_nano: int | None = None
    """Of a seat's day; None takes the day's cutoff of `budget`."""
    push: TeamPush = TeamPush()
    seats: Mapping[str, TeamSeat] = field(default_factory=dict)
    """By name."""
