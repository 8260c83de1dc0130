"""Each call counts once, whatever arrived how often and in which state."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.analysis.report_periods import parse_week
from opencode_tui.clock import DAY_MS
from opencode_tui.ledger.ledger import Ledger
from opencode_tui.ledger.schema import LATEST
from opencode_tui.team import merging
from opencode_tui.team.collected import CollectedFile, CollectedStore
from tests.support.old_ledgers import old_call, old_ledger
from tests.support.seats import NOW_MS, Paid, own_digest, put_alert, put_calls, seat, team_of, week_of_calls

WEEK = parse_week("2026-W20")
WEDNESDAY = "2026-05-13 10:00"


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_same_ledger_under_two_seats_counts_once_and_says_so(tmp_path: Path) -> None:
    anna = put_calls(tmp_path / "anna.db", week_of_calls("a", 1000))
    ben = Path(shutil.copy(anna, tmp_path / "ben.db"))
    report = team_of(tmp_path, anna=anna, ben=ben).report(WEEK)
    assert (report.total_nano, seat(report, "ben").spend_nano) == (5005, 0)
    assert "ben.db is the same ledger as anna.db of anna" in seat(report, "ben").trouble
    assert seat(report, "anna").trouble == ""


def test_one_file_under_two_seats_counts_once_and_says_so(tmp_path: Path) -> None:
    anna = put_calls(tmp_path / "anna.db", week_of_calls("a", 1000))
    report = team_of(tmp_path, anna=anna, ben=anna).report(WEEK)
    assert report.total_nano == 5005
    assert "is a file of anna already" in seat(report, "ben").trouble
    assert not report.lower_bound


def test_calls_that_only_the_older_copy_or_only_the_newer_has_all_count(tmp_path: Path) -> None:
    both = week_of_calls("a", 1000)
    place = tmp_path / "anna"
    put_calls(place / "old.db", [*both, Paid("only_old", WEDNESDAY, 30)])
    put_calls(place / "new.db", [*both, Paid("only_new", "2026-05-15 10:30", 400)])
    team = team_of(tmp_path, anna=place)
    for _ in range(2):
        report = team.report(WEEK)
        assert [each.name for each in report.seats] == ["anna"]
        assert report.total_nano == 5005 + 430
        assert seat(report, "anna").calls == 12
        assert sum(part.spend_nano for part in report.models) == report.total_nano


def test_a_call_that_had_not_completed_in_the_newer_copy_counts_as_it_completed(tmp_path: Path) -> None:
    last = Paid("last", "2026-05-16 10:00", 1)
    place = tmp_path / "anna"
    put_calls(place / "completed.db", [Paid("first", WEDNESDAY, 5), Paid("open", WEDNESDAY, 900)])
    put_calls(place / "newer.db", [Paid("first", WEDNESDAY, 5), Paid("open", WEDNESDAY, 100, completed=False), last])
    assert team_of(tmp_path, anna=place).report(WEEK).total_nano == 906


def test_a_call_that_became_a_copy_costs_nothing_though_an_older_ledger_has_it_as_paid(tmp_path: Path) -> None:
    first, last = Paid("first", WEDNESDAY, 5), Paid("last", "2026-05-16 10:00", 1)
    place = tmp_path / "anna"
    put_calls(place / "older.db", [first, Paid("fork", WEDNESDAY, 900)])
    put_calls(place / "newer.db", [first, Paid("fork", WEDNESDAY, 900, copied_from="first"), last])
    assert team_of(tmp_path, anna=place).report(WEEK).total_nano == 6


def test_two_seats_with_one_host_name_are_kept_apart(tmp_path: Path) -> None:
    anna = put_calls(tmp_path / "anna.db", week_of_calls("a", 1000), machine="MacBook.local")
    ben = put_calls(tmp_path / "ben.db", week_of_calls("b", 3000), machine="MacBook.local")
    report = team_of(tmp_path, anna=anna, ben=ben).report(WEEK)
    assert {each.name: each.spend_nano for each in report.seats} == {"anna": 5005, "ben": 15005}
    assert [each.trouble for each in report.seats] == ["", ""]
    for name, file in (("anna", anna), ("ben", ben)):
        assert seat(report, name).digest == own_digest(file, WEEK)


def test_the_checksum_of_merged_copies_is_that_of_the_ledger_that_has_all_their_calls(tmp_path: Path) -> None:
    one, other = week_of_calls("a", 1000)[:6], week_of_calls("a", 1000)[4:]
    put_calls(tmp_path / "anna" / "one.db", one)
    put_calls(tmp_path / "anna" / "two.db", [*one[:1], *other])
    all_of_them = put_calls(tmp_path / "all.db", week_of_calls("a", 1000))
    assert seat(team_of(tmp_path, anna=tmp_path / "anna").report(WEEK), "anna").digest == own_digest(all_of_them, WEEK)


def test_an_older_version_of_ours_is_read_by_the_columns_that_it_has(tmp_path: Path) -> None:
    with closing(old_ledger(tmp_path / "old.db", 1)) as connection:
        old_call(connection, "msg_1", Paid("", WEDNESDAY, 0).at_ms, 1234)
    report = team_of(tmp_path, anna=tmp_path / "old.db").report(WEEK)
    assert (report.total_nano, seat(report, "anna").trouble) == (1234, "")


def test_a_newer_version_of_ours_is_read_and_said(tmp_path: Path) -> None:
    file = put_calls(tmp_path / "anna.db", week_of_calls("a", 1000))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {LATEST + 4}")
        connection.execute("ALTER TABLE call ADD COLUMN mood TEXT")
        connection.commit()
    report = team_of(tmp_path, anna=file).report(WEEK)
    assert report.total_nano == 5005
    assert f"of a newer version of opencode-tui (schema {LATEST + 4}" in seat(report, "anna").trouble


def test_a_database_that_is_no_ledger_is_said(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE other (id)")
        connection.commit()
    report = team_of(tmp_path, anna=tmp_path / "other.db", ben=tmp_path / "none.db").report(WEEK)
    assert "is no ledger of opencode-tui's" in seat(report, "anna").trouble
    assert "none.db cannot be read (No such file or directory)" in seat(report, "ben").trouble


LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute(f"PRAGMA journal_mode = {sys.argv[2]}")
connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("BEGIN EXCLUSIVE")
connection.execute("UPDATE call SET amount_nano = 7 WHERE id LIKE 'a%'")
connection.execute("PRAGMA cache_spill = 1")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_ledger_that_another_process_holds_locked_stops_nothing_and_is_not_written_beside(
    tmp_path: Path, mode: str
) -> None:
    file = put_calls(tmp_path / "seats" / "anna.db", week_of_calls("a", 1000))
    team = team_of(tmp_path, anna=file)
    words = [sys.executable, "-c", LOCKER, str(file), mode]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as locker:
        assert locker.stdout is not None
        assert locker.stdout.readline() == b"locked\n"
        there = names_in(file.parent)
        report = team.report(WEEK)
        assert names_in(file.parent) == there
        assert report.total_nano in (0, 5005), "either its last state, or none"
        assert report.total_nano or seat(report, "anna").trouble
        locker.kill()
    put_calls(file, [])
    report = team.report(WEEK)
    assert (report.total_nano, seat(report, "anna").trouble) == (5005, "")


def test_the_own_ledger_is_a_seat_while_it_is_open(tmp_path: Path) -> None:
    file = put_calls(tmp_path / "own" / "ledger.db", week_of_calls("a", 1000))
    team = team_of(tmp_path, me=file)
    with closing(Ledger(file)) as ledger, ledger.writing() as connection:
        connection.execute("UPDATE call SET amount_nano = 7 WHERE id LIKE 'a%'")
        assert team.report(WEEK).total_nano == 5005
    assert team.report(WEEK).total_nano == 70


def test_calls_that_are_still_in_the_write_ahead_log_count(tmp_path: Path) -> None:
    file = put_calls(tmp_path / "anna.db", week_of_calls("a", 1000))
    copy = tmp_path / "copied" / "anna.db"
    copy.parent.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE call SET amount_nano = 2000 WHERE id = 'a_2026-05-11_0'")
        for end in ("", "-wal"):
            shutil.copy(f"{file}{end}", f"{copy}{end}")
        assert team_of(tmp_path, anna=copy).report(WEEK).total_nano == 6005
    assert names_in(copy.parent) == ["anna.db", "anna.db-wal"]


def test_only_a_file_that_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("anna", "ben"):
        put_calls(tmp_path / "seats" / f"{name}.db", week_of_calls(name, 1000), machine=name)
    shutil.copy(tmp_path / "seats" / "anna.db", tmp_path / "seats" / "older.db")
    put_calls(tmp_path / "seats" / "anna.db", [Paid("x", WEDNESDAY, 1)], machine="anna")
    team = team_of(tmp_path, team=tmp_path / "seats")
    first = team.report(WEEK)
    read = watched(monkeypatch)
    with monkeypatch.context() as context:
        context.setattr(merging, "read_days", lambda *_: pytest.fail("calls were read again"))
        assert team.report(WEEK) == first
    assert read == []
    put_calls(tmp_path / "seats" / "ben.db", [Paid("y", WEDNESDAY, 10)], machine="ben")
    assert team.report(WEEK).total_nano == first.total_nano + 10
    assert read == ["ben.db"]


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are collected from now on."""
    read: list[str] = []
    put = CollectedStore.put

    def noted(self: CollectedStore, file: CollectedFile, *rest: Any) -> CollectedFile:
        read.append(Path(file.path).name)
        return put(self, file, *rest)

    monkeypatch.setattr(CollectedStore, "put", noted)
    return read


def test_a_file_that_is_gone_from_a_folder_goes_on_counting_and_a_renamed_one_counts_once(tmp_path: Path) -> None:
    for name in ("anna", "ben"):
        put_calls(tmp_path / "seats" / f"{name}.db", week_of_calls(name, 1000), machine=name)
    team = team_of(tmp_path, team=tmp_path / "seats")
    team.report(WEEK)
    (tmp_path / "seats" / "anna.db").rename(tmp_path / "seats" / "anne.db")
    (tmp_path / "seats" / "ben.db").unlink()
    report = team.report(WEEK)
    assert {each.name: each.spend_nano for each in report.seats} == {"team/anne": 5005, "team/ben": 5005}
    assert "ben.db is gone from its folder" in seat(report, "team/ben").trouble


def test_a_folder_that_is_empty_or_gone_for_a_while_goes_on_counting(tmp_path: Path) -> None:
    for name in ("anna", "ben"):
        put_calls(tmp_path / "seats" / name / "ledger.db", week_of_calls(name, 1000), machine=name)
    team = team_of(tmp_path, team=tmp_path / "seats")
    first = team.report(WEEK)
    (tmp_path / "seats").rename(tmp_path / "elsewhere")
    gone = team.report(WEEK)
    assert gone.total_nano == first.total_nano == 10010
    assert "is gone from its folder" in seat(gone, "team/anna").trouble
    (tmp_path / "seats").mkdir()
    assert team.report(WEEK).total_nano == 10010
    (tmp_path / "seats").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "seats")
    assert [each.trouble for each in team.report(WEEK).seats] == ["", ""]


def test_a_file_that_the_settings_name_and_that_is_in_a_folder_too_counts_once(tmp_path: Path) -> None:
    anna = put_calls(tmp_path / "seats" / "anna.db", week_of_calls("a", 1000))
    put_calls(tmp_path / "seats" / "ben.db", week_of_calls("b", 1000), machine="other")
    report = team_of(tmp_path, anna=anna, crew=tmp_path / "seats").report(WEEK)
    assert {each.name: each.spend_nano for each in report.seats} == {"anna": 5005, "crew": 5005}
    assert not report.lower_bound


def test_a_seat_without_new_data_is_late_by_so_many_days(tmp_path: Path) -> None:
    file = put_calls(tmp_path / "anna.db", week_of_calls("a", 1000))
    friday_ms = NOW_MS - 3 * DAY_MS
    os.utime(file, ns=(friday_ms * 1_000_000, friday_ms * 1_000_000))
    found = seat(team_of(tmp_path, anna=file).report(WEEK), "anna")
    assert (found.last_sync_ms, found.late_days) == (friday_ms, 2), "up to the end of the week, not up to now"
    os.utime(file, ns=(NOW_MS * 1_000_000, NOW_MS * 1_000_000))
    assert seat(team_of(tmp_path, anna=file).report(WEEK), "anna").late_ms == 0


def test_titles_are_read_and_kept_only_of_a_seat_that_shares_them(tmp_path: Path) -> None:
    dear = [Paid("dear", WEDNESDAY, 2_000_000_000, "ses_9")]
    file = put_calls(tmp_path / "anna.db", dear, titles={"ses_9": 'Fix the "header"'})
    put_alert(file, "2026-05-13", "cutoff", '4× edits of Button.tsx in "Fix the "header"", about $0.20 a round')
    team = team_of(tmp_path, anna=file)
    found = seat(team.report(WEEK), "anna")
    assert found.cause == "4× edits of Button.tsx in a session, about $0.20 a round"
    assert found.sessions == ()
    assert b"header" not in (team.home / "team.db").read_bytes()
    team.share("sessions")
    (session,) = seat(team.report(WEEK), "anna").sessions
    assert (session.id, session.title, session.spend_nano) == ("ses_9", "", 2_000_000_000)
    team.share("titles")
    found = seat(team.report(WEEK), "anna")
    assert found.sessions[0].title == 'Fix the "header"'
    assert '"Fix the "header""' in found.cause
    assert [day.isoformat() for day in found.over_cutoff] == ["2026-05-13"]
