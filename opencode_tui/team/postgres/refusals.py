"""Says in one sentence what a server or PostgreSQL's library did not do, and what to change.

Most errors have PostgreSQL's code. Those of a connection that was refused have none, as the library keeps it to itself,
and the server's words are in the server's language: there it counts whether a password was asked for, and which name
the words have in quotes.
"""

from __future__ import annotations

import re

from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.team.postgres.errors import DatabaseError, DatabaseGone

_NO_TABLE, _NO_COLUMN, _NO_FUNCTION, _NO_DATABASE = "42P01", "42703", "42883", "3D000"
_NOT_ALLOWED, _WRONG_PASSWORD = "42501", "28P01"
_LATER_TABLES = ("team_budget", "team_first", "team_gap", "team_session")
"""Those that a database made by an older version lacks."""
_REFUSALS = ("does not exist", "no pg_hba.conf entry", "not permitted to log in", "permission denied")
_LATER = ("too many connections", "the database system is", "remaining connection slots")
"""Of a server that has to be asked again, though it says whose connections are too many."""
_MISSING = re.compile(r'\b(database|role) "(.*)" does not exist$')
_QUOTE = "(?:[\"'«»„“”‘’‚‹›「」『』`]|<<|>>)"
"""The last two are of a server that may write ASCII only."""
_PLACES = "PGPASSWORD, in ~/.pgpass or in the file team.push.password_file"


def code_of(error: BaseException | None) -> str:
    """PostgreSQL's code of an error of psycopg's; empty if it did not come from the server, or not with a code."""
    return getattr(error, "sqlstate", "") or ""


def refusal(error: BaseException, address: DatabaseAddress, secret: str) -> DatabaseError:
    """The sentence about an error of psycopg's, without the password."""
    code, reason = code_of(error), _reason(error, secret)
    if code in (_NO_TABLE, _NO_COLUMN, _NO_FUNCTION):
        is_old = code != _NO_TABLE or any(name in reason for name in _LATER_TABLES)
        lacking = "has the tables of another version" if is_old else "has no tables for a team"
        return DatabaseError(
            f"the database {address.name} {lacking}; its owner makes them with `opencode-tui team schema | psql"
            f" {address.database}`"
        )
    if code == _NO_DATABASE:
        return DatabaseError(_not_there("database", address.database, address))
    if code == _NOT_ALLOWED:
        return _not_allowed(address, reason)
    if code == _WRONG_PASSWORD:
        return _wrong_password(address)
    if not code and (found := _not_connected(error, address, reason)):
        return found
    return DatabaseGone(f"the database {address.name} did not answer ({reason})")


def _not_connected(error: BaseException, address: DatabaseAddress, reason: str) -> DatabaseError | None:
    """About a connection that was refused; None if it may be had later."""
    tried = getattr(error, "pgconn", None)
    if tried is None or any(each in reason for each in _LATER):
        return None
    if tried.needs_password:
        return DatabaseError(
            f"the database {address.name} asks for a password, and none was given; give it in {_PLACES}"
        )
    if missing := _MISSING.search(reason):
        return DatabaseError(_not_there(missing[1], missing[2], address))
    if any(each in reason for each in _REFUSALS):
        return _not_allowed(address, reason)
    names_user, names_database = (is_quoted(name, reason) for name in (address.user, address.database))
    if (tried.used_password and names_user and not names_database) or "password authentication failed" in reason:
        return _wrong_password(address)
    if names_user or names_database:
        return DatabaseError(
            f"the server refuses {address.name} ({reason}); correct the user and the database in the address, or ask"
            " the database's owner"
        )
    return None


def is_quoted(name: str, reason: str) -> bool:
    """Whether a server's words, in any language, have a name in quotes."""
    return bool(name) and re.search(rf"{_QUOTE}\s?{re.escape(name)}\s?{_QUOTE}", reason) is not None


def _not_allowed(address: DatabaseAddress, reason: str) -> DatabaseError:
    return DatabaseError(f"the database {address.name} does not allow this user that ({reason}); ask its owner")


def _wrong_password(address: DatabaseAddress) -> DatabaseError:
    return DatabaseError(f"the database {address.name} refuses the password; give the right one in {_PLACES}")


def _reason(error: BaseException, secret: str) -> str:
    """The first line of what the server or its library said."""
    said = (str(error) or type(error).__name__).strip().partition("\n")[0]
    return said.replace(secret, "…") if secret else said


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
