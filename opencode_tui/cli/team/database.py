"""A team's database on the command line: its address, its libraries, and what goes wrong there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opencode_tui.cli import EXIT_USAGE, Trouble
from opencode_tui.config.database_values import DatabaseAddress, database_address
from opencode_tui.config.settings import Settings
from opencode_tui.team.postgres.errors import DatabaseError, DatabaseGone, missing_library

EXIT_LATER = 1
"""The database did not answer; the next push sends what waits."""


def asked_database(text: str | None, settings: Settings) -> DatabaseAddress:
    """The address of the command line, or that of the settings. Raises Trouble."""
    if not text and not settings.team.push.to:
        raise Trouble("no database is named; write its address into team.push.to, or after --to", EXIT_USAGE)
    try:
        return database_address(text or settings.team.push.to)
    except ValueError as error:
        raise Trouble(str(error), EXIT_USAGE) from None


@contextmanager
def database_troubles() -> Iterator[None]:
    """Turns what goes wrong with the database in the block into Trouble; its libraries are imported there."""
    try:
        yield
    except ImportError as error:
        raise Trouble(str(missing_library(error))) from None
    except DatabaseGone as error:
        raise Trouble(str(error), EXIT_LATER) from None
    except DatabaseError as error:
        raise Trouble(str(error)) from None
