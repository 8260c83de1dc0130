"""Another process that looks at a part of the sessions finds what this one would, or this one does."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opencode_tui.ledger.ledger import Ledger
from opencode_tui.readings import finding_settling, look_ahead, session_look
from opencode_tui.readings.finding_settling import settle_findings
from opencode_tui.readings.look_process import KnownLimits
from opencode_tui.readings.turn_settling import settle_turns
from tests.support.watched import Limits, Watched

Rows = dict[str, list[tuple[object, ...]]]
TABLES = ("finding", "turn", "task_sum", "changed_work")
SESSIONS = 8


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A few sessions are enough for a process, and for several portions."""
    monkeypatch.setattr(look_ahead, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(look_ahead, "_cores", lambda: 2)
    monkeypatch.setattr(finding_settling, "_AT_ONCE", 2)
    watched = Watched(tmp_path / "ledger.db")
    for session in range(SESSIONS):
        write_session(watched, f"ses_{session}")
    yield watched
    watched.ledger.close()


def write_session(watched: Watched, id: str) -> None:
    watched.session(id, "Root")
    watched.session(f"{id}_a", "Deeper", parent=id)
    watched.session(f"{id}_b", "Deepest", parent=f"{id}_a")
    for number in range(4):
        watched.call(id, "0.20", turn=f"{id}_{number}", tools=[("edit", "src/a.ts"), ("read", "src/b.ts")])
        watched.call(f"{id}_a", "0.01", tools=[("read", "src/a.ts")], context=90_000)
        watched.call(f"{id}_b", "0.02", tools=[("read", "src/a.ts")])


def rows(watched: Watched) -> Rows:
    return {name: watched.ledger.connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}


def settled(watched: Watched) -> Rows:
    settle_findings(watched.ledger, {}, Limits())
    settle_turns(watched.ledger)
    return rows(watched)


def alone(watched: Watched) -> Rows:
    """What this process finds by itself."""
    with watched.ledger.writing() as connection:
        for part in ("turns", "findings"):
            connection.execute("INSERT INTO changed_work SELECT DISTINCT ?, session_id FROM session_sum", (part,))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(look_ahead, "WORTH_A_PROCESS", 10**9)
        return settled(watched)


@pytest.fixture
def own_looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sessions that this process has looked at."""
    seen: list[str] = []
    look = session_look.Look.at

    def noted(self: session_look.Look, connection: sqlite3.Connection, ids: list[str]) -> session_look.Looked:
        seen.extend(ids)
        return look(self, connection, ids)

    monkeypatch.setattr(session_look.Look, "at", noted)
    return seen


def test_it_finds_what_this_process_would(watched: Watched, own_looks: list[str]) -> None:
    both = settled(watched)
    assert 0 < len(own_looks) < 3 * SESSIONS, "the other process had its part"
    assert {row[1] for row in both["finding"]} >= {"redesign_loop", "nested_subagents"}
    assert not both["changed_work"] and len(both["turn"]) == 12 * SESSIONS
    assert both == alone(watched)


def test_this_process_looks_itself_where_the_other_one_stops_or_cannot_start(
    watched: Watched, own_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start = look_ahead._start

    def killed() -> object:
        process = start()
        os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr(look_ahead, "_start", killed)
    first = settled(watched)
    assert len(own_looks) == 3 * SESSIONS
    monkeypatch.setattr(look_ahead, "_start", start)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert first == alone(watched)


def test_what_it_found_is_not_kept_once_somebody_else_has_written(
    watched: Watched, own_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other, begin = Ledger(watched.path), Ledger._begin
    written: list[str] = []

    def begun(self: Ledger) -> None:
        if self is watched.ledger and own_looks and not written:
            other.connection.execute("UPDATE call SET agent = 'plan' WHERE id = 'msg_000001'")
            written.append("once")
        begin(self)

    monkeypatch.setattr(Ledger, "_begin", begun)
    settle_findings(watched.ledger, {}, Limits())
    other.close()
    assert written
    assert len(own_looks) == 3 * SESSIONS


def test_few_sessions_and_a_single_core_are_not_worth_a_process(
    watched: Watched, own_looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_ahead, "_cores", lambda: 1)
    settled(watched)
    assert len(own_looks) == 3 * SESSIONS
    monkeypatch.undo()
    with look_ahead.other_process(look_ahead.WORTH_A_PROCESS - 1) as process:
        assert process is None


def test_limits_that_were_looked_up_are_the_limits() -> None:
    limits = KnownLimits([("a/b", "", 7), ("a/b", "/home", 8)])
    assert (limits.context_limit("a", "b"), limits.context_limit("a", "b", "/home")) == (7, 8)
    assert limits.context_limit("a", "c") is None
