"""Looking up what the ledger has of the calls of a batch: the same answer by a range of ids as by each id."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing

import pytest

from opencode_tui.ledger.copies import moments_with_copies
from opencode_tui.ledger.writing import final_calls


@pytest.fixture
def ledger() -> Iterator[sqlite3.Connection]:
    """The columns that the lookups read."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("""
          CREATE TABLE call (
            id TEXT PRIMARY KEY, created_ms INTEGER, completed_ms INTEGER, missing TEXT, copied INTEGER
          );
          CREATE INDEX call_copied ON call(created_ms) WHERE copied = 1;
        """)
        yield connection


def fill(ledger: sqlite3.Connection, ids: Sequence[str], *, copied: bool = False) -> None:
    """Completed calls with these ids, one a millisecond."""
    rows = [(id, number, number, None, copied) for number, id in enumerate(ids)]
    ledger.executemany("INSERT INTO call VALUES (?, ?, ?, ?, ?)", rows)


def statements(ledger: sqlite3.Connection) -> list[str]:
    """The statements that run from now on."""
    seen: list[str] = []
    ledger.set_trace_callback(seen.append)
    return seen


def test_a_batch_below_all_calls_is_looked_up_by_its_range_alone(ledger: sqlite3.Connection) -> None:
    fill(ledger, ["msg_5", "msg_6"])
    seen = statements(ledger)
    assert final_calls(ledger, ["msg_4", "msg_3"]) == frozenset()
    assert [("BETWEEN" in each, "json_each" in each) for each in seen] == [(True, False)]


@pytest.mark.parametrize("id", ["msg_5", "msg_é", "msg_\U0001f600", "msg_\uffee", 'msg_"', "msg_\\"])
def test_a_call_in_the_ledger_is_found_at_either_end_of_a_batch_and_within(ledger: sqlite3.Connection, id: str) -> None:
    fill(ledger, [id])
    for batch in ([id], [id, "msg_1"], ["msg_1", id, "msg_\U0001f601"], ["msg_\uffef", id], [id, "msg_\U00010000"]):
        assert final_calls(ledger, batch) == {id}


def test_an_empty_batch_has_no_known_call(ledger: sqlite3.Connection) -> None:
    fill(ledger, ["msg_5"])
    assert final_calls(ledger, []) == frozenset()
    assert moments_with_copies(ledger, []) == []


def test_few_copies_around_a_batch_are_read_as_a_range(ledger: sqlite3.Connection) -> None:
    fill(ledger, ["msg_1", "msg_2", "msg_3"], copied=True)
    seen = statements(ledger)
    assert moments_with_copies(ledger, range(1, 100)) == [1, 2]
    assert moments_with_copies(ledger, range(5, 100)) == []
    assert not any("json_each" in each for each in seen)


@pytest.mark.parametrize("step", [1, 3])
def test_many_copies_around_a_batch_are_looked_up_by_its_moments(ledger: sqlite3.Connection, step: int) -> None:
    fill(ledger, [f"msg_{number}" for number in range(500)], copied=True)
    moments = list(range(-20, 600, step))
    assert moments_with_copies(ledger, moments) == [each for each in moments if 0 <= each < 500]
