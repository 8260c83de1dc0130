"""A ledger and copies of it that are pushed for several seats: each call counts once, also where the copies differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest

from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.team import TeamReport
from opencode_tui.team.postgres.schema_sql import SchemaRequest, mondays_from, pruning_sql, schema_sql
from tests.support.ledgers import lay_out
from tests.support.many_calls import COST_NANO, MODELS, add_calls
from tests.support.postgres import Server
from tests.team.postgres.conftest import FIRST, TeamDatabase
from tests.team.postgres.test_reporting import report

Copying = Callable[[], Ledger]
TUESDAY = FIRST + timedelta(1)


@pytest.fixture
def copied(ledger: Ledger, tmp_path: Path) -> Iterator[Copying]:
    """Makes a copy of the ledger as it is now."""
    copies: list[Ledger] = []

    def copy() -> Ledger:
        place = tmp_path / f"copy{len(copies)}.db"
        ledger.connection.execute("VACUUM INTO ?", (str(place),))
        copies.append(Ledger(place))
        return copies[-1]

    yield copy
    for each in copies:
        each.close()


def calls(found: TeamReport) -> dict[str, list[int]]:
    """By seat, the calls of its days; the sums have to agree with each other."""
    spent = sum(seat.spend_nano for seat in found.seats)
    for parts in (found.models, found.projects):
        assert sum(part.spend_nano for part in parts) == found.total_nano == spent
        assert sum(part.before_nano for part in parts) <= found.before_nano
    assert found.month is not None and found.month.spent_nano >= found.total_nano
    return {seat.name: [day.calls for day in seat.days] for seat in found.seats}


@pytest.mark.parametrize("is_older_first", [False, True])
def test_an_older_copy_counts_nothing_whichever_was_pushed_first(
    is_older_first: bool, database: TeamDatabase, ledger: Ledger, copied: Copying
) -> None:
    add_calls(ledger, FIRST - timedelta(7), days=8, a_day=6)
    older = copied()
    add_calls(ledger, FIRST, days=2, a_day=4, prefix="later")
    pushes = [(ledger, "anna"), (older, "ben")]
    for each, seat in reversed(pushes) if is_older_first else pushes:
        database.push(each, seat)
    found = report(database)
    assert calls(found) == {"anna": [10, 4], "ben": []}
    assert (found.total_nano, found.before_nano) == (14 * COST_NANO, 42 * COST_NANO)
    said = {seat.name: seat.trouble for seat in found.seats}
    assert said["anna"] == ""
    assert said["ben"].startswith("it has 6 calls in common with anna, counted there: one ledger, or a copy of it")


def test_copies_that_both_went_on_count_what_each_has_of_its_own(
    database: TeamDatabase, ledger: Ledger, copied: Copying
) -> None:
    """As of a machine that was set up from another one's image."""
    add_calls(ledger, FIRST, days=1, a_day=6)
    clone = copied()
    add_calls(ledger, FIRST, days=2, a_day=3, prefix="annas")
    add_calls(clone, FIRST, days=3, a_day=5, prefix="bens")
    database.push(ledger, "anna")
    database.push(clone, "ben")
    found = report(database)
    assert calls(found) == {"anna": [3, 3], "ben": [11, 5, 5]}
    assert found.total_nano == 27 * COST_NANO
    later = add_calls(ledger, FIRST + timedelta(5), days=1, a_day=1, prefix="later")
    database.push(ledger, "anna")
    assert calls(report(database)) == {"anna": [9, 3, 1], "ben": [5, 5, 5]}
    assert report(database).total_nano == 27 * COST_NANO + later


def test_three_copies_count_once(database: TeamDatabase, ledger: Ledger, copied: Copying) -> None:
    for number, seat in enumerate(("anna", "ben", "guest")):
        database.rows(schema_sql(SchemaRequest("postgresql", (), (seat,))))
        add_calls(ledger, FIRST + timedelta(number), days=1, a_day=4, prefix=seat)
        database.push(copied(), seat)
    assert calls(report(database)) == {"guest": [4, 4, 4], "anna": [], "ben": []}


def test_a_copy_with_what_the_other_has_not_completed_counts_it_as_it_was_completed(
    database: TeamDatabase, ledger: Ledger, copied: Copying
) -> None:
    add_calls(ledger, FIRST, days=1, a_day=4)
    older = copied()
    ledger.connection.execute("UPDATE call SET completed_ms = NULL, amount_nano = 0 WHERE id = 'msg_0000_00001'")
    add_calls(ledger, TUESDAY, days=1, a_day=1, prefix="later")
    database.push(ledger, "anna")
    database.push(older, "ben")
    found = report(database)
    assert calls(found) == {"anna": [3, 1], "ben": [1]}
    assert found.total_nano == 5 * COST_NANO


def test_a_call_that_the_furthest_copy_took_back_does_not_count(
    database: TeamDatabase, ledger: Ledger, copied: Copying
) -> None:
    add_calls(ledger, FIRST, days=1, a_day=4)
    older = copied()
    add_calls(ledger, TUESDAY, days=1, a_day=1, prefix="later")
    for each, seat in ((ledger, "anna"), (older, "ben")):
        database.push(each, seat)
    ledger.connection.execute("DELETE FROM call WHERE id = 'msg_0000_00001'")
    database.push(ledger, "anna")
    assert calls(report(database)) == {"anna": [3, 1], "ben": []}


def test_a_call_that_an_older_copy_took_back_takes_nothing_from_what_it_has_of_its_own(
    database: TeamDatabase, ledger: Ledger, copied: Copying
) -> None:
    add_calls(ledger, FIRST, days=1, a_day=4)
    older = copied()
    add_calls(older, FIRST, days=1, a_day=2, prefix="own")
    add_calls(ledger, TUESDAY, days=1, a_day=1, prefix="later")
    for each, seat in ((ledger, "anna"), (older, "ben")):
        database.push(each, seat)
    older.connection.execute("DELETE FROM call WHERE id = 'msg_0000_00001'")
    database.push(older, "ben")
    assert calls(report(database)) == {"anna": [4, 1], "ben": [2]}


def test_what_an_older_version_pushed_is_known_by_days_that_are_equal(
    database: TeamDatabase, ledger: Ledger, copied: Copying
) -> None:
    add_calls(ledger, FIRST, days=2, a_day=4)
    older = copied()
    add_calls(ledger, TUESDAY, days=2, a_day=1, prefix="more")
    for each, seat in ((ledger, "anna"), (older, "ben")):
        database.push(each, seat)
    expected = {"anna": [4, 5, 1], "ben": []}
    assert calls(report(database)) == expected
    database.rows("DELETE FROM team_first")
    assert calls(report(database)) == expected
    database.rows(pruning_sql())
    assert calls(report(database)) == expected


@pytest.mark.parametrize("is_older", [False, True], ids=["now", "of an older version"])
def test_equal_days_count_once_after_their_calls_were_deleted(
    is_older: bool, database: TeamDatabase, ledger: Ledger
) -> None:
    """As where the partitions of old calls are detached, and the sums kept."""
    add_calls(ledger, FIRST - timedelta(7), days=10, a_day=4)
    for seat in ("ben", "anna"):
        database.push(ledger, seat)
    before = report(database)
    database.rows("DELETE FROM team_call; DELETE FROM team_first" if is_older else "DELETE FROM team_call")
    found = report(database)
    assert calls(found) == calls(before) == {"ben": [4, 4, 4], "anna": []}
    assert (found.total_nano, found.before_nano) == (12 * COST_NANO, 28 * COST_NANO)
    assert [seat.trouble for seat in found.seats] == [seat.trouble for seat in before.seats]


def test_what_is_known_of_a_ledger_is_sent_after_an_update_though_no_call_waits(
    database: TeamDatabase, ledger: Ledger
) -> None:
    add_calls(ledger, FIRST - timedelta(14), days=21, a_day=1)
    database.push(ledger)
    months = "SELECT month, first_ms FROM team_first ORDER BY month, first_ms"
    rows = database.rows(months)
    assert [month for month, _ in rows] == [date(2026, 4, 1)] * 3 + [date(2026, 5, 1)] * 3
    database.rows("DELETE FROM team_first")
    ledger.connection.execute("UPDATE push_target SET gaps = '{}'")  # as the older version noted it
    database.push(ledger)
    assert database.rows(months) == rows


def test_ledgers_without_a_common_call_are_not_compared_though_machines_have_one_name(
    database: TeamDatabase, ledger: Ledger, tmp_path: Path
) -> None:
    lay_out(tmp_path / "bens.db")
    bens = Ledger(tmp_path / "bens.db")
    add_calls(ledger, FIRST, days=1, a_day=4)
    add_calls(bens, FIRST, days=1, a_day=4, prefix="bens")
    database.push(ledger, "anna")
    database.push(bens, "ben")
    bens.close()
    assert calls(report(database)) == {"anna": [4], "ben": [4]}


def test_sessions_and_models_of_a_copy_are_those_that_it_has_alone(
    database: TeamDatabase, ledger: Ledger, copied: Copying
) -> None:
    add_calls(ledger, FIRST, days=1, a_day=6)
    older = copied()
    add_calls(older, FIRST, days=1, a_day=1, prefix="own")
    add_calls(ledger, TUESDAY, days=1, a_day=1, prefix="later")
    database.push(ledger, "anna", share="sessions")
    database.push(older, "ben", share="sessions")
    seats = {seat.name: seat for seat in report(database).seats}
    own = {name: [(each.id, each.calls) for each in seat.sessions] for name, seat in seats.items()}
    assert own == {"anna": [("ses_0", 4), ("ses_1", 3)], "ben": [("ses_0", 1)]}
    (model,) = seats["ben"].models
    assert (model.key, model.calls, model.spend_nano) == ("/".join(MODELS[0]), 1, COST_NANO)
    assert [part.calls for part in seats["anna"].models] == [3, 2, 2]


ASK = "SELECT * FROM team_shared(ARRAY['anna', 'ben'], 0, 9000000000000)"


def test_a_seat_may_not_ask_which_calls_are_shared(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=1)
    for seat in ("anna", "ben"):
        database.push(ledger, seat)
    assert len(database.rows(ASK, "boss")) == 1
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.rows(ASK, "anna")


def test_a_reader_cannot_put_a_table_in_the_place_of_the_calls(
    server: Server, database: TeamDatabase, ledger: Ledger
) -> None:
    """What the function reads it reads with the rights of its owner."""
    add_calls(ledger, FIRST, days=1, a_day=1)
    for seat in ("anna", "ben"):
        database.push(ledger, seat)
    trap = """
      CREATE FUNCTION pg_temp.trap() RETURNS text LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'with the rights of %', current_user; END $$;
      CREATE TEMP VIEW team_call AS SELECT pg_temp.trap() AS seat, c.created_ms, '' AS id, 1 AS revision, 1 AS content,
        CURRENT_DATE AS day, '' AS provider, '' AS model, '' AS project, '' AS session_id, NULL AS completed_ms,
        1 AS cost_nano FROM generate_series(1, 2) c(created_ms);
    """
    with psycopg.connect(database.url("boss"), autocommit=True) as connection:
        connection.execute(trap.encode())
        with pytest.raises(psycopg.errors.RaiseException):
            connection.execute("SELECT * FROM team_call")
        connection.execute("SET search_path = pg_temp, public")
        assert len(connection.execute(ASK.replace("team_shared", "public.team_shared").encode()).fetchall()) == 1


def test_a_database_of_an_older_version_takes_pushes_and_gets_the_rest_with_the_schema(
    database: TeamDatabase, ledger: Ledger
) -> None:
    database.rows("DROP TABLE team_first; DROP FUNCTION team_shared")
    total = add_calls(ledger, FIRST, days=1, a_day=4)
    database.push(ledger, "anna")
    assert database.totals == {"anna": (total, 4)}
    database.rows(schema_sql(SchemaRequest("postgresql", mondays_from(FIRST, 2))))
    assert calls(report(database)) == {"anna": [4]}
    add_calls(ledger, TUESDAY, days=1, a_day=1, prefix="later")
    database.push(ledger, "anna")
    assert len(database.rows("SELECT * FROM team_first")) == 3
