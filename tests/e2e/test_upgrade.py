"""The ledger against the bill of the model over an upgrade from OpenCode 1.18.34 to 2.0.15 in one home.

2.x copies the sessions into tables of its own under their ids and leaves 1.x's tables as they are; its first start
deletes 1.x's events, and with them what had been undone.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests.e2e.bill import Request, knowable, total_nano
from tests.e2e.hold import NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import Install
from tests.e2e.opencode2 import LATEST_2
from tests.e2e.server import Server
from tests.e2e.server2 import Server2
from tests.e2e.truth import assert_sessions_equal_bill

pytestmark = pytest.mark.e2e

LATEST_1 = "1.18.34"
GLM, LOCAL = "opencode/glm-5", "local/qwen3-coder:30b"


@dataclass
class Past:
    """What was done with 1.x."""

    work: str = ""
    fork: str = ""
    undone: str = ""
    staged: str = ""
    compacted: str = ""
    undone_calls: list[Request] = field(default_factory=list)
    """Those that stand in 1.x's events alone."""


def work_with_1(server: Server, model: ScriptedModel) -> Past:
    work, undone, staged, compacted = (server.new_session() for _ in range(4))
    past = Past(work, "", undone, staged, compacted)
    server.prompt(past.work, "SUBAGENT please")
    server.prompt(past.work, "EDIT it")
    past.fork = server.fork(past.work)
    server.prompt(past.fork, "now otherwise", GLM)
    server.prompt(server.new_session(), "EDIT for nothing", LOCAL)
    server.prompt(past.undone, "one")
    before = len(model.recorded)
    second = server.prompt(past.undone, "DIG, which will be undone")
    past.undone_calls = knowable(LATEST_1, model.recorded[before:])
    server.undo(past.undone, second)
    server.prompt(past.undone, "three")
    server.prompt(past.staged, "one")
    server.undo(past.staged, server.prompt(past.staged, "two, undone without a prompt after it"))
    server.prompt(past.compacted, "EDIT it")
    server.compact(past.compacted)
    server.prompt(past.compacted, "and on")
    archived = server.new_session()
    server.prompt(archived, "one")
    server.archive(archived)
    stopped = server.new_session()
    server.prompt(server.new_session(), "FAIL")
    server.prompt_and_leave(stopped, "SLOW")
    assert model.streaming.wait(30)
    server.abort(stopped)
    server.settle(model)
    return past


def work_with_2(server: Server, model: ScriptedModel, past: Past) -> None:
    for session in (past.work, past.fork, past.undone, past.staged, past.compacted):
        server.prompt(session, "and on with 2.x")
    of_old = server.fork(past.work)
    server.prompt(of_old, "one way")
    of_fork = server.fork(past.fork)
    server.prompt(of_fork, "another way", GLM)
    server.undo(past.work, server.prompt(past.work, "DIG, which will be undone"))
    server.prompt(past.work, "and then")
    server.compact(past.fork)
    server.prompt(server.new_session(), "SUBAGENT in a new session")
    server.settle(model)


def undo_what_1_did(server: Server, past: Past) -> None:
    """Take back the last prompt of 1.x, whose calls stand in 1.x's tables for ever."""
    prompts = [message["id"] for message in server.messages(past.compacted) if message["role"] == "user"]
    server.undo(past.compacted, prompts[0])
    server.prompt(past.compacted, "all otherwise")


def test_an_upgrade_counts_no_call_twice_and_loses_none(
    install: Install, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    opencode = install(LATEST_1, subagent_depth=2)
    watcher, synced_before = new_ledger(opencode), new_ledger(opencode)
    with watcher.watching():
        with opencode.serve() as server:
            past = work_with_1(server, model)
        bill = knowable(LATEST_1, model.answered)
        watcher.wait_for(total_nano(bill))
        synced_before.sync()
        before = len(model.answered)

        opencode = install(LATEST_2)
        with opencode.serve() as server:
            assert isinstance(server, Server2)
            server.take_over(model)
            synced_before.sync()
            late = new_ledger(opencode)
            late.sync()
            work_with_2(server, model, past)
            undo_what_1_did(server, past)
            server.settle(model)
            synced_before.sync()
            late.sync()
            server.delete(past.staged)
            bill += knowable(LATEST_2, model.answered[before:])
            watcher.wait_for(total_nano(bill))  # what stood in the deleted session too
    assert_sessions_equal_bill(watcher, bill)
    assert_sessions_equal_bill(synced_before, bill)
    assert_sessions_equal_bill(late, [request for request in bill if request not in past.undone_calls])


def test_one_who_looks_only_after_the_upgrade_finds_all_but_what_1_had_undone(
    install: Install, model: ScriptedModel, new_ledger: NewLedger
) -> None:
    opencode = install(LATEST_1, subagent_depth=2)
    with opencode.serve() as server:
        past = work_with_1(server, model)
    bill = knowable(LATEST_1, model.answered)
    before = len(model.answered)
    opencode = install(LATEST_2)
    with opencode.serve() as server:
        assert isinstance(server, Server2)
        server.take_over(model)
        work_with_2(server, model, past)
    bill += knowable(LATEST_2, model.answered[before:])
    known = [request for request in bill if request not in past.undone_calls]
    ledger = new_ledger(opencode)
    assert_sessions_equal_bill(ledger, known)
    assert total_nano(known) < total_nano(bill)
