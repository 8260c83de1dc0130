"""Buckets of four weeks are read in place of the sums of their time, and are left when these change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.clock import DAY_MS, EVER, HOUR_MS, Span
from opencode_tui.ledger import buckets
from opencode_tui.ledger.breakdown_queries import breakdown, keys_of
from opencode_tui.ledger.buckets import make_bucket
from opencode_tui.ledger.selection import NamedSpan, Selection
from opencode_tui.ledger.sums import BUCKET_QUARTERS, QUARTER_MS
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.turn_settling import settle_turns
from opencode_tui.records.breakdown import BreakdownRow
from tests.support.watched import NOON, Watched

BUCKET_MS = BUCKET_QUARTERS * QUARTER_MS
FIRST = NOON // BUCKET_MS
NOW = NOON + 5 * BUCKET_MS
BY = ("model", "tool", "task", "project", "kind")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """A ledger with two calls in each of three buckets and one in today's, all of one session that began first."""
    watched = Watched(tmp_path / "ledger.db")
    watched.session("ses_1")
    for number in (0, 1, 2, 5):
        for hour in range(2 if number < 5 else 1):
            at = NOON + number * BUCKET_MS + hour * HOUR_MS
            watched.call(at=at, cost="0.01", tools=[("bash", "make")], turn=f"turn {number}")
    settle_turns(watched.ledger)
    yield watched
    watched.ledger.close()


def kept(watched: Watched) -> set[tuple[str, int]]:
    """(part, how many buckets after the first) of each bucket that is not by time."""
    rows = watched.ledger.connection.execute("SELECT part, number FROM bucket WHERE part NOT LIKE '% %'")
    return {(part, number - FIRST) for part, number in rows}


def make_all(watched: Watched) -> None:
    while make_bucket(watched.ledger, NOW):
        pass


def rows(watched: Watched, by: str, span: Span = EVER) -> list[BreakdownRow]:
    selection = Selection((NamedSpan((), span),), (by,))
    return breakdown(watched.ledger.connection, selection, root_of={}, details=True)


def of_calls(watched: Watched, by: str, span: Span = EVER) -> list[BreakdownRow]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "_PARTS", ())
        return rows(watched, by, span)


def test_the_past_has_buckets_and_the_time_of_today_none(watched: Watched) -> None:
    make_all(watched)
    assert kept(watched) == {(part, number) for part in ("call", "tool", "tools", "task") for number in range(3)}
    assert not make_bucket(watched.ledger, NOW)


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("span", [EVER, Span(NOON + HOUR_MS, NOW + DAY_MS), Span(NOON, NOON + BUCKET_MS)])
def test_a_period_has_the_same_measures_from_buckets_and_from_quarters(watched: Watched, by: str, span: Span) -> None:
    expected = of_calls(watched, by, span)
    make_all(watched)
    assert rows(watched, by, span) == expected


def test_a_long_period_reads_the_quarters_of_its_edges_only(watched: Watched) -> None:
    make_all(watched)
    watched.ledger.connection.execute("DELETE FROM call_sum WHERE quarter / ? = ?", (BUCKET_QUARTERS, FIRST + 1))
    assert [row.measures.calls for row in rows(watched, "model")] == [7]
    assert [row.measures.calls for row in rows(watched, "model", Span(NOON + HOUR_MS, NOW + DAY_MS))] == [6]
    assert keys_of(watched.ledger.connection, Selection((NamedSpan((), EVER),), ("project",))) == ["/home/dev/shop"]


def test_a_call_in_the_past_leaves_its_bucket_alone_behind(watched: Watched) -> None:
    make_all(watched)
    watched.call(session="ses_2", at=NOON + BUCKET_MS, model="anthropic/opus", cost="5")
    assert {number for _, number in kept(watched)} == {0, 2}
    assert {row.keys[0]: row.measures.calls for row in rows(watched, "model")} == {
        "opencode/kimi-k2.6": 7,
        "anthropic/opus": 1,
    }
    settle_turns(watched.ledger)
    make_all(watched)
    assert {number for _, number in kept(watched)} == {0, 1, 2}
    assert {row.keys[0]: row.measures.spend_nano for row in rows(watched, "model")}["anthropic/opus"] == 5 * 10**9


def test_a_call_of_today_in_an_old_session_leaves_only_what_its_turns_were_for(watched: Watched) -> None:
    make_all(watched)
    watched.call(at=NOW)
    assert len(kept(watched)) == 12
    settle_turns(watched.ledger)
    assert kept(watched) == {(part, number) for part in ("call", "tool", "tools") for number in range(3)}


def test_turns_that_are_not_classified_have_no_bucket_by_task(watched: Watched) -> None:
    watched.call(session="ses_2", at=NOON + BUCKET_MS)
    make_all(watched)
    assert ("task", 1) not in kept(watched)
    assert ("task", 2) in kept(watched)


def test_nor_have_those_whose_sums_by_task_are_not_made_yet(watched: Watched) -> None:
    watched.call(session="ses_2", at=NOON + BUCKET_MS)
    settle_findings(watched.ledger, {})
    make_all(watched)
    assert ("task", 1) not in kept(watched)
    settle_turns(watched.ledger)
    make_all(watched)
    assert ("task", 1) in kept(watched)


@pytest.mark.parametrize("column", ["project", "unattended", "parent_id"])
def test_a_session_that_moves_leaves_the_buckets_in_which_it_is(watched: Watched, column: str) -> None:
    watched.call(session="ses_2", at=NOON + BUCKET_MS)
    watched.session("ses_2", project="/home/dev/other")
    make_all(watched)
    watched.ledger.connection.execute("UPDATE session SET title = 'renamed', directory = '/elsewhere'")
    assert len({number for _, number in kept(watched)}) == 3
    watched.ledger.connection.execute(f"UPDATE session SET {column} = '1' WHERE id = 'ses_2'")
    assert {number for _, number in kept(watched)} == {0, 2}


def test_a_session_that_is_found_after_its_calls_names_their_project(watched: Watched) -> None:
    watched.call(session="late", at=NOON, directory="/tmp/clone")
    make_all(watched)
    assert {row.keys[0] for row in rows(watched, "project")} == {"/home/dev/shop", "/tmp/clone"}
    watched.session("late", project="/home/dev/clone")
    assert {row.keys[0] for row in rows(watched, "project")} == {"/home/dev/shop", "/home/dev/clone"}


def test_buckets_by_other_rules_for_a_sessions_kind_are_made_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_all(watched)
    monkeypatch.setattr(buckets, "_KEYS_NOW", 7)
    assert rows(watched, "kind") == of_calls(watched, "kind")
    make_all(watched)
    assert watched.ledger.connection.execute(
        "SELECT DISTINCT keys FROM bucket WHERE part IN ('call', 'tool', 'task')"
    ).fetchall() == [(7,)]


def test_equal_speeds_are_kept_once_with_their_number(watched: Watched) -> None:
    expected = of_calls(watched, "model")
    make_all(watched)
    (speeds,) = watched.ledger.connection.execute(
        "SELECT speeds FROM bucket_sum WHERE part = 'call' LIMIT 1"
    ).fetchone()
    assert speeds.endswith("*2") and "," not in speeds
    assert expected[0].measures.seconds == rows(watched, "model")[0].measures.seconds
