"""Connects to a team's database, and says in one sentence what goes wrong there, without its password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from psycopg import Connection, Error
from psycopg.types.array import ListBinaryDumper

from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.team.postgres.errors import DatabaseError
from opencode_tui.team.postgres.refusals import refusal

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
NO_TABLE = "42P01"
"""PostgreSQL's code of a table that is not there."""


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
        return refusal(error, self.address, self._secret)


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
