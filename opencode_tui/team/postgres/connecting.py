"""Connects to a team's database, and says in one sentence what goes wrong there, without its password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg.types.array import ListBinaryDumper
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.team.postgres.errors import DatabaseError, DatabaseGone
from opencode_tui.team.postgres.tables import TEAM_BUDGETS, TEAM_GAPS

_WAIT = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""Seconds, so that a network that swallows everything is noticed."""
_OURS = {"application_name": "opencode-tui", "prepare_threshold": None}
"""Prepared statements would outlive the transaction, which a pool of connections between need not allow."""
_MOST_PASSWORD = 4096
NO_TABLE, _NO_COLUMN = "42P01", "42703"
"""PostgreSQL's codes of what a database lacks."""
_LATER_TABLES = (TEAM_BUDGETS.name, TEAM_GAPS.name)
"""Those that a database made by an older version lacks."""
_REFUSALS = ("does not exist", "no pg_hba.conf entry", "not permitted to log in", "permission denied")
"""Of a connection, of which no code is known."""
_MISSING = re.compile(r'\b(database|role) "(.*)" does not exist$')
_PLACES = "PGPASSWORD, in ~/.pgpass or in the file team.push.password_file"


@contextmanager
def connected(address: DatabaseAddress, password_file: Path | None) -> Iterator[Engine]:
    """An engine for the database, whose errors become DatabaseError and DatabaseGone.

    Without a password file, PostgreSQL's library looks in PGPASSWORD and in `.pgpass`.
    """
    secret = "" if password_file is None else password_in(password_file)
    options: dict[str, object] = {**_WAIT, **dict(address.options), **_OURS}
    if secret:
        options["password"] = secret
    url = URL.create(
        "postgresql+psycopg",
        username=address.user or None,
        host=address.host or None,
        port=address.port,
        database=address.database,
    )
    engine = create_engine(url, connect_args=options, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "connect", _send_lists_in_binary)
    try:
        yield engine
    except SQLAlchemyError as error:
        raise _sentence(error, address, secret) from None
    finally:
        engine.dispose()


def _send_lists_in_binary(connection: Any, _: object) -> None:
    """As text they would take the client three times as long."""
    connection.adapters.register_dumper(list, ListBinaryDumper)


def password_in(file: Path) -> str:
    """The first line of a file with a password. Raises DatabaseError."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_PASSWORD).decode().partition("\n")[0].rstrip("\r")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DatabaseError(
            f"the password in {file} cannot be read ({reason}); see to team.push.password_file"
        ) from None
    if not text:
        raise DatabaseError(f"the first line of {file} is empty; put the database's password there")
    return text


def code_of(error: BaseException) -> str:
    """PostgreSQL's code of an error; empty if it did not come from the server."""
    return (getattr(error.orig, "sqlstate", "") or "") if isinstance(error, DBAPIError) else ""


def _reason(error: SQLAlchemyError, secret: str) -> str:
    """The first line of what the server or its library said."""
    said = str(getattr(error, "orig", None) or type(error).__name__).strip().partition("\n")[0]
    return said.replace(secret, "…") if secret else said


def _sentence(error: SQLAlchemyError, address: DatabaseAddress, secret: str) -> DatabaseError:
    code, reason = code_of(error), _reason(error, secret)
    if code in (NO_TABLE, _NO_COLUMN):
        is_old = code == _NO_COLUMN or any(f'"{name}"' in reason for name in _LATER_TABLES)
        lacking = "has the tables of another version" if is_old else "has no tables for a team"
        return DatabaseError(
            f"the database {address.name} {lacking}; its owner makes them with `opencode-tui team schema | psql"
            f" {address.database}`"
        )
    if not code and (missing := _MISSING.search(reason)):
        return DatabaseError(_not_there(missing[1], missing[2], address))
    if code == "42501" or any(each in reason for each in _REFUSALS):
        return DatabaseError(f"the database {address.name} does not allow this user that ({reason}); ask its owner")
    if "no password supplied" in reason:
        return DatabaseError(
            f"the database {address.name} asks for a password, and none was given; give it in {_PLACES}"
        )
    if code == "28P01" or "password" in reason:
        return DatabaseError(f"the database {address.name} refuses the password; give the right one in {_PLACES}")
    return DatabaseGone(f"the database {address.name} did not answer ({reason})")


def _not_there(kind: str, name: str, address: DatabaseAddress) -> str:
    """What to say of a database or a role that the server does not have."""
    place = f" on {address.place}" if address.place else ""
    if kind == "role":
        return (
            f"there is no role {name}{place}, so {address.name} cannot be used; correct the user in the address, or ask"
            f" the database's owner to make the role with `opencode-tui team schema --seat {name}`"
        )
    return (
        f"there is no database {name}{place}, so {address.name} cannot be used; correct the name in the address, or"
        " ask for the database to be made"
    )
