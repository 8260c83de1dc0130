"""The ledger against the bill of the model on OpenCode 2.0.15, in what only 2.x does.

Titles and undone calls stand in no row there; what they cost is in the sum that each session keeps.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.bill import total_nano
from tests.e2e.hold import Hold, NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import Install
from tests.e2e.opencode2 import LATEST_2, OpenCode2
from tests.e2e.server import until
from tests.e2e.server2 import Server2
from tests.e2e.truth import answers, assert_sessions_equal_bill

pytestmark = pytest.mark.e2e

GLM = "opencode/glm-5"


@pytest.fixture
def opencode(install: Install) -> OpenCode2:
    opencode = install(LATEST_2)
    assert isinstance(opencode, OpenCode2)
    return opencode


def compactions(database: Path) -> list[str]:
    """The rows of compactions, oldest first."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        query = "SELECT data FROM session_message WHERE type = 'compaction' ORDER BY rowid"
        return [row[0] for row in connection.execute(query).fetchall()]


def test_subagents_in_the_background_and_on_another_model(server2: Server2, hold: Hold, model: ScriptedModel) -> None:
    session = server2.new_session()
    server2.prompt(session, "BACKGROUND please")
    server2.prompt(session, "MODELSUB please")
    server2.settle(model)
    assert {request.model for request in model.recorded if request.session != session} == {"glm-5"}
    assert len(server2.children(session)) == 2
    hold.check()


def test_a_failed_compaction_is_two_calls_in_one_row(
    opencode: OpenCode2, server2: Server2, hold: Hold, model: ScriptedModel
) -> None:
    session = server2.new_session()
    server2.prompt(session, "BADCOMPACT")
    server2.compact(session)
    server2.prompt(session, "and on")
    assert [request.kind for request in model.recorded] == ["step", "compaction", "compaction", "step"]
    assert len(compactions(opencode.database)) == 1
    fork = server2.fork(session)
    server2.prompt(fork, "and on")
    hold.check()


def test_a_compaction_that_was_looked_at_while_it_ran(
    opencode: OpenCode2, server2: Server2, hold: Hold, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    early = new_ledger(opencode)
    session, other = server2.new_session(), server2.new_session()
    server2.prompt(session, "LINGER")
    server2.compact_and_leave(session)
    assert model.streaming.wait(30)
    assert '"status":"running"' in compactions(opencode.database)[0]
    early.sync()
    before = total_nano(model.recorded)
    server2.prompt(other, "DIG meanwhile")  # so that many rows lie above the one that runs
    assert early.spend_nano() > before
    model.release.set()
    server2.wait(session)
    hold.check()
    assert_sessions_equal_bill(early, hold.bill)


def test_a_compaction_that_was_stopped(server2: Server2, hold: Hold, model: ScriptedModel) -> None:
    session = server2.new_session()
    server2.prompt(session, "LINGER")
    server2.compact_and_leave(session)
    assert model.streaming.wait(30)
    server2.abort(session)
    until(lambda: model.hung_up == 1, "the model is still asked for the compaction")
    server2.prompt(session, "and on")
    hold.check()


def test_generate_is_the_one_thing_that_cannot_be_known(server2: Server2, hold: Hold, model: ScriptedModel) -> None:
    session = server2.new_session()
    server2.prompt(session, "one")
    server2.generate(session, "GENERATE a name")
    server2.prompt(session, "two")
    assert total_nano(hold.bill) < total_nano(model.answered)
    hold.check()


def test_a_title_that_comes_long_after_the_answer(
    opencode: OpenCode2, server2: Server2, hold: Hold, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    early = new_ledger(opencode)
    session = server2.new_session()
    server2.prompt(session, "TARDY and DIG")
    early.sync()
    untitled = server2.new_session()
    server2.prompt(untitled, "BIG, with a title that is dearer than most answers")
    early.sync()
    model.release.set()
    hold.check()
    assert_sessions_equal_bill(early, hold.bill)


def test_undone_calls_are_counted_once_whoever_saw_them_when(
    opencode: OpenCode2, server2: Server2, hold: Hold, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    seen, between, late = (new_ledger(opencode) for _ in range(3))
    session = server2.new_session()
    server2.prompt(session, "one")
    second = server2.prompt(session, "SUBAGENT, whose parent's calls will be undone")
    server2.settle(model)
    seen.sync()
    server2.undo(session, second)
    seen.sync()
    third = server2.prompt(session, "DIG")
    between.sync()  # two calls stand there, and three undone ones and a title in no row
    server2.undo(session, third)
    server2.prompt(session, "four")
    fork = server2.fork(session)
    fifth = server2.prompt(fork, "five")
    late.sync()
    server2.undo(fork, fifth)
    server2.commit_undo(fork)
    server2.fork(fork)
    hold.check()
    for ledger in (seen, between, late):
        assert_sessions_equal_bill(ledger, hold.bill)
    server2.delete(session)
    assert answers(server2.messages(fork)) > 0
    for ledger in (seen, between, late):
        assert_sessions_equal_bill(ledger, hold.bill)


def test_a_call_seen_while_it_ran_and_undone_before_it_was_looked_at_again(
    opencode: OpenCode2, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    ledger = new_ledger(opencode)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "one")
        server.prompt_and_leave(session, "SLOW")
        assert model.streaming.wait(30)
        ledger.sync()
        model.release.set()
        server.wait(session)
        (slow,) = [m["id"] for m in server.messages(session) if m["role"] == "user" and m["text"] == "SLOW"]
        server.undo(session, slow)
        server.prompt(session, "three")
        server.settle(model)
    assert_sessions_equal_bill(ledger, model.answered)
    assert_sessions_equal_bill(new_ledger(opencode), model.answered)


def test_killed_in_the_middle_and_started_again(
    opencode: OpenCode2, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    watcher = new_ledger(opencode)
    with watcher.watching():
        with opencode.serve() as server:
            session, compacted = server.new_session(), server.new_session()
            server.prompt(session, "DIG")
            server.prompt(compacted, "LINGER")
            server.prompt_and_leave(session, "SLOW")
            server.compact_and_leave(compacted)
            until(lambda: model.running == 2, "the model is not asked for both")
            assert model.streaming.wait(30)
            server.kill()
            until(lambda: model.hung_up == 2, "the model is still asked for both")
        model.release.set()
        with opencode.serve() as server:
            server.settle(model)
            server.prompt(session, "go on")
            server.prompt(compacted, "go on")
            server.settle(model)
            watcher.wait_for(total_nano(model.answered))
    assert_sessions_equal_bill(watcher, model.answered)
    assert_sessions_equal_bill(new_ledger(opencode), model.answered)


def test_a_session_that_comes_back_by_import_is_counted_once(opencode: OpenCode2, server2: Server2, hold: Hold) -> None:
    session = server2.new_session()
    server2.prompt(session, "one")
    server2.undo(session, server2.prompt(session, "DIG, which will be undone"))
    server2.prompt(session, "three")
    fork = server2.fork(session)
    server2.prompt(fork, "on")
    hold.watcher_has_seen_all()
    exported = opencode.export(session, server2)
    server2.delete(session)
    hold.watcher_has_seen_all()
    exported["info"]["time"]["archived"] = int(time.time() * 1000)  # 2.0.15 archives in no other way
    opencode.take_back(exported, server2)
    hold.check()
    server2.prompt(server2.fork(session), "and on")
    hold.check()
    exported = opencode.export(fork, server2)
    server2.delete(fork)
    opencode.take_back(exported, server2)  # it is no fork to OpenCode any more
    server2.prompt(server2.fork(fork), "and on again")
    hold.check()


def test_two_opencodes_at_once_and_their_command_line(opencode: OpenCode2, server2: Server2, hold: Hold) -> None:
    first = opencode.run("as a client", server=server2)
    second = opencode.run("EDIT with a server of its own")
    fork = opencode.run("and a fork", GLM, session=second, fork=True)
    server2.prompt(first, "in both")
    hold.watcher_has_seen_all()
    opencode.delete(second)
    assert server2.session(second) is None
    server2.prompt(fork, "on")
    hold.watcher_has_seen_all()


def test_a_day_of_everything_while_readers_are_killed(
    opencode: OpenCode2, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    ledger = new_ledger(opencode)
    with opencode.serve() as server, ledger.syncing():
        work = server.new_session()
        server.prompt(work, "BACKGROUND please")
        server.prompt(work, "SUBAGENT please")
        fork = server.fork(work)
        server.prompt(fork, "now otherwise", GLM)
        server.compact(work)
        undone = server.new_session()
        server.prompt(undone, "one")
        server.undo(undone, server.prompt(undone, "DIG, which will be undone"))
        server.prompt(undone, "three")
        for words in ("FAIL", "CUT", "FLAKY", "NEST one in another", "BADCOMPACT"):
            server.prompt(server.new_session(), words)
        stopped = server.new_session()
        server.prompt_and_leave(stopped, "SLOW")
        assert model.streaming.wait(30)
        server.abort(stopped)
        gone = server.new_session()
        server.prompt(gone, "RESUME of a session to be deleted")
        server.settle(model)
        ledger.sync()
        server.delete(gone)
    assert_sessions_equal_bill(ledger, model.answered)
