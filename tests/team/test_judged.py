"""Eight seats' ledgers in a folder, and what can be wrong with them, in one report."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from opencode_tui.analysis.report_periods import parse_week
from opencode_tui.clock import MINUTE_MS
from tests.support.seats import NOW_MS, Paid, own_digest, put_calls, seat, team_of, week_of_calls

WEEK = parse_week("2026-W20")
NAMES = ("anna", "ben", "carl", "dora", "emil", "finn", "gina", "hugo")
COSTS = {name: 100_000_001 + 1_000_003 * number for number, name in enumerate(NAMES)}
OF_WEEK = {name: 5 * (cost + 1) for name, cost in COSTS.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight ledgers, each of a seat of its own."""
    place = tmp_path / "synced"
    for name, cost in COSTS.items():
        put_calls(place / f"{name}.db", week_of_calls(name, cost), machine=f"{name}s-laptop")
    return place


def synced(file: Path, ms: int = NOW_MS - 5 * MINUTE_MS) -> None:
    """The file was last written at that moment."""
    os.utime(file, ns=(ms * 1_000_000, ms * 1_000_000))


def test_eight_seats_in_a_folder_with_all_that_can_be_wrong(folder: Path, tmp_path: Path) -> None:
    older = folder / "ben-may.db"
    shutil.copy(folder / "ben.db", older)
    put_calls(folder / "ben.db", [Paid("ben_late", "2026-05-16 10:00", 77)], machine="bens-laptop")
    shutil.copy(folder / "anna.db", folder / "anna (1).db")
    team = team_of(tmp_path, team=folder)
    assert team.report(WEEK).total_nano == sum(OF_WEEK.values()) + 77

    cut = (folder / "carl.db").read_bytes()
    (folder / "carl.db").write_bytes(cut[: len(cut) // 2])
    ahead = [Paid("dora_ahead", "2026-05-19 08:50", 1_230_000_000)]
    put_calls(folder / "dora.db", ahead, machine="doras-laptop")
    for file in folder.iterdir():
        synced(file)
    report = team.report(WEEK)

    assert report.total_nano == sum(each.spend_nano for each in report.seats) == sum(OF_WEEK.values()) + 77
    assert {each.name: each.spend_nano for each in report.seats} == {
        f"team/{name}": nano + 77 * (name == "ben") for name, nano in OF_WEEK.items()
    }
    troubles = {each.name.removeprefix("team/"): each.trouble for each in report.seats if each.trouble}
    assert set(troubles) == {"anna", "ben", "carl", "dora"}
    assert "anna (1).db is the same ledger as anna.db" in troubles["anna"]
    assert "ben-may.db is an older copy of ben.db: the 10 calls" in troubles["ben"]
    assert "carl.db is half-copied" in troubles["carl"]
    assert "what was read of it on Mon 18 May 09:00 is counted" in troubles["carl"]
    assert troubles["dora"].startswith("its clock is 24 h ahead, or was: $1.23 stands on Tue 19 May")
    for name in ("anna", "ben", "emil"):
        assert seat(report, f"team/{name}").digest == own_digest(folder / f"{name}.db", WEEK)


def test_a_half_copied_ledger_that_was_never_whole_counts_nothing_and_stops_nothing(
    folder: Path, tmp_path: Path
) -> None:
    whole = (folder / "carl.db").read_bytes()
    (folder / "carl.db").write_bytes(whole[: len(whole) // 3])
    team = team_of(tmp_path, team=folder)
    report = team.report(WEEK)
    assert report.total_nano == sum(OF_WEEK.values()) - OF_WEEK["carl"]
    assert "nothing of it is counted" in seat(report, "team/carl").trouble
    (folder / "carl.db").write_bytes(whole)
    report = team.report(WEEK)
    assert report.total_nano == sum(OF_WEEK.values())
    assert seat(report, "team/carl").trouble == ""


def test_calls_of_a_clock_that_is_ahead_stand_on_their_own_days(folder: Path, tmp_path: Path) -> None:
    put_calls(folder / "dora.db", [Paid("dora_ahead", "2026-05-19 08:50", 5)], machine="doras-laptop")
    report = team_of(tmp_path, team=folder).report(parse_week("2026-W21"))
    assert [(each.day.isoformat(), each.spend_nano) for each in seat(report, "team/dora").days] == [("2026-05-19", 5)]
