"""Seats from exported files: what `export` writes, and what `team export` does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from opencode_tui.analysis.report_periods import parse_week
from opencode_tui.clock import EVER, Calendar
from opencode_tui.ledger.call_export import exported_calls
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.records.team_choices import SeatShare
from opencode_tui.report.export.csv_calls import write_csv
from opencode_tui.report.export.jsonl import write_jsonl
from opencode_tui.report.export.request import CallRequest, Tally
from opencode_tui.report.export.sqlite import write_sqlite
from opencode_tui.team.exporting import write_seat
from tests.support.seats import NOW_MS, Paid, own_digest, put_alert, put_calls, seat, team_of, week_of_calls

WEEK = parse_week("2026-W20")
SECRET = 'Merge "Acme" & <b>'
DAY = "2026-05-13"
CAUSE = f'4× edits of Button.tsx in "{SECRET}"'


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    calls = [*week_of_calls("a", 1000), Paid("copy", f"{DAY} 12:00", 5, copied_from=f"a_{DAY}_0")]
    calls.append(Paid("dear", f"{DAY} 13:00", 2_000_000_001, "ses_2", "=cmd/gpt-5"))
    file = put_calls(tmp_path / "ledger.db", calls, titles={"ses_2": SECRET}, project="/home/anna/clients/acme")
    put_alert(file, DAY, "cutoff", CAUSE)
    return file


def as_text(write: Callable[..., None]) -> Callable[[CallRequest, Path], None]:
    def written(request: CallRequest, file: Path) -> None:
        with file.open("w", encoding="utf-8", newline="") as text:
            write(request, text)

    return written


FORMATS = {"jsonl": as_text(write_jsonl), "csv": as_text(write_csv), "db": write_sqlite}


def exported(ledger: Path, file: Path) -> Path:
    with closing(Ledger(ledger)) as opened:
        FORMATS[file.suffix[1:]](
            CallRequest(Tally(exported_calls(opened.connection, EVER)), Calendar(UTC), False), file
        )
    return file


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_gives_the_same_sums_and_the_same_checksum_as_the_ledger(
    ledger: Path, tmp_path: Path, format: str
) -> None:
    file = exported(ledger, tmp_path / f"anna.{format}")
    found = seat(team_of(tmp_path, anna=file).report(WEEK), "anna")
    assert (found.spend_nano, found.calls, found.trouble) == (2_000_005_006, 11, "")
    assert found.digest == own_digest(ledger, WEEK)
    assert found.projects[0].key == "acme"


def test_a_ledger_and_its_export_count_once(ledger: Path, tmp_path: Path) -> None:
    file = exported(ledger, tmp_path / "anna.jsonl")
    report = team_of(tmp_path, anna=ledger, ben=file).report(WEEK)
    assert report.total_nano == 2_000_005_006
    assert "is the same ledger as ledger.db of anna" in seat(report, "ben").trouble


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_a_half_copied_export_counts_nothing_until_it_is_whole(ledger: Path, tmp_path: Path, format: str) -> None:
    file = exported(ledger, tmp_path / f"anna.{format}")
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) - 150])
    found = seat(team_of(tmp_path, anna=file).report(WEEK), "anna")
    assert found.spend_nano == 0
    assert "is half-copied" in found.trouble


def shared(ledger: Path, file: Path, share: SeatShare) -> Path:
    with closing(Ledger(ledger)) as opened:
        assert write_seat(opened.connection, file, share, EVER, NOW_MS) == 11
    return file


@pytest.mark.parametrize("share", ["sums", "sessions", "titles"])
def test_what_a_seat_exports_has_its_calls_and_titles_only_if_it_shares_them(
    ledger: Path, tmp_path: Path, share: SeatShare
) -> None:
    file = shared(ledger, tmp_path / "anna.db", share)
    content = file.read_bytes()
    assert (SECRET.encode() in content) == (share == "titles")
    assert b"/home/anna" not in content
    found = seat(team_of(tmp_path, anna=file).report(WEEK), "anna")
    assert (found.spend_nano, found.trouble) == (2_000_005_006, "")
    assert found.digest == own_digest(ledger, WEEK)
    assert found.last_sync_ms == NOW_MS
    assert found.cause == (CAUSE if share == "titles" else "4× edits of Button.tsx in a session")
    assert [each.id for each in found.sessions] == ([] if share == "sums" else ["ses_2", "ses_1"])
    assert [each.title for each in found.sessions if each.title] == (
        [SECRET, "The title of ses_1"] if share == "titles" else []
    )


def test_what_the_seat_shares_goes_before_what_the_reader_would_like(ledger: Path, tmp_path: Path) -> None:
    team = team_of(tmp_path, anna=shared(ledger, tmp_path / "anna.db", "sums"))
    team.share("titles")
    assert seat(team.report(WEEK), "anna").sessions == ()


def test_an_exported_seat_is_late_by_when_it_was_exported_not_by_when_it_was_copied(
    ledger: Path, tmp_path: Path
) -> None:
    file = shared(ledger, tmp_path / "anna.db", "sums")
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE seat SET exported_ms = exported_ms - 4 * 86400000")
        connection.commit()
    assert seat(team_of(tmp_path, anna=file).report(WEEK), "anna").late_days == 3
