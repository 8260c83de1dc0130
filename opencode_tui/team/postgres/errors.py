"""What can go wrong with a team's database. Imports no library, so that nothing has to be there to say so."""

from __future__ import annotations


class DatabaseError(Exception):
    """The database cannot be used until somebody changes something. The message is one sentence."""


class DatabaseGone(DatabaseError):
    """The database did not answer, or stopped while it was asked: to be tried again. The message says why."""


def missing_library(error: ImportError) -> DatabaseError:
    """What to say for an import that failed."""
    found = "" if isinstance(error, ModuleNotFoundError) else f" ({error})"
    return DatabaseError(
        f"a team's database needs SQLAlchemy and psycopg{found}; install them with:"
        " pip install 'opencode-tui[postgres]'"
    )
