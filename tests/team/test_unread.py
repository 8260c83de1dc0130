"""What a seat's ledger could not read makes its sums lower bounds in a report from files, as in the database's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.analysis.report_periods import parse_week
from opencode_tui.clock import EVER, Span
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.team import TeamReport
from opencode_tui.report import team_words as words
from opencode_tui.report.papers.team_papers import team_paper
from opencode_tui.team.exporting import write_seat
from tests.support.many_calls import lose_row
from tests.support.seats import MONDAY, NOW_MS, UTC_DAYS, put_calls, seat, team_of, week_of_calls

WEEK, NEXT = parse_week("2026-W20"), parse_week("2026-W21")
COST = 500_000_000
TUESDAY, SATURDAY = 1, 5


def ledger_of(place: Path, *lost: int | None) -> Path:
    """A ledger of five days that lost a row on each of these days; None for one of which no day is known."""
    put_calls(place, week_of_calls(place.stem, COST), machine=place.stem)
    with closing(Ledger(place)) as ledger:
        for number in lost:
            lose_row(ledger, None if number is None else UTC_DAYS.start_of(MONDAY) + number * 86_400_000 + 5)
    return place


def cut_call(file: Path) -> None:
    with closing(Ledger(file)) as ledger, ledger.writing() as connection:
        connection.execute("UPDATE call SET missing = 'input' WHERE id LIKE '%2026-05-13_0'")


def shown(report: TeamReport, name: str) -> list[str]:
    return [words.spent_on_day(report, seat(report, name), day) for day in words.days_in(report)]


def test_a_day_of_which_something_was_not_read_is_marked_and_so_are_the_sums(tmp_path: Path) -> None:
    files = {"anna": ledger_of(tmp_path / "anna.db", TUESDAY, SATURDAY), "ben": ledger_of(tmp_path / "ben.db")}
    cut_call(files["anna"])
    team = team_of(tmp_path, **files)
    report = team.report(WEEK)
    anna, ben = seat(report, "anna"), seat(report, "ben")
    assert (anna.unread, ben.unread, report.lower_bound) == (3, 0, True)
    assert anna.trouble == "3 rows of its OpenCode could not be read, so that it may have cost more"
    assert ben.trouble == ""
    assert shown(report, "anna") == ["$0.50", "≥$0.50", "≥$0.50", "$0.50", "$0.50", "≥$0.00", ""]
    assert not any(text.startswith("≥") for text in shown(report, "ben"))
    found = json.loads(team_paper(report, "json", UTC_DAYS))
    marked = {each["name"]: each["lower_bound_days"] for each in found["seats"]}
    assert marked == {"anna": ["2026-05-12", "2026-05-13", "2026-05-16"], "ben": []}
    markdown = team_paper(report, "md", UTC_DAYS)
    assert (
        "| anna | $0.500000001 | ≥$0.500000001 | ≥$0.500000001 | $0.500000001 | $0.500000001 | ≥$0.00 | · |" in markdown
    )
    assert (
        "| total | $1.000000002 | ≥$1.000000002 | ≥$1.000000002 | $1.000000002 | $1.000000002 | ≥$0.00 | $0.00 |"
        in markdown
    )
    assert team_paper(report, "html", UTC_DAYS).count(">≥$0.00<") == 3, (
        "the seat's Saturday, the team's, and its week before"
    )
    assert team.report(NEXT).lower_bound is False


def test_a_row_of_which_not_even_the_day_is_known_marks_every_day(tmp_path: Path) -> None:
    team = team_of(tmp_path, anna=ledger_of(tmp_path / "anna.db", None))
    report = team.report(WEEK)
    assert shown(report, "anna") == ["≥$0.50"] * 5 + ["≥$0.00"] * 2
    assert seat(report, "anna").unread == seat(team.report(NEXT), "anna").unread == 1


def test_what_is_read_after_all_is_no_longer_marked(tmp_path: Path) -> None:
    team = team_of(tmp_path, anna=ledger_of(tmp_path / "anna.db", TUESDAY))
    assert team.report(WEEK).lower_bound
    with closing(Ledger(tmp_path / "anna.db")) as ledger, ledger.writing() as connection:
        connection.execute("DELETE FROM unreadable")
    assert not team.report(WEEK).lower_bound


def test_an_older_copy_of_a_seat_adds_nothing_to_what_was_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "synced"
    folder.mkdir()
    whole = ledger_of(folder / "anna.db", TUESDAY)
    (folder / "anna-may.db").write_bytes(whole.read_bytes())
    put_calls(whole, week_of_calls("later", COST, 1), machine="anna")
    (found,) = team_of(tmp_path, anna=folder).report(WEEK).seats
    assert found.unread == 1


def as_shared(ledger: Path, place: Path) -> Path:
    with closing(Ledger(ledger)) as opened, opened.reading() as connection:
        write_seat(connection, place, "sums", EVER, NOW_MS)
    return place


def as_jsonl(ledger: Path, place: Path) -> Path:
    with closing(sqlite3.connect(ledger)) as connection:
        rows = connection.execute(
            "SELECT c.id, session_id, created_ms, provider, model, cost_nano, missing, m.name FROM call c"
            " JOIN machine m ON m.id = machine_id"
        ).fetchall()
    tokens = dict.fromkeys(("input", "output", "reasoning", "cache_read", "cache_write"), 1)
    with place.open("w") as file:
        for id, session, at_ms, provider, model, nano, missing, machine in rows:
            call = {"id": id, "session_id": session, "created_at": UTC_DAYS.iso(at_ms), "provider": provider}
            call |= {"model": model, "agent": "", "cost_nano": nano, "unreadable": missing, "machine": machine}
            call |= {f"{name}_tokens": count for name, count in tokens.items()}
            file.write(json.dumps(call | {"completed_at": call["created_at"]}) + "\n")
    return place


@pytest.mark.parametrize(("export", "name", "unread"), [(as_shared, "anna.db", 2), (as_jsonl, "anna.jsonl", 1)])
def test_what_a_seat_exports_says_it_too(
    export: Callable[[Path, Path], Path], name: str, unread: int, tmp_path: Path
) -> None:
    """An export of calls knows of calls only."""
    ledger = ledger_of(tmp_path / "ledger.db", TUESDAY)
    cut_call(ledger)
    file = export(ledger, tmp_path / name)
    report = team_of(tmp_path, anna=file).report(WEEK)
    assert seat(report, "anna").unread == unread
    assert report.total_nano == 5 * (COST + 1)


def test_what_was_not_read_before_the_days_that_are_exported_is_left_out(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "ledger.db", TUESDAY, None)
    since = UTC_DAYS.start_of(MONDAY) + 2 * 86_400_000
    with closing(Ledger(ledger)) as opened, opened.reading() as connection:
        write_seat(connection, tmp_path / "anna.db", "sums", Span(since, EVER.end_ms), NOW_MS)
    assert seat(team_of(tmp_path, anna=tmp_path / "anna.db").report(WEEK), "anna").unread == 1
