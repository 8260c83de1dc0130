"""What is left of a budget or a plan, and who is paid."""

from __future__ import annotations

from opencode_tui.analysis.periods import OTHER_PERIODS, PERIODS
from opencode_tui.cli.options.parsers import Commands
from opencode_tui.cli.options.shared import add_wide


def add_budget(commands: Commands) -> None:
    commands.add(
        "budget", "print each budget with its owner, what is spent and what is left of it", example="budget --json"
    )


def add_quota(commands: Commands) -> None:
    commands.add(
        "quota", "print how much of each plan's quota is used, when it is full, and by which sessions", example="quota"
    )


def add_accounts(commands: Commands) -> None:
    accounts = commands.add(
        "accounts",
        "print who was paid for whose models, and how OpenCode is signed in there",
        example="accounts --period 30d",
    )
    help = f"which period (default: month): {', '.join(PERIODS)}, {OTHER_PERIODS}"
    accounts.add_argument("--period", default="month", metavar="P", help=help)
    add_wide(accounts)
