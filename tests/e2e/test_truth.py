"""The ledger against the bill of the model, on OpenCode 1.18.34: what is undone, deleted, forked or stopped.

Titles are billed and recorded nowhere, and so is what an aborted stream had sent: both are left out.
test_both.py has what is the same on 2.0.15.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from tests.e2e.bill import knowable, total_nano
from tests.e2e.hold import NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.opencode2 import LATEST_2
from tests.e2e.ours import nano
from tests.e2e.server2 import Server2
from tests.e2e.truth import answers, assert_ledger_equals_bill

pytestmark = pytest.mark.e2e

GLM = "opencode/glm-5"
LOCAL = "local/qwen3-coder:30b"


@pytest.fixture
def opencode(install: Install) -> OpenCode:
    return install(LATEST, subagent_depth=2)


def test_a_day_of_everything_is_counted_once_while_we_read_beside_it(
    opencode: OpenCode, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    ledger = new_ledger(opencode)
    with opencode.serve() as server, ledger.syncing():
        work = server.new_session()
        server.prompt(work, "SUBAGENT please")
        server.prompt(work, "EDIT it")
        fork = server.fork(work)
        copies = answers(server.messages(fork))
        server.prompt(fork, "now otherwise", GLM)
        server.compact(work)
        nested = server.new_session()
        server.prompt(nested, "NEST one in another")
        assert server.children(server.children(nested)[0])
        server.archive(nested)

        undone = server.new_session()
        server.prompt(undone, "one")
        server.undo(undone, server.prompt(undone, "DIG, which will be undone"))
        server.prompt(undone, "three")

        refused = server.new_session()
        server.prompt(refused, "FAIL")
        stopped = server.new_session()
        server.prompt_and_leave(stopped, "SLOW")
        assert model.streaming.wait(30)
        server.abort(stopped)

        free = server.new_session()
        server.prompt(free, "EDIT for nothing", LOCAL)
        gone = server.new_session()
        server.prompt(gone, "SUBAGENT of a session to be deleted")
        ledger.sync()
        server.delete(gone)
        once = opencode.run("from a second OpenCode at the same time")
        opencode.run("on another model", GLM, session=once, fork=True)
        ledger.sync()
        opencode.delete(once)

    assert model.refused == 1
    assert model.hung_up == 1
    assert copies > 0
    assert_ledger_equals_bill(ledger, model.recorded, copied_calls=copies + 1, unbilled_calls=2)
    for key in ("provider", "agent", "project", "session", "day"):
        groups = ledger.usage(by=key)["groups"]
        assert sum(nano(group["spend_usd"]) for group in groups) == total_nano(model.recorded), key


def test_calls_undone_before_we_ever_looked_are_recovered(
    opencode: OpenCode, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "one")
        server.undo(session, server.prompt(session, "SUBAGENT, whose parent's calls will be undone"))
        server.prompt(session, "three")
        kept = answers(server.messages(session))
    assert kept == 2  # of five: the undone ones are in no message row any more
    assert_ledger_equals_bill(new_ledger(opencode), model.recorded)


def test_calls_where_others_were_undone_or_deleted_are_not_missed(
    opencode: OpenCode, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    """SQLite gives the places of deleted rows to new ones, and VACUUM gives every row a new place."""
    ledger = new_ledger(opencode)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "one")
        seen = server.prompt(session, "two")
        ledger.sync()
        server.undo(session, seen)
        server.undo(session, server.prompt(session, "DIG, undone unseen"))
        server.prompt(session, "four")
        assert answers(server.messages(session)) == 2
        assert_ledger_equals_bill(ledger, model.recorded)

        newest = server.new_session()
        server.prompt(newest, "EDIT it")
        ledger.sync()
        server.delete(newest)
        server.prompt(server.new_session(), "EDIT it again")
        assert_ledger_equals_bill(ledger, model.recorded)

    opencode.vacuum()
    with opencode.serve() as server:
        server.undo(session, server.prompt(session, "DIG, undone unseen"))
        server.prompt(session, "five")
    assert_ledger_equals_bill(ledger, model.recorded)


def test_a_call_seen_while_it_ran_gets_its_cost_when_it_ends(
    opencode: OpenCode, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    ledger = new_ledger(opencode)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt_and_leave(session, "SLOW")
        assert model.streaming.wait(30)
        running = ledger.usage()
        assert (running["calls"], running["spend_usd"]) == (1, 0)
        server.prompt(server.new_session(), "DIG meanwhile")
        assert_ledger_equals_bill(ledger, model.recorded, unbilled_calls=1)
        model.release.set()
        server.wait(session)
    assert len(model.recorded) == 3
    assert_ledger_equals_bill(ledger, model.recorded)


def test_an_undo_that_is_taken_back_changes_nothing(
    opencode: OpenCode, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    watching = new_ledger(opencode)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "one")
        server.undo(session, server.prompt(session, "two"))
        watching.sync()
        server.redo(session)
        server.prompt(session, "three")
        assert answers(server.messages(session)) == 3
    assert_ledger_equals_bill(watching, model.recorded)
    assert_ledger_equals_bill(new_ledger(opencode), model.recorded)


def test_copies_undone_in_a_fork_are_not_recovered_as_spend(
    opencode: OpenCode, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    watching = new_ledger(opencode)
    with opencode.serve() as server:
        original = server.new_session()
        server.prompt(original, "one")
        server.prompt(original, "two")
        fork = server.fork(original)
        watching.sync()
        second_prompt = server.messages(fork)[2]
        server.undo(fork, second_prompt["id"])
        server.prompt(fork, "otherwise", GLM)
        assert answers(server.messages(fork)) == 2
    assert_ledger_equals_bill(watching, model.recorded, copied_calls=2)
    assert_ledger_equals_bill(new_ledger(opencode), model.recorded)


def test_the_money_of_a_deleted_session_stays_spent(
    opencode: OpenCode, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    ledger = new_ledger(opencode)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "SUBAGENT please")
    ledger.sync()
    opencode.delete(session)
    assert_ledger_equals_bill(ledger, model.recorded)
    assert ledger.usage(by="session")["sessions"] == 3


def test_forks_whose_original_was_deleted_unseen_count_one_copy(
    opencode: OpenCode, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    watching = new_ledger(opencode)
    with opencode.serve() as server:
        original = server.new_session()
        server.prompt(original, "EDIT it")
        copies = answers(server.messages(original))
        watching.sync()
        first = server.fork(original)
        server.prompt(first, "one way", GLM)
        of_fork = server.fork(first)
        server.prompt(of_fork, "another way")
        server.delete(original)
    assert_ledger_equals_bill(watching, model.recorded, copied_calls=2 * copies + 1)
    assert_ledger_equals_bill(new_ledger(opencode), model.recorded, copied_calls=copies + 1)


@pytest.mark.parametrize("version", [LATEST, LATEST_2])
@pytest.mark.parametrize("closed", [False, True], ids=["as OpenCode left it", "cleanly closed"])
def test_reading_changes_nothing_of_opencodes(
    install: Install, model: ScriptedModel, new_ledger: NewLedger, closed: bool, version: str
) -> None:
    opencode = install(version)
    with opencode.serve() as server:
        server.prompt(server.new_session(), "hello")
        server.settle(model)
        if isinstance(server, Server2):
            server.kill()  # it closes its store when it ends, which 1.x does not
    if closed:
        checkpoint(opencode.database)
    assert opencode.database.with_name("opencode.db-wal").exists() is not closed
    before = files(opencode.home)
    ledger = new_ledger(opencode)
    ledger.sync()
    assert ledger.spend_nano() == total_nano(knowable(version, model.answered))
    assert files(opencode.home) == before


def checkpoint(database: Path) -> None:
    """Close the store cleanly: what the write-ahead log holds goes into the database, the log goes away."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def files(home: Path) -> dict[Path, str]:
    """Every file with the hash of its bytes, but for the shared memory that readers take their locks in."""
    return {
        path.relative_to(home): sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    } | {path.relative_to(home): "" for path in home.rglob("*-shm")}
