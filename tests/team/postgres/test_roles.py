"""Who may do what in a team's database, by the SQL that `team schema` prints."""

from __future__ import annotations

from datetime import date, timedelta

import psycopg
import pytest

from opencode_tui.ledger.ledger import Ledger
from opencode_tui.team.postgres.schema_sql import SchemaRequest, mondays_from, pruning_sql, schema_sql
from tests.support.many_calls import COST_NANO, add_calls, cut_off
from tests.support.postgres import OWNER, Server
from tests.team.postgres.conftest import FIRST, TeamDatabase

TABLES = ("team_call", "team_day", "team_part", "team_push", "team_gap", "team_first", "team_session")
FAKE = "INSERT INTO team_push (seat, revision, machine, sent_ms, calls, last_ms) VALUES ('{}', 99, '', 0, 0, 0)"


@pytest.fixture
def filled(database: TeamDatabase, ledger: Ledger) -> TeamDatabase:
    """Two seats, each with ten calls."""
    add_calls(ledger, FIRST, days=1, a_day=10)
    cut_off(ledger, "msg_0000_00001")
    for seat in ("anna", "ben"):
        database.push(ledger, seat, share="sessions")
    return database


def seats_in(table: str, database: TeamDatabase, user: str = OWNER) -> list[str]:
    return [seat for (seat,) in database.rows(f"SELECT DISTINCT seat FROM {table} ORDER BY 1", user)]


def is_refused(sql: str, user: str, database: TeamDatabase) -> bool:
    try:
        database.rows(sql, user)
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


def test_a_seat_reads_its_own_rows_only(filled: TeamDatabase) -> None:
    found = {table: (seats_in(table, filled), seats_in(table, filled, "anna")) for table in TABLES}
    assert found == {table: (["anna", "ben"], ["anna"]) for table in TABLES}


def test_a_seat_changes_and_deletes_nothing(filled: TeamDatabase) -> None:
    changes = ("UPDATE {} SET seat = 'anna'", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}")
    statements = [change.format(table) for change in changes for table in TABLES]
    assert [sql for sql in statements if not is_refused(sql, "anna", filled)] == []


def test_a_seat_adds_no_rows_to_another_one(filled: TeamDatabase) -> None:
    filled.rows(FAKE.format("anna"), "anna")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        filled.rows(FAKE.format("ben"), "anna")


def test_the_way_around_through_a_partition_is_closed(filled: TeamDatabase) -> None:
    for table in ("team_call_2026w20", "team_day_rest"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.rows(f"SELECT * FROM {table}", "anna")


def test_a_reader_reads_the_sums_of_all_and_no_call(filled: TeamDatabase) -> None:
    for table in TABLES[1:]:
        assert seats_in(table, filled, "boss") == ["anna", "ben"]
    for sql in ("SELECT * FROM team_call", FAKE.format("boss"), "DELETE FROM team_day"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            filled.rows(sql, "boss")


def test_the_schema_can_be_run_again_with_more_weeks_which_take_over_their_rows(
    database: TeamDatabase, ledger: Ledger
) -> None:
    total = add_calls(ledger, FIRST, days=28, a_day=3)
    database.push(ledger)
    counts = "SELECT count(*) FROM team_call_rest", "SELECT count(*) FROM team_day_rest"
    assert [database.rows(sql) for sql in counts] == [[(42,)], [(14,)]]
    database.rows(schema_sql(SchemaRequest("postgresql", mondays_from(FIRST, 4))))
    assert [database.rows(sql) for sql in counts] == [[(0,)], [(0,)]]
    assert database.rows("SELECT count(*) FROM team_call_2026w23") == [(21,)]
    assert database.totals == {"anna": (total, 84)}
    add_calls(ledger, FIRST + timedelta(27), days=1, a_day=1, prefix="more")
    database.push(ledger)
    assert database.totals == {"anna": (total + COST_NANO, 85)}


def test_what_newer_sums_replaced_can_be_deleted(database: TeamDatabase, ledger: Ledger) -> None:
    for number in range(4):
        add_calls(ledger, FIRST, days=2, a_day=3, prefix=f"batch{number}")
        database.push(ledger)
        database.push(ledger, "ben")
    before = database.totals
    assert database.rows("SELECT count(*) FROM team_day") == [(16,)]
    database.rows(pruning_sql())
    assert [database.rows(f"SELECT count(*) FROM {table}") for table in TABLES[:4]] == [
        [(48,)],
        [(4,)],
        [(12,)],
        [(4,)],
    ]
    assert database.totals == before
    assert sum(int(row[0]) for row in database.rows("SELECT spend_nano FROM team_part")) == 48 * COST_NANO
    add_calls(ledger, FIRST, days=1, a_day=1, prefix="later")
    database.push(ledger)
    assert database.totals["anna"] == (25 * COST_NANO, 25)


def test_without_declared_partitions_a_push_works_as_well(server: Server, template: str, ledger: Ledger) -> None:
    """As on CockroachDB, but for its CREATE ROLE; the roles are there from the template."""
    database = TeamDatabase(server, server.new_database())
    sql = schema_sql(SchemaRequest("cockroachdb", (), ("anna",), ("boss",)))
    database.rows("\n".join(line for line in sql.splitlines() if not line.startswith("CREATE ROLE IF NOT EXISTS")))
    assert "PARTITION BY RANGE" not in sql and "DO $" not in sql
    total = add_calls(ledger, FIRST, days=2, a_day=3)
    database.push(ledger)
    assert database.totals == {"anna": (total, 6)}


@pytest.mark.parametrize("server_name", ["postgresql", "citus", "yugabytedb", "cockroachdb"])
def test_every_key_has_the_seat_and_nothing_is_used_that_a_server_lacks(server_name: str) -> None:
    sql = schema_sql(SchemaRequest(server_name, mondays_from(FIRST, 2))).upper()
    keys = [line for line in sql.splitlines() if "PRIMARY KEY" in line]
    assert len(keys) == 8
    assert all("(SEAT, " in key for key in keys)
    for lacking in ("SERIAL", "SEQUENCE", "IDENTITY", "TRIGGER", "REFERENCES", "UNLOGGED", "TEMP"):
        assert lacking not in sql
    assert (sql.count("CREATE_DISTRIBUTED_TABLE") == 8) == (server_name == "citus")


@pytest.mark.parametrize("days", [date(2026, 5, 11), date(2026, 5, 17)])
def test_weeks_begin_on_mondays(days: date) -> None:
    assert mondays_from(days, 2) == (date(2026, 5, 11), date(2026, 5, 18))


def test_a_name_in_quotes_stays_one_name(server: Server, database: TeamDatabase) -> None:
    odd = 'o"ben; DROP TABLE team_day'
    database.rows(schema_sql(SchemaRequest("postgresql", (), (odd,))))
    assert database.rows("SELECT count(*) FROM pg_roles WHERE rolname = 'o\"ben; DROP TABLE team_day'") == [(1,)]
    assert database.rows("SELECT count(*) FROM team_day") == [(0,)]


def test_the_schema_says_nothing_where_it_works(server: Server) -> None:
    said: list[str] = []
    with psycopg.connect(server.url(server.new_database()), autocommit=True) as connection:
        connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
        for _ in range(2):
            connection.execute("SET client_min_messages = notice")
            connection.execute(schema_sql(SchemaRequest("postgresql", mondays_from(FIRST, 2), ("anna",))).encode())
    assert said == []
