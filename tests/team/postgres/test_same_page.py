"""The same ledgers give the same report, whether they lie in files or were pushed into a database."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.analysis.report_periods import ReportPeriod, parse_month, parse_range, parse_week
from opencode_tui.config.database_values import database_address
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.team_choices import SHARES, SeatShare
from opencode_tui.report.papers.team_papers import team_json, team_paper
from opencode_tui.team.postgres.reporting import DatabaseRequest, database_report
from opencode_tui.team.postgres.schema_sql import SchemaRequest, mondays_from, pruning_sql, schema_sql
from tests.support.many_calls import cut_off, lose_row
from tests.support.seats import UTC_DAYS, Addition, Paid, put_alert, put_calls, team_of, week_of_calls
from tests.team.postgres.conftest import FIRST, TeamDatabase

WEEK = parse_week("2026-W20")
PERIODS = (
    WEEK,
    parse_week("2026-W19"),
    parse_month("2026-05"),
    parse_range("2026-05-13", "2026-05-13", FIRST),
)
COST = 400_000_001
OPUS = "anthropic/claude-opus-4-5"
OTHER_KEYS = {"taken_at"}
OTHER_OF_SEATS = {"trouble", "last_sync_at", "calls_sha256"}
"""What a file and a database know differently: file names, when it was written, and the checksum of any period."""


@pytest.fixture
def ledgers(tmp_path: Path) -> dict[str, Path]:
    """Anna's, an older copy of it that went on as ben's, carl's that began this week and has gaps, and dora's."""
    place = tmp_path / "seats"
    files = {name: place / f"{name}.db" for name in ("anna", "ben", "carl", "dora")}
    earlier = [Paid(f"a{day}", f"2026-05-{day:02} 09:00", COST * day, f"ses_{day}") for day in range(1, 9)]
    put_calls(files["anna"], earlier, machine="annas")
    week = week_of_calls("anna", COST)
    put_calls(
        files["anna"], [Paid(c.id, c.at, c.nano, f"ses_{n % 7}", OPUS) for n, c in enumerate(week)], machine="annas"
    )
    shutil.copy(files["anna"], files["ben"])
    put_calls(files["anna"], [Paid("late", "2026-05-16 20:00", 7 * COST)], machine="annas", project="/home/anna/cart")
    put_calls(files["ben"], [Paid("own", "2026-05-14 08:00", 3 * COST, "ses_ben")], machine="bens")
    put_alert(files["anna"], "2026-05-16", "cutoff", '9× edits in "A title"')
    put_calls(files["carl"], week_of_calls("carl", 9 * COST, days=3), machine="carls", project="/srv/shop")
    carls = Ledger(files["carl"])
    lose_row(carls, UTC_DAYS.start_of(FIRST) + 4 * 86_400_000)
    cut_off(carls, "carl_2026-05-12_0")
    carls.close()
    put_calls(files["dora"], week_of_calls("dora", 5, days=14, first=FIRST.replace(month=4)), machine="doras")
    return files


def pages(report: Any) -> dict[str, Any]:
    found = team_json(report, UTC_DAYS)
    seats = [{key: value for key, value in seat.items() if key not in OTHER_OF_SEATS} for seat in found["seats"]]
    return {key: value for key, value in found.items() if key not in OTHER_KEYS} | {"seats": seats}


def pushed(database: TeamDatabase, files: dict[str, Path], share: SeatShare) -> None:
    database.rows(schema_sql(SchemaRequest("postgresql", mondays_from(FIRST, 2), tuple(files))))
    for name, file in files.items():
        ledger = Ledger(file)
        database.push(ledger, name, share=share)
        ledger.close()
    # As if all had pushed when their files were written, on the day of the report.
    database.rows("UPDATE team_push SET received_at = '2026-05-18 08:00+00', sent_ms = 1779091200000")


def both(period: ReportPeriod, database: TeamDatabase, team: Addition) -> tuple[Any, Any]:
    address = database_address(database.url("boss"))
    asked = DatabaseRequest(address, None, period, team.settings, team.now_ms)
    return team.report(period), database_report(asked)


@pytest.mark.parametrize("share", SHARES)
def test_files_and_database_give_one_page(
    share: SeatShare, ledgers: dict[str, Path], database: TeamDatabase, tmp_path: Path
) -> None:
    team = team_of(tmp_path, **ledgers)
    team.share(share)
    pushed(database, ledgers, share)
    for period in PERIODS:
        of_files, of_database = both(period, database, team)
        assert pages(of_database) == pages(of_files), period.label
        assert bool(of_files.seats[0].sessions) == (share != "sums")
    of_files, of_database = both(WEEK, database, team)
    titles = [session.title for seat in of_database.seats for session in seat.sessions]
    assert all(titles) if share == "titles" else not any(titles)
    by_name = {seat.name: seat for seat in of_files.seats}
    for seat in of_database.seats:
        if seat.digest:
            assert seat.digest == by_name[seat.name].digest
    assert [bool(seat.digest) for seat in of_database.seats].count(True) == 3, "all but that of the copy"
    database.rows(pruning_sql())
    _, pruned = both(WEEK, database, team)
    for form in ("md", "html", "csv"):
        assert team_paper(pruned, form, UTC_DAYS) == team_paper(of_database, form, UTC_DAYS)


def test_a_database_without_the_table_of_sessions_takes_pushes(
    ledgers: dict[str, Path], database: TeamDatabase
) -> None:
    database.rows("DROP TABLE team_session")
    ledger = Ledger(ledgers["anna"])
    assert database.push(ledger, share="titles").sent == 19
    ledger.close()
    database.rows(schema_sql(SchemaRequest("postgresql", mondays_from(FIRST, 2))))
    assert database.rows("SELECT count(*) FROM team_session") == [(0,)]
