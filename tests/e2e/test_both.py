"""The ledger against the bill of the model, session by session, on OpenCode 1.18.34 and on 2.0.15 alike.

Our `watch` looks on all the time. What it has kept and what a new ledger finds afterwards are both held to the bill.
"""

from __future__ import annotations

import pytest

from tests.e2e.bill import moved
from tests.e2e.hold import Hold
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.opencode2 import LATEST_2
from tests.e2e.server import Server, until
from tests.e2e.truth import answers

pytestmark = pytest.mark.e2e

KIMI, GLM, LONG = "opencode/kimi-k2.6", "opencode/glm-5", "opencode/glm-5-long"
CLAUDE, LOCAL = "anthropic/claude-sonnet-4-6", "local/qwen3-coder:30b"


@pytest.fixture(params=[LATEST, LATEST_2])
def opencode(install: Install, request: pytest.FixtureRequest) -> OpenCode:
    version = str(request.param)
    return install(version, **({"subagent_depth": 2} if version == LATEST else {}))


def test_prompts_on_every_kind_of_model(server: Server, hold: Hold) -> None:
    for model in (KIMI, CLAUDE, LOCAL):
        session = server.new_session(model)
        server.prompt(session, "EDIT it", model)
        server.prompt(session, "and a word", model)
    session = server.new_session(LONG)
    server.prompt(session, "below the tier", LONG)
    server.prompt(session, "BIG, so that it is above the tier", LONG)
    switched = server.new_session(KIMI)
    server.prompt(switched, "one", KIMI)
    server.prompt(switched, "on another model", GLM)
    hold.check()


def test_subagents_nested_and_resumed(server: Server, hold: Hold) -> None:
    work = server.new_session()
    server.prompt(work, "SUBAGENT please")
    assert len(server.children(work)) == 2
    nested = server.new_session()
    server.prompt(nested, "NEST one in another")
    assert server.children(server.children(nested)[0])
    resumed = server.new_session()
    server.prompt(resumed, "RESUME it")
    (child,) = server.children(resumed)
    assert answers(server.messages(child)) == 4 + 2
    hold.check()


def test_forks_and_forks_of_forks(server: Server, hold: Hold) -> None:
    original = server.new_session()
    server.prompt(original, "EDIT it")
    second = server.prompt(original, "SUBAGENT please")
    fork = server.fork(original)
    server.prompt(fork, "one way", GLM)
    of_fork = server.fork(fork)
    server.prompt(of_fork, "another way", KIMI)
    half = server.fork(original, before=second)
    assert answers(server.messages(half)) == 4
    server.prompt(half, "a third way", KIMI)
    server.prompt(original, "and on", KIMI)
    server.fork(of_fork)  # in which nothing is asked
    hold.check()


def test_undo_with_a_prompt_after_it(server: Server, hold: Hold) -> None:
    session = server.new_session()
    server.prompt(session, "one")
    hold.watcher_has_seen_all()
    server.undo(session, server.prompt(session, "DIG, which will be undone"))
    server.prompt(session, "three")
    assert answers(server.messages(session)) == 2
    server.undo(session, server.prompt(session, "four, whose undo is taken back"))
    server.redo(session)
    server.prompt(session, "five")
    assert answers(server.messages(session)) == 4
    staged = server.new_session()
    server.undo(staged, server.prompt(staged, "EDIT, and nothing after its undo"))
    hold.check()


def test_what_was_undone_in_the_middle_of_forks(server: Server, hold: Hold) -> None:
    original = server.new_session()
    server.prompt(original, "one")
    second = server.prompt(original, "DIG")
    fork = server.fork(original)
    server.undo(original, second)
    server.prompt(original, "otherwise")
    of_undone = server.fork(original)
    server.prompt(of_undone, "on")
    prompts = [message["id"] for message in server.messages(fork) if message["role"] == "user"]
    server.undo(fork, prompts[1])  # copies: nothing of the fork's own
    server.prompt(fork, "otherwise, too", GLM)
    hold.check()


def test_calls_that_failed_or_were_stopped(server: Server, hold: Hold, model: ScriptedModel) -> None:
    for words in ("FAIL", "FLAKY", "CUT"):
        session = server.new_session()
        server.prompt(session, "before it")
        server.prompt(session, words)
        server.prompt(session, "after it")
    assert (model.refused, model.failed) == (1, 2)
    stopped = server.new_session()
    server.prompt(stopped, "before it")
    server.prompt_and_leave(stopped, "SLOW")
    assert model.streaming.wait(30)
    server.abort(stopped)
    server.prompt(stopped, "after it")
    until(lambda: model.hung_up == 1, "the model is still asked by the one that was stopped")
    hold.check()


def test_a_long_answer_is_counted_when_it_ends(server: Server, hold: Hold, model: ScriptedModel) -> None:
    session = server.new_session()
    server.prompt_and_leave(session, "SLOW")
    assert model.streaming.wait(30)
    other = server.new_session()
    server.prompt(other, "DIG meanwhile")
    fork = server.fork(other)
    server.prompt(fork, "on")
    model.release.set()
    server.wait(session)
    hold.check()


def test_a_compaction_and_what_follows(server: Server, hold: Hold) -> None:
    session = server.new_session()
    server.prompt(session, "EDIT it")
    server.compact(session)
    server.prompt(session, "and on")
    fork = server.fork(session)
    server.prompt(fork, "otherwise")
    server.compact(fork)
    hold.check()


def test_deleted_sessions_stay_spent(server: Server, hold: Hold) -> None:
    gone = server.new_session()
    server.prompt(gone, "SUBAGENT please")
    children = server.children(gone)
    server.prompt(server.new_session(), "stays")
    hold.watcher_has_seen_all()
    server.delete(gone)
    later = server.new_session()
    server.prompt(later, "EDIT it")
    hold.check([request for request in hold.bill if request.session not in (gone, *children)])


def test_in_a_new_ledger_one_of_the_forks_pays_for_a_deleted_session(server: Server, hold: Hold) -> None:
    gone = server.new_session()
    server.prompt(gone, "DIG")
    fork = server.fork(gone)
    server.prompt(fork, "on")
    of_fork = server.fork(fork)
    hold.watcher_has_seen_all()
    server.delete(gone)
    server.prompt(of_fork, "and on")
    found = [request for request in hold.bill if not (request.session == gone and request.title)]
    hold.check(moved(found, gone, fork), moved(found, gone, of_fork))
