"""Calls go into a real PostgreSQL once, and their sums are those of the ledger, whatever happens on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.clock import DAY_MS, now_ms
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.team.postgres import pushing, writing_calls
from opencode_tui.team.postgres.errors import DatabaseError, DatabaseGone
from tests.support.ledgers import lay_out
from tests.support.many_calls import COST_NANO, add_calls
from tests.support.paths import ROOT
from tests.team.postgres.conftest import FIRST, TeamDatabase

Record = dict[str, tuple[int, int]]


def spent(ledger: Ledger) -> tuple[int, int]:
    sql = "SELECT coalesce(sum(cost_nano), 0), count(*) FROM call WHERE copied_from IS NULL"
    nano, calls = ledger.connection.execute(sql).fetchone()
    return nano, calls


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushing, "CALLS_AT_ONCE", 40)


def test_all_calls_are_sent_once_and_their_sums_are_the_ledgers(database: TeamDatabase, ledger: Ledger) -> None:
    total = add_calls(ledger, FIRST, days=10, a_day=30)
    first = database.push(ledger)
    assert (first.seat, first.sent, first.known) == ("anna", 300, 0)
    assert database.totals == {"anna": (total, 300)}
    assert database.rows("SELECT sum(cost_nano), count(*) FROM team_call") == [(total, 300)]
    parts = database.rows("SELECT model, project, sum(spend_nano), sum(calls) FROM team_part GROUP BY 1, 2")
    assert sum(nano for *_, nano, _ in parts) == total
    assert {model for model, *_ in parts} == {"kimi-k2.6", "claude-opus-4-5", "gpt-5"}
    again = database.push(ledger)
    assert (again.sent, again.known) == (0, 0)
    assert database.calls == 300


def test_calls_lie_in_the_partitions_of_their_weeks(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=21, a_day=2)
    database.push(ledger)
    tables = ("team_call_2026w20", "team_call_2026w21", "team_call_rest", "team_day_2026w21", "team_day_rest")
    assert [database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables] == [14, 14, 14, 7, 7]


def test_what_changes_goes_away_or_turns_out_a_copy_is_corrected(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=3, a_day=10)
    database.push(ledger)
    with ledger.writing() as connection:
        connection.execute("UPDATE call SET amount_nano = 7 WHERE id = 'msg_0000_00001'")
        connection.execute("DELETE FROM call WHERE id = 'msg_0001_00002'")
        connection.execute("UPDATE call SET copied_from = 'msg_0000_00000' WHERE id = 'msg_0002_00003'")
    assert database.push(ledger).sent == 3
    assert database.totals == {"anna": spent(ledger)} == {"anna": (27 * COST_NANO + 7, 28)}
    with ledger.writing() as connection:  # and back to what it was at first
        connection.execute("UPDATE call SET amount_nano = ? WHERE id = 'msg_0000_00001'", (COST_NANO,))
    assert database.push(ledger).sent == 1
    assert database.totals == {"anna": (28 * COST_NANO, 28)}
    assert database.calls == 34
    gone = "SELECT id FROM team_call WHERE content = 0 ORDER BY id"
    assert database.rows(gone) == [("msg_0001_00002",), ("msg_0002_00003",)]


def test_a_call_that_moves_to_another_day_leaves_the_old_one(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=2, a_day=1)
    database.push(ledger)
    with ledger.writing() as connection:
        connection.execute("UPDATE call SET created_ms = created_ms + ? WHERE id = 'msg_0000_00000'", (DAY_MS,))
    database.push(ledger)
    newest = "SELECT DISTINCT ON (day) day, calls FROM team_day ORDER BY day, revision DESC"
    assert [calls for _, calls in database.rows(newest)] == [0, 2]
    assert database.totals == {"anna": spent(ledger)}


def test_a_ledger_that_is_made_again_counts_once(database: TeamDatabase, ledger: Ledger, tmp_path: Path) -> None:
    total = add_calls(ledger, FIRST, days=2, a_day=20)
    database.push(ledger)
    other = tmp_path / "other.db"
    lay_out(other)
    fresh = Ledger(other)
    add_calls(fresh, FIRST, days=2, a_day=20, machine="renamed")
    result = database.push(fresh)
    fresh.close()
    assert (result.sent, result.known) == (0, 40)
    assert (database.totals, database.calls) == ({"anna": (total, 40)}, 40)


def test_two_machines_of_a_seat_add_up(database: TeamDatabase, ledger: Ledger, tmp_path: Path) -> None:
    total = add_calls(ledger, FIRST, days=2, a_day=20)
    database.push(ledger)
    digest = "SELECT digest FROM team_day ORDER BY day, revision DESC LIMIT 1"
    assert len(database.rows(digest)[0][0]) == 64
    lay_out(tmp_path / "desk.db")
    desk = Ledger(tmp_path / "desk.db")
    total += add_calls(desk, FIRST, days=2, a_day=5, prefix="desk")
    database.push(desk)
    desk.close()
    assert database.totals == {"anna": (total, 50)}
    assert database.rows(digest) == [("",)]  # no ledger has all of the day's calls


def test_a_database_set_back_to_an_older_copy_gets_what_it_lacks(database: TeamDatabase, ledger: Ledger) -> None:
    total = add_calls(ledger, FIRST, days=2, a_day=20)
    database.push(ledger)
    for table in ("team_call", "team_day", "team_part", "team_push"):
        database.rows(f"TRUNCATE {table}")
    total += add_calls(ledger, FIRST, days=1, a_day=1, prefix="new")
    assert database.push(ledger).sent == 41
    assert database.totals == {"anna": (total, 41)}
    assert database.push(ledger).known == 0


def test_what_a_seat_does_not_share_does_not_leave_it(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=2)
    with ledger.writing() as connection:
        connection.execute("UPDATE session SET project = '/home/dev/secret/shop' WHERE id = 'ses_0'")
    database.push(ledger)
    told = "SELECT DISTINCT session_id, title, project FROM team_call ORDER BY 1, 2, 3"
    assert database.rows(told) == [("", "", "cart"), ("", "", "shop")]
    database.push(ledger, "ben", share="titles")
    shared = database.rows(told.replace("ORDER", "WHERE seat = 'ben' ORDER"))
    assert shared == [("ses_0", "Secret title 0", "shop"), ("ses_1", "Secret title 1", "cart")]


def test_days_are_those_of_the_seats_time_zone(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=1)
    database.push(ledger, zone="Pacific/Kiritimati")
    database.push(ledger, "ben", zone="America/Los_Angeles")
    days = {seat: day.isoformat() for seat, day in database.rows("SELECT seat, day FROM team_day")}
    assert days == {"anna": "2026-05-11", "ben": "2026-05-11"}
    with ledger.writing() as connection:
        connection.execute("UPDATE call SET created_ms = created_ms + 3600000 * 2")
    database.push(ledger, zone="Pacific/Kiritimati")
    moved = database.rows("SELECT day FROM team_day WHERE calls > 0 AND seat = 'anna' ORDER BY revision")
    assert [day.isoformat() for (day,) in moved] == ["2026-05-11", "2026-05-12"]


def test_a_call_that_another_time_zone_puts_on_another_day_leaves_the_old_one(
    database: TeamDatabase, ledger: Ledger
) -> None:
    total = add_calls(ledger, FIRST, days=1, a_day=1)
    ledger.connection.execute("UPDATE call SET created_ms = created_ms + 3600000 * 11")
    database.push(ledger)
    ledger.connection.execute("UPDATE call SET finish = 'stop'")
    assert database.push(ledger, zone="Pacific/Kiritimati").sent == 1
    newest = "SELECT DISTINCT ON (day) calls FROM team_day ORDER BY day, revision DESC"
    assert [calls for (calls,) in database.rows(newest)] == [0, 1]
    assert database.totals == {"anna": (total, 1)}


@pytest.mark.usefixtures("small_batches")
def test_a_database_that_crashes_in_the_middle_has_nothing_twice_and_lacks_nothing(
    database: TeamDatabase, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = add_calls(ledger, FIRST, days=4, a_day=50)
    write, batches = writing_calls.insert_sums, 0

    def crash(*values: Any) -> None:
        nonlocal batches
        batches += 1
        if batches == 3:
            database.server.stop("immediate")
        write(*values)

    with monkeypatch.context() as patch:
        patch.setattr(writing_calls, "insert_sums", crash)
        with pytest.raises(DatabaseGone, match="80 of its calls were sent, 120 wait for the next push"):
            database.push(ledger)
    with pytest.raises(DatabaseGone, match="0 of its calls were sent, 120 wait"):
        database.push(ledger)
    database.server.start()
    assert database.calls == 80
    assert database.push(ledger).sent == 120
    assert (database.totals, database.calls) == ({"anna": (total, 200)}, 200)


KILLED = """
import os, signal, sys
from pathlib import Path
from opencode_tui.clock import calendar_for, now_ms
from opencode_tui.config.database_values import database_address
from opencode_tui.ledger import unpushed_calls
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.team.postgres import pushing, writing_calls

url, ledger, where = sys.argv[1:]
pushing.CALLS_AT_ONCE = 40
module = {"insert_sums": writing_calls, "note_pushed": unpushed_calls}[where]
real, batches = getattr(module, where), []

def killed(*values):
    batches.append(1)
    if len(batches) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*values)

setattr(module, where, killed)
request = (Ledger(Path(ledger)), database_address(url), None, calendar_for("UTC"), "sums", "laptop", now_ms)
pushing.push_calls(pushing.PushRequest(*request))
"""


@pytest.mark.parametrize(("where", "there"), [("insert_sums", 80), ("note_pushed", 120)])
def test_a_push_that_is_killed_is_taken_up_by_the_next(
    where: str, there: int, database: TeamDatabase, ledger: Ledger
) -> None:
    """Before the database has the third batch, and after it has it but before the ledger knows."""
    total = add_calls(ledger, FIRST, days=4, a_day=50)
    words = [sys.executable, "-c", KILLED, database.url("anna"), str(ledger.path), where]
    done = subprocess.run(words, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert database.calls == there
    rest = database.push(ledger)
    assert (rest.sent, rest.known) == (200 - there, there - 80)
    assert (database.totals, database.calls) == ({"anna": (total, 200)}, 200)


def test_another_process_that_pushes_this_ledger_is_waited_for(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=1)
    database.push(ledger)
    with ledger.writing() as connection:
        soon_ms = now_ms() + 60_000
        connection.execute("UPDATE push_target SET holder = 'elsewhere|1@2', lease_until_ms = ?", (soon_ms,))
    add_calls(ledger, FIRST, days=1, a_day=1, prefix="more")
    with pytest.raises(DatabaseError, match="another process is pushing this ledger"):
        database.push(ledger)


def test_a_call_that_changes_while_it_is_sent_is_sent_again(
    database: TeamDatabase, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_calls(ledger, FIRST, days=1, a_day=3)
    write = writing_calls.insert_sums

    def change(*values: Any) -> None:
        write(*values)
        ledger.connection.execute("UPDATE call SET amount_nano = 5 WHERE id = 'msg_0000_00001'")

    with monkeypatch.context() as patch:
        patch.setattr(writing_calls, "insert_sums", change)
        database.push(ledger)
    assert database.push(ledger).sent == 1
    assert database.totals == {"anna": (2 * COST_NANO + 5, 3)}


def test_two_pushes_of_one_seat_at_once_follow_each_other(
    database: TeamDatabase, ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other machine's push comes between a push's looking for its revision and its taking it."""
    total = add_calls(ledger, FIRST, days=1, a_day=3)
    lay_out(tmp_path / "desk.db")
    desk = Ledger(tmp_path / "desk.db")
    total += add_calls(desk, FIRST, days=1, a_day=4, prefix="desk")
    begin, is_first = writing_calls.begin_revision, [True]

    def overtaken(connection: Any, **values: Any) -> None:
        if is_first and is_first.pop():
            database.push(desk)
        begin(connection, **values)

    monkeypatch.setattr(writing_calls, "begin_revision", overtaken)
    database.push(ledger)
    desk.close()
    assert database.totals == {"anna": (total, 7)}
    assert database.rows("SELECT max(revision) FROM team_push") == [(2,)]


def test_a_text_that_postgresql_does_not_take_is_sent_without_it(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=1)
    with ledger.writing() as connection:
        connection.execute("UPDATE call SET agent = 'bu' || char(0) || 'ild', error = 'é' || char(0)")
    database.push(ledger)
    assert database.rows("SELECT agent, error FROM team_call") == [("build", "é")]


def test_absurd_amounts_do_not_end_a_push(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=3)
    with ledger.writing() as connection:
        connection.execute("UPDATE call SET amount_nano = ?", (2**63 - 1,))
    database.push(ledger)
    assert database.totals == {"anna": (9 * 10**18, 3)}
