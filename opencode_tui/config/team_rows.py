"""The team's budgets that a database has for this seat, as a push last found them: a file beside the ledger.

Nothing here asks the database. What was known last holds until the next push, however long that takes.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import msgspec
from msgspec import Struct

from opencode_tui import paths
from opencode_tui.config.database_values import database_address
from opencode_tui.config.held import NamedBudget
from opencode_tui.config.settings import Settings

OF_DATABASE, OF_SEAT = "database:", "seat:"
"""Begin the names of those for every seat, and of those for this one."""
_MOST_BYTES = 4_000_000


class TeamRow(Struct, frozen=True):
    """A budget of the database."""

    name: str
    seat: str
    """The seat that it is for; empty for every seat."""
    budget: NamedBudget

    @property
    def full_name(self) -> str:
        """By which it is known here: no file's budget and none of one's own has such a name."""
        return f"{OF_SEAT if self.seat else OF_DATABASE}{self.name}"


class TeamRows(Struct, frozen=True):
    """What a push found."""

    database: str = ""
    """The address, without a password."""
    fetched_ms: int | None = None
    """When it was asked, in Unix milliseconds; None if it never was."""
    rows: tuple[TeamRow, ...] = ()
    trouble: str = ""
    """What is wrong with a row or with the file, in one sentence."""
    unreadable: bool = False
    """Whether the file cannot be read, so that the guard keeps what it had of it."""


def rows_file(settings: Settings) -> Path:
    """Where they are kept. Raises NoHomeError."""
    return (settings.ledger or paths.ledger_file()).absolute().with_name("team-budgets.json")


def known_rows(settings: Settings) -> TeamRows:
    """Those of the database that `team.push.to` names; none if it names none, or another one than was asked."""
    if not settings.team.push.to:
        return TeamRows()
    try:
        file = rows_file(settings)
    except paths.NoHomeError:
        return TeamRows()
    if (key := paths.stat_key(file)) is None:
        return TeamRows()
    found = _read(file, key)
    return found if found.unreadable or found.database == _name(settings.team.push.to) else TeamRows()


def known_rows_text(rows: TeamRows) -> str:
    """The text of the file."""
    return msgspec.json.format(msgspec.json.encode(rows), indent=1).decode()


@lru_cache(maxsize=64)
def _name(address: str) -> str:
    return database_address(address).name


@lru_cache(maxsize=4)
def _read(file: Path, key: tuple[int, ...]) -> TeamRows:
    try:
        with file.open("rb") as opened:
            return msgspec.json.decode(opened.read(_MOST_BYTES), type=TeamRows)
    except (OSError, msgspec.MsgspecError, ValueError):
        trouble = f"{paths.tilde(file)} cannot be read; the next `opencode-tui team push` writes it again"
        return TeamRows(trouble=trouble, unreadable=True)
