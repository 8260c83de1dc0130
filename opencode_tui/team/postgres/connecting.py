"""Connects to a team's database, and says in one sentence what goes wrong there, without its password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg import Connection, Error
from psycopg.types.array import ListBinaryDumper

from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.team.postgres.errors import DatabaseError, DatabaseGone

_WAIT: dict[str, object] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}
"""Seconds, so that a network that swallows everything is noticed."""
_OURS: dict[str, object] = {"application_name": "opencode-tui", "prepare_threshold": None}
"""Prepared statements would outlive the transaction, which a pool of connections between need not allow."""
_MOST_PASSWORD = 4096
NO_TABLE, _NO_COLUMN, _NO_FUNCTION = "42P01", "42703", "42883"
"""PostgreSQL's codes of what a database lacks."""
_LATER_TABLES = ("team_budget", "team_first", "team_gap", "team_session")
"""Those that a database made by an older version lacks."""
_REFUSALS = ("does not exist", "no pg_hba.conf entry", "not permitted to log in", "permission denied")
"""Of a connection, of which no code is known."""
_MISSING = re.compile(r'\b(database|role) "(.*)" does not exist$')
_PLACES = "PGPASSWORD, in ~/.pgpass or in the file team.push.password_file"


class Database:
    """A team's database, and who asks it."""

    def __init__(self, address: DatabaseAddress, password_file: Path | None) -> None:
        """Without a password file, PostgreSQL's library looks in PGPASSWORD and in `.pgpass`. Raises DatabaseError."""
        self.address = address
        self._secret = "" if password_file is None else password_in(password_file)

    def connect(self) -> Connection[Any]:
        """A new connection. Raises psycopg's errors."""
        address = self.address
        place = {"host": address.host, "user": address.user, "port": address.port, "password": self._secret}
        given = {name: value for name, value in place.items() if value}
        options: dict[str, Any] = {**_WAIT, **dict(address.options), **_OURS, **given, "dbname": address.database}
        connection: Connection[Any] = Connection.connect(**options)
        # As text they would take the client three times as long.
        connection.adapters.register_dumper(list, ListBinaryDumper)
        return connection

    @contextmanager
    def troubles(self) -> Iterator[None]:
        """Turns psycopg's errors in the block into DatabaseError and DatabaseGone."""
        try:
            yield
        except Error as error:
            raise self.trouble(error) from None

    def trouble(self, error: BaseException) -> DatabaseError:
        """What to say of an error of psycopg's."""
        return _sentence(error, self.address, self._secret)


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


def code_of(error: BaseException | None) -> str:
    """PostgreSQL's code of an error of psycopg's; empty if it did not come from the server."""
    return getattr(error, "sqlstate", "") or ""


def _reason(error: BaseException, secret: str) -> str:
    """The first line of what the server or its library said."""
    said = (str(error) or type(error).__name__).strip().partition("\n")[0]
    return said.replace(secret, "…") if secret else said


def _sentence(error: BaseException, address: DatabaseAddress, secret: str) -> DatabaseError:
    code, reason = code_of(error), _reason(error, secret)
    if code in (NO_TABLE, _NO_COLUMN, _NO_FUNCTION):
        is_old = code != NO_TABLE or any(f'"{name}"' in reason for name in _LATER_TABLES)
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
