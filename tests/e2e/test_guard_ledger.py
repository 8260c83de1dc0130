"""The guard on the real OpenCode 1.18.34 while its ledger cannot be read, or is read by others."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from opencode_tui.money import NANO
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.server import until

pytestmark = pytest.mark.e2e


@pytest.fixture
def opencode(install: Install) -> OpenCode:
    return install(LATEST)


@pytest.fixture
def guard(opencode: OpenCode) -> Guarded:
    """Its day is past the cutoff."""
    guard = Guarded(opencode)
    guard.install(cutoff=1)
    guard.spend(NANO)
    return guard


@contextmanager
def locked(guard: Guarded, *, alone: bool) -> Iterator[sqlite3.Connection]:
    """A writer in the ledger; `alone` keeps readers out as well, which needs that nobody has it open."""
    with closing(sqlite3.connect(guard.ledger, isolation_level=None)) as connection:
        if alone:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("UPDATE machine SET name = name")
        yield connection
        connection.execute("COMMIT")
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("SELECT count(*) FROM machine").fetchone()  # gives the lock away


def test_a_writer_in_the_ledger_lets_no_call_pass(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    with locked(guard, alone=False), opencode.serve() as server:
        server.prompt(server.new_session(), "hello")
        assert model.asked == 0
    assert not guard.trouble_file.exists() or "ledger" not in guard.noted()


def test_a_ledger_that_is_locked_at_the_start_lets_calls_pass_and_that_is_said_until_it_can_be_read(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    with locked(guard, alone=True):
        server_of = opencode.serve()
        server = server_of.__enter__()
        session = server.new_session()
        server.prompt(session, "hello")
        assert model.asked
        assert guard.noted()["ledger"]["held"] is False
    try:
        assert "the guard does not hold: the ledger " in guard.alerts()
        assert "not guarded: " in guard.do("status")
        asked = model.asked
        server.prompt(session, "hello")
        assert model.asked == asked
        until(lambda: guard.do("status").startswith("guarded: "), "the trouble stays")
    finally:
        server_of.__exit__(None, None, None)


def is_made(guard: Guarded) -> bool:
    """The ledger is there, and holds what the store does."""
    try:
        return guard.held_nano() > 0
    except sqlite3.OperationalError:
        return False


def test_a_ledger_that_is_gone_is_made_again(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    opencode.run("hello")  # held
    guard.do("lift", "--for", "30m")
    opencode.run("hello")
    guard.do("lift", "--off")
    guard.set(cutoff=0.001)
    guard.do("status")
    for file in guard.ours.glob("ledger.db*"):
        file.unlink()
    with opencode.serve() as server:
        session = server.new_session()
        until(lambda: is_made(guard), "there is no ledger")
        asked = model.asked
        server.prompt(session, "hello")
        assert model.asked == asked
        for file in guard.ours.glob("ledger.db*"):
            file.unlink()
        server.prompt(session, "hello")
        until(lambda: is_made(guard), "there is no ledger")
        asked = model.asked
        server.prompt(session, "hello")
        assert model.asked == asked


@pytest.mark.parametrize("readable", [True, False])
def test_a_ledger_of_a_newer_version_holds_as_far_as_it_can_be_read(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, readable: bool
) -> None:
    with closing(sqlite3.connect(guard.ledger)) as connection:
        connection.execute("PRAGMA user_version = 99")
        if not readable:
            connection.execute("ALTER TABLE call RENAME TO calls")
        connection.commit()
    with opencode.serve() as server:
        server.prompt(server.new_session(), "hello")
        assert (model.asked == 0) == readable
        cause = "sync" if readable else "ledger"
        until(lambda: cause in guard.noted(), "nothing is noted")
        assert guard.noted()[cause]["held"] is readable


def test_the_plugin_holds_up_no_writer_and_leaves_the_ledger_whole(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    with opencode.serve() as server:
        session = server.new_session()
        for _ in range(3):
            server.prompt(session, "hello")
            with closing(sqlite3.connect(guard.ledger, timeout=20, isolation_level=None)) as connection:
                until(lambda: connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "it is busy")
                connection.execute("VACUUM")
    assert model.asked == 0
    with closing(sqlite3.connect(guard.ledger)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert guard.held_nano() == NANO
