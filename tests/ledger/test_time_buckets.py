"""What is spent over time is read from buckets by day and by hour, and is the same as from the quarters of an hour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from opencode_tui.clock import HOUR_MS, calendar_for
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.buckets import make_bucket
from opencode_tui.ledger.sums import BUCKET_QUARTERS, QUARTER_MS
from opencode_tui.readings.breakdown import read_breakdown
from opencode_tui.readings.context import Context
from opencode_tui.readings.history import read_history
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.breakdown import Breakdown
from opencode_tui.records.history import HistoryView
from opencode_tui.records.requests import BreakdownRequest, Filter, HistoryRequest
from tests.support.watched import NOON, Watched

BUCKET_MS = BUCKET_QUARTERS * QUARTER_MS
FIRST = NOON // BUCKET_MS - 4
START = FIRST * BUCKET_MS + 5 * HOUR_MS
NOW = START + 4 * BUCKET_MS
CALLS = 60
BERLIN = "Europe/Berlin"  # its clocks are changed in one of the buckets
BY = (("hour",), ("weekday",), ("day",), ("week",), ("month",), ("weekday", "hour"), ("day", "weekday"))
WHERE: tuple[tuple[Filter, ...], ...] = (
    (),
    (Filter("weekday", ("mon", "sun")),),
    (Filter("hour", ("9", "10")),),
    (Filter("model", ("kimi",)),),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call every 37 hours and a half over more than three buckets, so that all hours and weekdays have some."""
    watched = Watched(tmp_path_factory.mktemp("filled") / "ledger.db", now=NOW)
    for number in range(CALLS):
        at = START + number * 37 * HOUR_MS + number * HOUR_MS // 2
        session, turn = f"ses_{number % 7}", f"turn {number // 2}"
        model = ("opencode/kimi-k2.6", "anthropic/opus")[number % 2]
        error = "ProviderError" if number % 9 == 0 else None
        watched.call(session, "0.01", at=at, turn=turn, model=model, tools=[("edit", "a.py")], error=error)
    settle_turns(watched.ledger)
    watched.ledger.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    watched.ledger.close()
    return watched.path


@pytest.fixture
def watched(filled: Path, tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(Path(copyfile(filled, tmp_path / "ledger.db")), now=NOW)
    yield watched
    watched.ledger.close()


def make_all(watched: Watched, zone: str) -> None:
    while make_bucket(watched.ledger, NOW, calendar_for(zone)):
        pass


def read(watched: Watched, by: tuple[str, ...], zone: str, where: tuple[Filter, ...] = ()) -> Breakdown:
    context = Context(watched.ledger.connection, NOW, Settings(timezone=zone))
    return read_breakdown(BreakdownRequest(by, "all", where=where), context)


def history(watched: Watched, zone: str) -> HistoryView:
    return read_history(HistoryRequest(), Context(watched.ledger.connection, NOW, Settings(timezone=zone)))


@pytest.mark.parametrize("zone", ["UTC", BERLIN, "Asia/Kathmandu"])
def test_all_times_have_the_same_measures_from_buckets_and_from_quarters(watched: Watched, zone: str) -> None:
    asked = [(by, where) for by in (*BY, ()) for where in WHERE]
    before = [read(watched, by, zone, where) for by, where in asked], history(watched, zone)
    make_all(watched, zone)
    assert ([read(watched, by, zone, where) for by, where in asked], history(watched, zone)) == before
    assert before[0][0].totals.calls == CALLS and before[0][0].totals.errors == 7


@pytest.mark.parametrize("by", [*BY[:5], BY[6]])
def test_days_and_hours_of_whole_buckets_are_not_read_from_quarters(watched: Watched, by: tuple[str, ...]) -> None:
    make_all(watched, BERLIN)
    expected = read(watched, by, BERLIN), history(watched, BERLIN)
    for table in ("call_sum", "task_sum"):
        watched.ledger.connection.execute(f"DELETE FROM {table} WHERE quarter / ? = ?", (BUCKET_QUARTERS, FIRST + 1))
    assert (read(watched, by, BERLIN), history(watched, BERLIN)) == expected
    assert read(watched, by, "UTC").totals.calls < CALLS
    assert read(watched, by, BERLIN, WHERE[3]).totals.calls < expected[0].totals.calls / 2


def test_two_zones_keep_their_buckets_beside_each_other(watched: Watched) -> None:
    for zone in ("UTC", BERLIN):
        make_all(watched, zone)
    assert not make_bucket(watched.ledger, NOW, calendar_for("UTC"))
    kept = {row[0] for row in watched.ledger.connection.execute("SELECT part FROM bucket WHERE part LIKE '% %'")}
    assert len(kept) == 8 and {name.split()[2] for name in kept} == {"+00:00+00:00", "+01:00+02:00"}


def test_a_bucket_of_a_zone_that_had_other_rules_is_not_read_and_made_again(watched: Watched) -> None:
    make_all(watched, BERLIN)
    expected = read(watched, ("day",), BERLIN)
    connection = watched.ledger.connection
    connection.execute("UPDATE bucket SET keys = keys + 1 WHERE part LIKE '% day %'")
    connection.execute("UPDATE bucket_sum SET number = number + 40 WHERE part LIKE '% day %'")
    assert read(watched, ("day",), BERLIN) == expected
    make_all(watched, BERLIN)
    connection.execute("DELETE FROM call_sum WHERE quarter / ? = ?", (BUCKET_QUARTERS, FIRST + 1))
    assert read(watched, ("day",), BERLIN).rows == expected.rows


def test_a_call_of_the_past_is_in_its_day_at_once(watched: Watched) -> None:
    make_all(watched, BERLIN)
    before = {row.keys[0]: row.measures.calls for row in read(watched, ("hour",), BERLIN).rows}
    watched.call("late", id="msg_late", at=NOON - 60 * 24 * HOUR_MS, cost="7")
    rows = {row.keys[0]: row.measures.calls for row in read(watched, ("hour",), BERLIN).rows}
    assert rows == before | {"13": before["13"] + 1}
    assert max(day.spend_nano for day in history(watched, BERLIN).days) == 7 * 10**9 + 10**7


def test_turns_classified_again_leave_their_days_by_task_only(watched: Watched) -> None:
    make_all(watched, "UTC")
    watched.call("ses_1", id="msg_new", at=NOW)
    settle_turns(watched.ledger)
    kept = {row[0].partition(" ")[0] for row in watched.ledger.connection.execute("SELECT part FROM bucket")}
    assert kept == {"call", "tool", "tools"}
    assert read(watched, ("hour",), "UTC").totals.edit_turns == CALLS
