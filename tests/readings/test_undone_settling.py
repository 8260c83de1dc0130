"""What was undone in OpenCode, as the ledger knows it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from opencode_tui.clock import EVER, Span
from opencode_tui.config.settings import Settings
from opencode_tui.ledger.changed_work import sessions_behind
from opencode_tui.ledger.known_undone import note_seen_again
from opencode_tui.ledger.period_work_queries import shares_of_sessions
from opencode_tui.ledger.report_queries import calls_in_no_row, calls_of_deleted
from opencode_tui.readings.undone_settling import settle_undone
from opencode_tui.records.cost_report import Aside
from opencode_tui.records.reconciliation import Agreement, Standing
from tests.stores import V1, V2
from tests.support.ledgers import reader
from tests.support.reconciled import causes_of, compared
from tests.support.watched import DAY_START, NOON, Watched

DAY = Span(DAY_START, NOON + 3_600_000)
CENT = 10_000_000


class Store:
    """A store that still has some messages, and counts how often it is asked."""

    def __init__(self, **ids: set[str]) -> None:
        self._ids, self.asked = ids, 0

    def message_ids(self, session_id: str) -> frozenset[str] | None:
        return frozenset(self._ids[session_id]) if session_id in self._ids else None

    def shown_ids(self, session_id: str) -> frozenset[str] | None:
        self.asked += 1
        return frozenset(self._ids[session_id]) if session_id in self._ids else None

    def prompts(self, session_id: str, turn_ids: Sequence[str]) -> Mapping[str, str]:
        return {}

    def standing(self, agreement: Agreement | None = None) -> tuple[tuple[Standing, ...], tuple[str, ...]]:
        return (), ()

    def store_keys(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(), frozenset()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    for cost, at in (("0.10", NOON), ("0.200000001", NOON), ("0.40", DAY_START - 1)):
        watched.call("ses_1", cost, at=at)
    watched.call("ses_2", "0.05", at=NOON)
    see_again(watched, "ses_1", "ses_2")
    yield watched
    watched.ledger.close()


def see_again(watched: Watched, *sessions: str) -> None:
    with watched.ledger.writing() as connection:
        note_seen_again(connection, sessions)


def undone(watched: Watched) -> dict[str, tuple[int, int]]:
    """(nano-dollars, calls) that are known to be undone in the day, by session; beside the spend stands the same."""
    shares = shares_of_sessions(watched.ledger.connection, DAY)
    found = {each.id: (each.undone_nano, each.undone_calls) for each in shares if each.undone_calls}
    nano, calls = (sum(each[place] for each in found.values()) for place in (0, 1))
    assert calls_in_no_row(watched.ledger.connection, DAY)["undone"] == Aside(calls, nano)
    return found


def test_calls_that_the_store_lacks_are_undone_if_it_has_their_session(watched: Watched) -> None:
    settle_undone(watched.ledger, Store(ses_1={"msg_000001"}))
    assert undone(watched) == {"ses_1": (20 * CENT + 1, 1)}
    assert not sessions_behind(watched.ledger.connection, "undone")


def test_it_is_known_without_the_store_and_until_the_session_changes_again(watched: Watched) -> None:
    assert undone(watched) == {}
    settle_undone(watched.ledger, Store(ses_1={"msg_000001"}))
    settle_undone(watched.ledger, None)
    whole = Store(ses_1={"msg_000001", "msg_000002", "msg_000003"})
    settle_undone(watched.ledger, whole)
    assert whole.asked == 0 and undone(watched) == {"ses_1": (20 * CENT + 1, 1)}
    see_again(watched, "ses_1")
    settle_undone(watched.ledger, whole)
    assert whole.asked == 1 and undone(watched) == {}


def test_of_a_session_that_was_deleted_later_it_stays_known(watched: Watched) -> None:
    watched.session("ses_1")
    settle_undone(watched.ledger, Store(ses_1={"msg_000001"}))
    see_again(watched, "ses_1")
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE session SET present = 0")
    settle_undone(watched.ledger, Store())
    assert undone(watched) == {"ses_1": (20 * CENT + 1, 1)}
    assert calls_of_deleted(watched.ledger.connection, DAY) == Aside(1, 10 * CENT)


def test_what_stands_in_no_row_is_undone_by_itself_and_counts_once(watched: Watched) -> None:
    watched.call("ses_1", "0.07", agent="undone", at=NOON, id="ses_1.unlisted.1")
    see_again(watched, "ses_1")
    settle_undone(watched.ledger, Store(ses_1={"msg_000001", "msg_000002", "msg_000003"}))
    assert undone(watched) == {"ses_1": (7 * CENT, 1)}


def test_a_session_without_calls_is_not_asked_for(watched: Watched) -> None:
    see_again(watched, "new")
    assert "new" not in sessions_behind(watched.ledger.connection, "undone")


@pytest.mark.parametrize(("make", "table"), [(V1, "session"), (V2, "session_v2")])
def test_what_is_taken_back_is_undone_before_the_next_prompt_and_until_a_redo(
    make: type[V1] | type[V2], table: str, tmp_path: Path
) -> None:
    store = make(tmp_path)
    before, session = store.session("Given up"), store.session("Wrong way")
    given_up = store.prompt(before)
    store.call(before, cost="0.01", turn=given_up)
    store.revert(before, given_up, pending=True)
    store.call(session, cost="0.05")
    first = store.prompt(session)
    store.call(session, cost="0.10", turn=first)
    store.call(session, cost="0.200000001")
    read = reader(store.data_dir, settings=Settings(timezone="UTC"))

    def undone_nano() -> int:
        while read.poll():
            pass
        settle_undone(read.ledger, read.sync.answers)
        share, first = shares_of_sessions(read.ledger.connection, EVER)
        assert first.undone_nano == CENT, "it was taken back before the store was read for the first time"
        return share.undone_nano

    assert undone_nano() == 0
    store.revert(session, first, pending=True)
    assert undone_nano() == 30 * CENT + 1
    assert "undone" not in causes_of(compared(read)), "OpenCode still adds it up"
    assert calls_in_no_row(read.ledger.connection, EVER)["undone"] == Aside(0, 0), "and has its row"
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute(
            f"UPDATE {table} SET revert = NULL, time_updated = time_updated + 1 WHERE id = ?", (session,)
        )
    assert undone_nano() == 0
    read.close()
