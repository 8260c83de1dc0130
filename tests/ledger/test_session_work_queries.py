"""The calls of a session come by turn and in order, however their rows lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.ledger.session_work_queries import CallsOfSession, calls_of_sessions
from tests.support.watched import NOON, Watched


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path / "ledger.db")
    yield watched
    watched.ledger.close()


def read(watched: Watched) -> CallsOfSession:
    (session,) = calls_of_sessions(watched.ledger.connection, ["ses_1", "unknown"])
    return session


def turns_of(session: CallsOfSession) -> dict[str, tuple[list[str], list[str]]]:
    return {
        id: ([call.id for call in calls], [use.target for use in uses]) for id, (calls, uses) in session.turns.items()
    }


def test_turns_that_take_each_other_up_again_have_all_their_calls(watched: Watched) -> None:
    for number, turn in enumerate("abacbc"):
        watched.call("ses_1", turn=turn, tools=[("bash", f"make {number}")], agent="plan" if turn == "b" else "build")
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE call SET turn_id = NULL WHERE turn_id = 'c'")
    session = read(watched)
    assert turns_of(session) == {
        "a": (["msg_000001", "msg_000003"], ["make 0", "make 2"]),
        "b": (["msg_000002", "msg_000005"], ["make 1", "make 4"]),
        "": (["msg_000004", "msg_000006"], ["make 3", "make 5"]),
    }
    assert [call.turn_id for call in session.calls] == ["a", "b", "a", "", "b", ""]
    assert [call.agent for call in session.calls] == ["build", "plan", "build", "build", "plan", "build"]


def test_calls_of_one_moment_and_uses_of_one_call_are_in_the_order_of_their_ids(watched: Watched) -> None:
    for number in range(3):
        watched.call("ses_1", turn="a", at=NOON, tools=[("bash", f"make {number}.{use}") for use in range(3)])
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE tool SET call_id = 'msg_9' || call_id WHERE call_id LIKE 'msg_%1'")
        connection.execute("UPDATE call SET id = 'msg_9' || id WHERE id LIKE 'msg_%1'")
    calls, targets = turns_of(read(watched))["a"]
    assert calls == ["msg_000002", "msg_000003", "msg_9msg_000001"]
    assert targets == [f"make {number}.{use}" for number in (1, 2, 0) for use in range(3)]


def test_a_session_of_copies_has_no_work(watched: Watched) -> None:
    watched.call("ses_1", tools=[("bash", "make")])
    with watched.ledger.writing() as connection:
        connection.execute("UPDATE call SET copied = 1, copied_from = 'msg_000009'")
    assert list(calls_of_sessions(watched.ledger.connection, ["ses_1"])) == []
