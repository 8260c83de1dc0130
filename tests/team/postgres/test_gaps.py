"""Which sums are lower bounds goes to a real PostgreSQL with them, and the report marks those sums and no others."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from opencode_tui.cli import EXIT_TROUBLE
from opencode_tui.clock import DAY_MS, calendar_for
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.report.papers.team_papers import team_paper
from opencode_tui.report.team_words import seat_rows
from opencode_tui.team.postgres.schema_sql import SchemaRequest, mondays_from, pruning_sql, schema_sql
from tests.cli.conftest import shell, store
from tests.stores import V1
from tests.support.ledgers import lay_out
from tests.support.many_calls import COST_NANO, add_calls, cut_off, lose_row, start_of
from tests.support.paths import ROOT
from tests.support.shell import Shell, assert_one_sentence
from tests.team.postgres.conftest import FIRST, TeamDatabase
from tests.team.postgres.test_reporting import only, report

__all__ = ["shell", "store"]

ROWS = "SELECT day, revision, unread FROM team_gap ORDER BY revision, day"
NEXT = "2026-W21"


def marks(database: TeamDatabase, week: str = "2026-W20") -> dict[str, int]:
    """What of each seat could not be read; a seat of which all was is left out, and the total is held against them."""
    found = report(database, week=week)
    unread = {seat.name: seat.unread for seat in found.seats if seat.lower_bound}
    assert found.lower_bound == bool(unread)
    return unread


def all_read(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        connection.execute("DELETE FROM unreadable")
        connection.execute("UPDATE call SET missing = NULL")


def test_a_call_or_row_that_was_not_read_marks_its_week_and_no_other(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=14, a_day=3)
    database.push(ledger)
    assert marks(database) == {}
    cut_off(ledger, "msg_0001_00001")
    lose_row(ledger, start_of(FIRST + timedelta(1)))
    result = database.push(ledger)
    assert (result.sent, result.gaps) == (0, 1)
    assert marks(database) == {"anna": 2}
    assert marks(database, NEXT) == {}
    seat = only(report(database))
    assert (seat.spend_nano, seat.calls) == (21 * COST_NANO, 21)
    assert seat.trouble == "2 rows of its OpenCode could not be read, so that it may have cost more"


def test_a_day_of_which_nothing_was_read_is_marked(database: TeamDatabase, ledger: Ledger) -> None:
    lose_row(ledger, start_of(FIRST))
    database.push(ledger)
    seat = only(report(database))
    assert (seat.spend_nano, seat.days, seat.last_call_ms, seat.unread) == (0, (), None, 1)
    add_calls(ledger, FIRST, days=1, a_day=3)
    database.push(ledger)
    (last_ms,) = ledger.connection.execute("SELECT max(created_ms) FROM call").fetchone()
    assert only(report(database)).last_call_ms == last_ms


@pytest.mark.parametrize(("day", "seats"), [(FIRST, ["anna"]), (None, [])])
def test_a_seat_that_is_silent_for_long_is_there_where_it_has_a_gap(
    day: date | None, seats: list[str], database: TeamDatabase, ledger: Ledger
) -> None:
    lose_row(ledger, None if day is None else start_of(day))
    database.push(ledger)
    database.rows("UPDATE team_push SET received_at = received_at - INTERVAL '100 days'")
    assert [seat.name for seat in report(database).seats] == seats


def test_a_row_of_which_not_even_the_day_is_known_marks_every_week(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=14, a_day=1)
    lose_row(ledger, None)
    database.push(ledger)
    assert marks(database) == marks(database, NEXT) == {"anna": 1}


def test_what_is_read_after_all_takes_the_mark_away(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=3)
    lose_row(ledger, start_of(FIRST))
    database.push(ledger)
    assert marks(database) == {"anna": 1}
    all_read(ledger)
    assert database.push(ledger).gaps == 1
    assert marks(database) == {}
    assert database.rows(ROWS) == [(FIRST, 2, 1), (FIRST, 3, 0)], "nothing is changed, a newer row replaces it"
    database.rows(pruning_sql())
    assert database.rows(ROWS) == [(FIRST, 3, 0)]
    assert marks(database) == {}


def test_the_same_is_sent_once(database: TeamDatabase, ledger: Ledger, tmp_path: Path) -> None:
    add_calls(ledger, FIRST, days=1, a_day=3)
    lose_row(ledger, start_of(FIRST))
    assert database.push(ledger).gaps == 1
    assert database.push(ledger).gaps == 0
    ledger.connection.execute("UPDATE push_target SET gaps = ''")  # as if it had been killed before it noted that
    assert database.push(ledger).gaps == 0
    assert database.rows(ROWS) == [(FIRST, 2, 1)]
    assert database.rows("SELECT max(revision) FROM team_push") == [(2,)]


def test_a_database_set_back_to_an_older_copy_gets_the_marks_again(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=1, a_day=3)
    lose_row(ledger, start_of(FIRST))
    database.push(ledger)
    for table in ("team_call", "team_day", "team_part", "team_push", "team_gap"):
        database.rows(f"TRUNCATE {table}")
    database.push(ledger)
    assert marks(database) == {"anna": 1}


def test_each_machine_of_a_seat_has_its_own_marks(database: TeamDatabase, ledger: Ledger, tmp_path: Path) -> None:
    lay_out(tmp_path / "desk.db")
    desk = Ledger(tmp_path / "desk.db")
    for each in (ledger, desk):
        lose_row(each, start_of(FIRST))
    database.push(ledger)
    database.push(desk, machine="desk")
    assert marks(database) == {"anna": 2}
    all_read(ledger)
    database.push(ledger)
    assert marks(database) == {"anna": 1}
    desk.close()


def test_a_seat_without_a_gap_is_not_marked_by_another(database: TeamDatabase, ledger: Ledger, tmp_path: Path) -> None:
    add_calls(ledger, FIRST, days=1, a_day=3)
    database.push(ledger)
    lay_out(tmp_path / "bens.db")
    bens = Ledger(tmp_path / "bens.db")
    add_calls(bens, FIRST, days=1, a_day=1, prefix="bens")
    cut_off(bens, "bens_0000_00000")
    database.push(bens, "ben")
    bens.close()
    assert marks(database) == {"ben": 1}


@pytest.fixture
def older(database: TeamDatabase) -> TeamDatabase:
    """As an earlier version made it."""
    database.rows("DROP TABLE team_gap")
    return database


def test_a_database_without_the_table_is_one_sentence_until_the_schema_is_run_again(
    shell: Shell, store: V1, older: TeamDatabase
) -> None:
    url, boss = older.url("anna"), older.url("boss")
    assert shell.said("team", "push", "--to", url).startswith("sent 10 calls"), "all of it was read"
    ways: list[tuple[str, tuple[str, ...]]] = [(boss, ("team", "report", "--from", boss, "--week", "2026-W20"))]
    with Ledger(shell.ledger).writing() as connection:
        connection.execute("UPDATE call SET missing = 'input' WHERE created_ms = (SELECT max(created_ms) FROM call)")
    ways.append((url, ("team", "push", "--to", url)))
    for address, words in ways:
        code, out, err = shell.run(*words)
        assert (code, out) == (EXIT_TROUBLE, "")
        assert_one_sentence(err, address, "another version", f"`opencode-tui team schema | psql {older.name}`")
    older.rows(schema_sql(SchemaRequest("postgresql", mondays_from(FIRST, 2))))
    assert shell.said("team", "push", "--to", url) == f"sent the gaps of 1 day as the seat anna to {url}\n"
    assert shell.said("team", "push", "--to", url) == f"nothing to send: {url} has all calls\n"
    found = json.loads(shell.said("team", "report", "--from", boss, "--week", "2026-W20", "--json"))
    assert (found["lower_bound"], [seat["lower_bound"] for seat in found["seats"]]) == (True, [True])


def test_the_sql_of_the_owners_page_says_the_same_as_the_report(database: TeamDatabase, ledger: Ledger) -> None:
    add_calls(ledger, FIRST, days=14, a_day=3)
    lose_row(ledger, start_of(FIRST))
    database.push(ledger)
    lose_row(ledger, None)
    for day in range(6, 8):  # one of them is in the next week
        cut_off(ledger, f"msg_{day:04}_00001")
    database.push(ledger)
    page = (ROOT / ".github" / "TEAM_DATABASE.md").read_text()
    of_gaps, of_projects = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    found = report(database)
    assert [(seat, int(unread)) for seat, unread in database.rows(of_gaps)] == [("anna", 3)]
    assert only(found).unread == 3
    spends = {project: int(usd * 10**9) for project, usd in database.rows(of_projects)}
    assert spends == {part.key: part.spend_nano for part in found.projects}


def test_every_paper_marks_the_seat_and_the_total(database: TeamDatabase, ledger: Ledger, tmp_path: Path) -> None:
    add_calls(ledger, FIRST, days=1, a_day=3)
    database.push(ledger)
    lay_out(tmp_path / "bens.db")
    bens = Ledger(tmp_path / "bens.db")
    add_calls(bens, FIRST, days=1, a_day=100, prefix="bens")
    cut_off(bens, "bens_0000_00000")
    database.push(bens, "ben")
    bens.close()
    found, days = report(database), calendar_for("UTC")
    markdown = team_paper(found, "md", days)
    assert "**≥$0.432600103**" in markdown
    assert "| ben | ■ ≥$0.4200001 | · |" in markdown and "| anna | $0.012600003 | · |" in markdown
    assert "| total | ≥$0.432600103 | $0.00 |" in markdown, "the other days of the week are whole"
    html = team_paper(found, "html", days)
    assert html.count(">≥$0.42<") == 2 and "≥$0.01<" not in html
    table = [row.split(",") for row in team_paper(found, "csv", days).splitlines()]
    marked = {(row[0], row[1]): row[-1] for row in table if row[0] in ("seat", "total")}
    assert [row[1:3] for row in table if row[0] == "day" and row[-1] == "true"] == [["ben", "2026-05-11"]]
    assert marked == {("total", ""): "true", ("seat", "ben"): "true", ("seat", "anna"): "false"}
    assert dict(seat_rows(found.seats[0], found, days))["seat"].startswith("ben: ≥$0.42")
    assert dict(seat_rows(found.seats[1], found, days))["seat"].startswith("anna: $0.01")


def test_days_are_those_of_the_seats_time_zone(database: TeamDatabase, ledger: Ledger) -> None:
    lose_row(ledger, start_of(FIRST) + DAY_MS - 1)
    database.push(ledger)
    database.push(ledger, zone="Pacific/Kiritimati")
    rows: list[tuple[date, int, int]] = database.rows(ROWS)
    assert rows == [(FIRST, 1, 1), (FIRST, 2, 0), (FIRST + timedelta(1), 2, 1)]
