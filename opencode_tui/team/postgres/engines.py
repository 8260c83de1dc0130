"""SQLAlchemy's way into a team's database, for what writes there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.team.postgres.connecting import Database
from opencode_tui.team.postgres.refusals import code_of


@contextmanager
def connected(address: DatabaseAddress, password_file: Path | None) -> Iterator[Engine]:
    """An engine for the database, whose errors become DatabaseError and DatabaseGone."""
    database = Database(address, password_file)
    engine = create_engine("postgresql+psycopg://", creator=database.connect, poolclass=NullPool, hide_parameters=True)
    try:
        yield engine
    except SQLAlchemyError as error:
        raise database.trouble(getattr(error, "orig", None) or error) from None
    finally:
        engine.dispose()


def code_behind(error: BaseException) -> str:
    """PostgreSQL's code of an error of SQLAlchemy's; empty if it did not come from the server."""
    return code_of(error.orig) if isinstance(error, DBAPIError) else ""
