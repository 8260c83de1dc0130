"""The address of a team's database, which never holds its password."""

from __future__ import annotations

from msgspec import Struct

_SCHEMES = ("postgresql", "postgres")
_EXAMPLE = "postgresql://anna@db.example/costs"
_MOST_NAME = 63
_SECRETS = {"password", "sslpassword", "passfile"}


class DatabaseAddress(Struct, frozen=True):
    """Where a database is, without a secret."""

    user: str
    host: str
    port: int | None
    database: str
    options: tuple[tuple[str, str], ...] = ()
    """Further settings of the connection, such as `sslmode`."""

    @property
    def name(self) -> str:
        """The address as it is shown, and as the ledger knows the database."""
        port = f":{self.port}" if self.port else ""
        return f"postgresql://{self.user}{'@' if self.user else ''}{self.place}{port}/{self.database}"

    @property
    def place(self) -> str:
        """The server's host; empty for that of this machine."""
        return self.host or dict(self.options).get("host", "")


def database_address(text: str) -> DatabaseAddress:
    """The address in a URL. Raises ValueError with what is wrong, without repeating what may be a secret."""
    from urllib.parse import parse_qsl, unquote, urlsplit

    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ValueError(f"this is no address of a database; write one such as {_EXAMPLE}") from None
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"this is no address of a database; write one such as {_EXAMPLE}")
    options = parse_qsl(parts.query, keep_blank_values=True)
    if parts.password is not None or _SECRETS & {name for name, _ in options}:
        raise ValueError(
            "this address holds a password, which others could see; leave it out, and give it in PGPASSWORD,"
            " in ~/.pgpass or in the file team.push.password_file"
        )
    database = unquote(parts.path.removeprefix("/"))
    if not database or {"/", "@"} & set(database):
        raise ValueError(f"this address names no database; write one such as {_EXAMPLE}")
    host = unquote(parts.hostname or "")
    return DatabaseAddress(unquote(parts.username or ""), host, port, database, tuple(options))


def database_setting(value: object) -> str:
    """The address of a database, or an empty text for none."""
    if not isinstance(value, str):
        raise ValueError(f"this is no address of a database; write one such as {_EXAMPLE}")
    if value:
        database_address(value)
    return value


def role_name(value: str) -> str:
    """The name of a role of the database, which is that of its seat."""
    if not value.isprintable() or not 0 < len(value.encode()) <= _MOST_NAME or "$" in value:
        raise ValueError(f"{value[:40]!r} is no name of a role; write up to {_MOST_NAME} bytes without a $")
    return value
