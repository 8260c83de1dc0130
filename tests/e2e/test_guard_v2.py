"""The guard on the real OpenCode 2.0.15: past a line the scripted model is asked nothing more.

No dashboard and no other process of ours runs in these tests but what the plugin itself starts.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opencode_tui.money import NANO, nano_from_usd
from tests.e2e.answer import Json
from tests.e2e.bill import total_nano
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import Install
from tests.e2e.opencode2 import LATEST_2, OpenCode2
from tests.e2e.server import until
from tests.e2e.server2 import Server2

pytestmark = pytest.mark.e2e

REFUSED = "so this call was not made"


@pytest.fixture
def opencode(install: Install) -> OpenCode2:
    opencode = install(LATEST_2)
    assert isinstance(opencode, OpenCode2)
    return opencode


@pytest.fixture
def guard(opencode: OpenCode2) -> Guarded:
    return Guarded(opencode)


@pytest.fixture
def server(opencode: OpenCode2, guard: Guarded) -> Iterator[Server2]:
    """A server that was started with a guard in place that has much to go."""
    guard.install(cutoff=100)
    with opencode.serve() as server:
        yield server


def cut_at(guard: Guarded, usd: float) -> None:
    """Set the cutoff, in USD, of a guard that is in use."""
    guard.set(cutoff=usd)
    guard.do("status")


def test_a_plain_prompt_past_the_cutoff_is_refused_and_the_model_is_asked_nothing(
    opencode: OpenCode2, guard: Guarded, model: ScriptedModel
) -> None:
    opencode.run("hello")
    guard.install(cutoff=0.001)
    asked = model.asked
    done = opencode.do("run", "--standalone", "-m", "opencode/kimi-k2.6", "hello again")
    assert (done.returncode, model.asked) == (1, asked)  # not even for a title
    assert "is spent today and the cutoff is $0.0010, so this call was not made." in done.stdout + done.stderr
    guard.do("lift", "--for", "30m")
    opencode.run("lifted")
    guard.do("lift", "--off")
    asked = model.asked
    assert opencode.do("run", "--standalone", "-m", "opencode/kimi-k2.6", "held again").returncode == 1
    assert model.asked == asked
    guard.do("raise", "2.50")
    opencode.run("raised")
    guard.do("remove")
    opencode.run("without a guard")
    assert len(model.recorded) == 4


def test_a_running_tool_loop_stops_at_the_call_after_the_cutoff(
    server: Server2, guard: Guarded, model: ScriptedModel
) -> None:
    cut_at(guard, 0.014)
    session = server.new_session()
    server.prompt(session, "EDIT it")
    answered = list(model.answered)
    assert 2 < len(answered) < 5
    assert total_nano(answered[:-1]) < nano_from_usd("0.014") <= total_nano(answered)
    server.prompt(session, "go on")
    assert model.answered == answered
    guard.do("lift", "--for", "2h")
    server.prompt(session, "go on")
    assert len(model.answered) == len(answered) + 1


@pytest.mark.parametrize("prompt", ["SUBAGENT please", "NEST it", "BACKGROUND work"])
def test_subagents_are_stopped_and_their_parents_too(
    server: Server2, guard: Guarded, model: ScriptedModel, prompt: str
) -> None:
    session = server.new_session()
    server.prompt(session, "hello")
    server.settle(model)
    before = model.asked
    limit = total_nano(model.answered) + nano_from_usd("0.012")
    cut_at(guard, limit / NANO)
    server.prompt(session, prompt)
    server.settle(model)
    new = model.answered[before:]
    assert {request.session for request in new} > {session}
    # A step has no cost as long as its subagents run: those that wait are not known yet.
    waiting = {"SUBAGENT please": 1, "NEST it": 2, "BACKGROUND work": 0}[prompt]
    known = [*model.answered[:before], *new[waiting:]]
    crossed = next((n for n in range(len(known)) if total_nano(known[: n + 1]) >= limit), len(known))
    # Of what ran beside each other the one that crossed the line cannot stop the other any more.
    assert len(known) - crossed - 1 <= (1 if "BACKGROUND" in prompt else 0)
    assert len(new) < 8
    asked = model.asked
    server.prompt(session, "and now?")
    assert model.asked == asked


def test_titles_compaction_and_generate_are_refused_too(server: Server2, guard: Guarded, model: ScriptedModel) -> None:
    session = server.new_session()
    server.prompt(session, "hello")
    server.settle(model)
    cut_at(guard, 0.001)
    asked = model.asked
    server.compact(session)
    with pytest.raises(Exception, match="HTTP Error 5"):
        server.generate(session, "GENERATE a name")
    server.prompt(server.new_session(), "a title, please")
    assert model.asked == asked


def test_generate_without_a_session_runs_no_hook_and_that_is_said(
    server: Server2, guard: Guarded, model: ScriptedModel
) -> None:
    server.prompt(server.new_session(), "hello")
    server.settle(model)
    cut_at(guard, 0.001)
    asked = model.asked
    until(lambda: server.generate_alone("GENERATE a name"), "the model is not there yet")
    assert model.asked == asked + 1
    assert "not held: OpenCode 2: the HTTP call /api/experimental/generate" in guard.do("status")


def test_a_title_counts(server: Server2, guard: Guarded, model: ScriptedModel) -> None:
    session = server.new_session()
    server.prompt(session, "hello")
    server.settle(model)
    assert [request.kind for request in model.answered].count("title") == 1
    # The line lies between what stands in messages and what the title has cost beside it.
    line = total_nano(model.answered)
    assert total_nano(model.recorded) < line
    cut_at(guard, line / NANO)
    asked = model.asked
    server.prompt(session, "and now?")
    assert model.asked == asked


@pytest.mark.parametrize("name", ["opencode/kimi-k2.6", "opencode/qwen3.5-plus", "local/qwen3-coder:30b"])
def test_every_kind_of_model_is_held(server: Server2, guard: Guarded, model: ScriptedModel, name: str) -> None:
    server.prompt(server.new_session(), "hello")
    cut_at(guard, 0.001)
    asked = model.asked
    server.prompt(server.new_session(name), "hello")
    assert model.asked == asked


def test_nothing_is_counted_twice_on_the_way_into_the_ledger(
    server: Server2, guard: Guarded, model: ScriptedModel
) -> None:
    session = server.new_session()
    for prompt in ("EDIT it", "hello", "DIG"):
        server.prompt(session, prompt)
    server.settle(model)
    limit = 1.5 * total_nano(model.answered) / NANO
    cut_at(guard, limit)
    copy = server.fork(session)
    spent = model.answered[:]
    server.prompt(copy, "hello")
    assert len(model.answered) > len(spent)
    while total_nano(model.answered) < limit * NANO:
        count = len(model.answered)
        server.prompt(session, "hello")
        assert len(model.answered) > count


def test_two_opencodes_and_many_clients_are_held_to_one_line(
    opencode: OpenCode2, server: Server2, guard: Guarded, model: ScriptedModel
) -> None:
    with opencode.serve() as other:
        sessions = [server.new_session(), other.new_session(), server.new_session(), other.new_session()]
        for owner, session in zip((server, other, server, other), sessions, strict=True):
            owner.prompt(session, "hello")
        opencode.run("hello", server=server)
        server.settle(model)
        guard.wait_for_at_least(total_nano(model.recorded))
        cut_at(guard, total_nano(model.recorded) / NANO)
        asked = model.asked
        for owner, session in zip((server, other, server, other), sessions, strict=True):
            owner.prompt(session, "and now?")
        assert opencode.do("run", "--server", server.url, "hello").returncode == 1
        assert model.asked == asked


def test_many_prompts_at_once_stop_when_the_line_is_crossed(
    server: Server2, guard: Guarded, model: ScriptedModel
) -> None:
    cut_at(guard, 0.05)
    sessions = [server.new_session() for _ in range(4)]
    threads = [threading.Thread(target=server.prompt, args=(session, "EDIT it")) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.settle(model)
    crossed = next(n for n in range(len(model.answered)) if total_nano(model.answered[: n + 1]) >= 0.05 * NANO)
    # What was on its way then came to its end: one call a session, and its title.
    assert len(model.answered) - crossed - 1 <= 2 * len(sessions) - 1
    asked = model.asked
    for session in sessions:
        server.prompt(session, "and now?")
    assert model.asked == asked


def test_caps_hold_for_their_project_and_their_agent_alone(
    opencode: OpenCode2, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=100, more=f'[guard.agents]\nexplore = 0.001\n[guard.projects]\n"{opencode.home}/no" = 0.001')
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "SUBAGENT please")
        server.settle(model)
        kinds = [request.model for request in model.recorded]
        assert (kinds.count("glm-5"), kinds.count("kimi-k2.6")) == (1, 5)
        link = opencode.project.with_name("link")
        link.symlink_to(opencode.project)
        guard.set(cutoff=100, more=f'[guard.projects]\n"{link}" = 0.001')
        guard.do("status")
        asked = model.asked
        server.prompt(session, "hello")
        assert model.asked == asked


def test_own_prices_count(opencode: OpenCode2, guard: Guarded, model: ScriptedModel) -> None:
    price = '[pricing.custom."opencode/kimi-k2.6"]\ninput = 1000\noutput = 1000'
    guard.install(cutoff=10, more=price)
    with opencode.serve() as server:
        server.prompt(server.new_session(), "EDIT it")
        server.settle(model)
    amounts = [(each.input + each.output + each.reasoning) / 1000 for each in model.recorded]
    assert sum(amounts[:-1]) < 10 <= sum(amounts)
    assert total_nano(model.answered) < 0.1 * NANO


def test_an_upgrade_from_1_takes_the_guard_with_it(install: Install, model: ScriptedModel) -> None:
    old = install("1.18.34")
    guard = Guarded(old)
    guard.install(cutoff=0.02)
    session = old.run("hello")
    new = install(LATEST_2)
    assert isinstance(new, OpenCode2)
    with new.serve() as server:
        server.prompt(session, "hello")
        assert len(model.recorded) == 2
        while total_nano(model.recorded) < 0.02 * NANO:
            server.prompt(session, "hello")
            assert len(model.recorded) < 10
        asked = model.asked
        server.prompt(session, "hello")
        server.prompt(server.new_session(), "hello")
        assert model.asked == asked
    said = guard.do("status")
    assert "OpenCode 1.18.34 has loaded it" in said
    assert "OpenCode 2.0.15 has loaded it" in said


class Watching(OpenCode2):
    """One that looks for changed files, as OpenCode does where nobody turns that off."""

    def _where(self) -> Json:
        where = super()._where()
        del where["env"]["OPENCODE_DISABLE_FILEWATCHER"]
        return where


def test_the_guard_comes_and_goes_while_the_server_runs(
    install: Install, opencode: OpenCode2, model: ScriptedModel, tmp_path: Path
) -> None:
    opencode = Watching(tmp_path / "watching", LATEST_2, model.url)
    guard = Guarded(opencode)
    opencode.run("hello")
    with opencode.serve() as server:
        session = server.new_session()
        guard.install(cutoff=0.001)
        until(lambda: "opencode-tui-guard" in [plugin["id"] for plugin in server.plugins()], "the plugin is not loaded")
        asked = model.asked
        server.prompt(session, "hello")
        assert model.asked == asked
        assert "server: the plugin is active" in guard.do("status", "--server", server.url)
        guard.do("remove")
        server.prompt(session, "hello")
        assert model.asked > asked
    assert not guard.trouble_file.exists()


BREAKS: dict[str, Callable[[Guarded], object]] = {
    "no state": lambda guard: guard.state_file.unlink(),
    "half a state": lambda guard: guard.state_file.write_text(guard.state_file.read_text()[:200]),
    "a ledger that is none": lambda guard: guard.spoil_ledger(),
}


@pytest.mark.parametrize("how", BREAKS)
def test_what_is_broken_lets_calls_pass_and_is_said(
    server: Server2, guard: Guarded, model: ScriptedModel, how: str
) -> None:
    cut_at(guard, 0.001)
    BREAKS[how](guard)
    server.prompt(server.new_session(), "hello")
    assert model.asked
    assert [trouble["held"] for cause, trouble in guard.noted().items() if cause in ("state", "ledger")] == [False]


@pytest.mark.parametrize("where", [".config/opencode/opencode.json", "../project/opencode.jsonc"])
@pytest.mark.parametrize("plugins", [["-opencode-tui-guard"], ["-*", "opencode.*"]], ids=str)
def test_a_configuration_that_turns_it_off_lets_calls_pass_and_is_said(
    opencode: OpenCode2, guard: Guarded, model: ScriptedModel, where: str, plugins: list[str]
) -> None:
    opencode.run("hello")
    guard.install(cutoff=0.001)
    file = opencode.home / where
    before = json.loads(file.read_text()) if file.exists() else {}
    asked = model.asked
    for listed, passes in ((plugins, True), ([*plugins, "opencode-tui-guard"], False)):
        file.write_text(json.dumps(before | {"plugins": listed}))
        with opencode.serve() as server:
            server.prompt(server.new_session("opencode/kimi-k2.6"), "hello")
        assert (model.asked > asked) == passes
        asked = model.asked
        assert ("turns the plugin off in OpenCode 2; take " in guard.do("status")) == passes
        assert guard.do("status").startswith("not guarded: " if passes else "guarded: ")
        assert "turns the plugin off in OpenCode 2; take " in guard.alerts()  # that of before as well
