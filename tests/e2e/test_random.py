"""The ledger against the bill of the model after random operations on the real OpenCode 2.0.15.

`OPENCODE_E2E_SEEDS=7,8,9` runs other seeds than those of the suite.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.e2e.bill import total_nano
from tests.e2e.hold import Hold, NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import Install
from tests.e2e.opencode2 import LATEST_2, OpenCode2
from tests.e2e.ours import Ledger
from tests.e2e.server2 import Server2
from tests.e2e.truth import assert_sessions_equal_bill

pytestmark = pytest.mark.e2e

SEEDS = [int(seed) for seed in os.environ.get("OPENCODE_E2E_SEEDS", "1,2").split(",")]
OPERATIONS = 30
WORDS = ("hello", "DIG", "EDIT it", "SUBAGENT", "MODELSUB", "BACKGROUND", "RESUME", "NEST", "FAIL", "FLAKY", "CUT")
MODELS = ("", "opencode/glm-5", "anthropic/claude-sonnet-4-6", "local/qwen3-coder:30b")


@pytest.fixture
def opencode(install: Install) -> OpenCode2:
    opencode = install(LATEST_2)
    assert isinstance(opencode, OpenCode2)
    return opencode


class Person:
    """Does one thing after the other to an OpenCode. `log` says what, for whoever has to look into a failure."""

    def __init__(
        self, seed: int, opencode: OpenCode2, server: Server2, model: ScriptedModel, ledger: Ledger, watcher: Ledger
    ) -> None:
        self._dice = random.Random(seed)
        self._opencode, self._server, self._model = opencode, server, model
        self._ledger, self._watcher = ledger, watcher
        self._sessions: list[str] = []
        self._may_delete = seed % 2 == 0
        self.log: list[str] = []

    def act(self) -> None:
        acts: list[Callable[[str], None]] = [self.ask, self.ask, self.ask, self.fork, self.undo, self.undo]
        acts += [self.compact, self.stop, self.generate, self.look]
        acts += [self.delete, self.bring_back] if self._may_delete else []
        if not self._sessions or self._dice.random() < 0.2:
            self._sessions.append(self._server.new_session())
        session = self._dice.choice(self._sessions)
        act = self._dice.choice(acts)
        self.log.append(f"{act.__name__} {session}")
        act(session)

    def ask(self, session: str) -> None:
        words = self._dice.choice(WORDS)
        self.log[-1] += f" {words}"
        self._server.prompt(session, words, self._dice.choice(MODELS))

    def fork(self, session: str) -> None:
        prompts = self._prompts(session)
        if not prompts:
            return
        before = self._dice.choice([None, *prompts[1:]])
        self._sessions.append(self._server.fork(session, before))
        self.log[-1] += f" before {before}: {self._sessions[-1]}"

    def undo(self, session: str) -> None:
        prompts = self._prompts(session)
        if not prompts:
            return
        self._server.undo(session, self._dice.choice(prompts[-2:]))
        after = self._dice.choice(["a prompt", "a prompt", "redo", "commit", "nothing"])
        self.log[-1] += f", then {after}"
        if after == "a prompt":
            self._server.prompt(session, "otherwise")
        elif after == "redo":
            self._server.redo(session)
        elif after == "commit":
            self._server.commit_undo(session)

    def compact(self, session: str) -> None:
        if self._prompts(session):
            self._server.compact(session)

    def stop(self, session: str) -> None:
        self._model.streaming.clear()
        self._server.prompt_and_leave(session, "SLOW")
        if self._model.streaming.wait(30):
            self._server.abort(session)

    def generate(self, session: str) -> None:
        if self._prompts(session):
            self._server.generate(session, "GENERATE")

    def look(self, session: str) -> None:
        self._ledger.sync()

    def delete(self, session: str) -> None:
        self._let_both_look()
        self._sessions.remove(session)
        self._server.delete(session)

    def bring_back(self, session: str) -> None:
        self._let_both_look()  # its subagents do not come back with it
        exported = self._opencode.export(session, self._server)
        self._server.delete(session)
        if self._dice.random() < 0.5:
            self._ledger.sync()
        self._opencode.take_back(exported, self._server)

    def _let_both_look(self) -> None:
        """What is deleted before a ledger has read it is not in that ledger. `watch` may be a second late."""
        self._server.settle(self._model)
        self._ledger.sync()
        self._watcher.wait_for(self._ledger.held_nano())

    def _prompts(self, session: str) -> list[str]:
        return [message["id"] for message in self._server.messages(session) if message["role"] == "user"]


@pytest.mark.parametrize("seed", SEEDS)
def test_random_operations(
    opencode: OpenCode2, server2: Server2, hold: Hold, model: ScriptedModel, new_ledger: NewLedger, seed: int
) -> None:
    now_and_then = new_ledger(opencode)
    person = Person(seed, opencode, server2, model, now_and_then, hold.watcher)
    for _ in range(OPERATIONS):
        person.act()
    print(*person.log, sep="\n")
    server2.settle(model)
    assert total_nano(hold.bill) > 0
    assert_sessions_equal_bill(now_and_then, hold.bill)
    found = now_and_then.reconcile()
    assert Decimal(opencode.stats_usd(server2)) == found["opencode_usd"].quantize(Decimal("1e-9"))
    if seed % 2:
        hold.check()
    else:
        hold.watcher_has_seen_all()
        assert_sessions_equal_bill(hold.watcher, hold.bill)
