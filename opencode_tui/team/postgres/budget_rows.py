"""The budgets in a team's database: the seats read those that are for them, the tables' owner writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Text, cast, delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ProgrammingError

from opencode_tui.config.database_values import DatabaseAddress
from opencode_tui.config.errors import shown
from opencode_tui.config.team_budgets import checked_budget
from opencode_tui.config.team_rows import TeamRow, TeamRows
from opencode_tui.team.postgres.connecting import NO_TABLE
from opencode_tui.team.postgres.engines import code_behind, connected
from opencode_tui.team.postgres.tables import BUDGET_LINES, TEAM_BUDGETS

MOST_BUDGETS = 1_000
"""Of one database; there is a guard that looks at each before every call."""
_FIELDS = ("scope", "only", "period", "owner", *(f"{line}_nano" for line in BUDGET_LINES))
Row = Mapping[str, Any]


def budget_rows(address: DatabaseAddress, password_file: Path | None, *, own: bool = False) -> list[Row] | None:
    """The rows that this user may read, or of those its `own` as a seat and those of every seat.

    None if the database has no such table, as it was made by an older version. Raises DatabaseError.
    """
    c = TEAM_BUDGETS.c
    query = select(c.seat, c.name, *(c[name] for name in _FIELDS)).order_by(c.seat, c.name).limit(MOST_BUDGETS)
    if own:
        query = query.where(or_(c.seat == "", c.seat == cast(func.current_user(), Text)))
    with connected(address, password_file) as engine, engine.connect() as connection:
        try:
            return [dict(row) for row in connection.execute(query).mappings()]
        except ProgrammingError as error:
            if own and code_behind(error) == NO_TABLE:
                return None
            raise


def write_budget(address: DatabaseAddress, password_file: Path | None, row: Row) -> None:
    """Sets a budget of a seat, or of every seat, in place of the one of that name. Raises DatabaseError."""
    values = {"seat": row["seat"], "name": row["name"], **{name: row[name] for name in _FIELDS}}
    fresh = insert(TEAM_BUDGETS).values(values)
    rest = {**{name: fresh.excluded[name] for name in _FIELDS}, "changed_at": func.now()}
    with connected(address, password_file) as engine, engine.begin() as connection:
        connection.execute(fresh.on_conflict_do_update(index_elements=["seat", "name"], set_=rest))


def remove_budget(address: DatabaseAddress, password_file: Path | None, seat: str, name: str) -> bool:
    """Whether there was such a budget. Raises DatabaseError."""
    c = TEAM_BUDGETS.c
    with connected(address, password_file) as engine, engine.begin() as connection:
        return connection.execute(delete(TEAM_BUDGETS).where(c.seat == seat, c.name == name)).rowcount > 0


def checked_rows(rows: Iterable[Row], before: TeamRows, database: str, now_ms: int) -> TeamRows:
    """What of the rows can be held. Of a budget that is wrong now, what was known `before` stays, and it is said."""
    known = {(row.seat, row.name): row for row in before.rows if before.database == database}
    found, troubles = [], []
    for row in rows:
        seat, name = str(row["seat"]), str(row["name"])
        try:
            found.append(team_row(row))
        except ValueError as error:
            troubles.append(f"{database}: {error}")
            found += [known[seat, name]] if (seat, name) in known else []
    more = f" (and {len(troubles) - 1} more)" if troubles[1:] else ""
    return TeamRows(database, now_ms, tuple(found), "".join(troubles[:1]) + more)


def team_row(row: Row) -> TeamRow:
    """A row as a budget that can be held. Raises ValueError with what is wrong."""
    lines = {f"{line}_usd": Decimal(row[f"{line}_nano"]).scaleb(-9) for line in BUDGET_LINES if row[f"{line}_nano"]}
    words = {key: row[key] for key in ("scope", "only", "period", "owner")}
    if not words["owner"].isprintable():
        raise ValueError(f"budgets.{row['name']}.owner: {shown(words['owner'])} cannot be printed; write a name")
    budget = checked_budget(row["name"], {**words, **lines})
    return TeamRow(row["name"], row["seat"], replace(budget, of_database=True))
