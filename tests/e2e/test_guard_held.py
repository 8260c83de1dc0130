"""Rates, loops, subagents' caps and budgets on the real OpenCode 1.18.34 and 2.0.15: requests counted at the model."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from opencode_tui.money import NANO
from tests.e2e.bill import total_nano
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.opencode2 import LATEST_2
from tests.e2e.server import Server

pytestmark = pytest.mark.e2e


@pytest.fixture(params=[LATEST, LATEST_2])
def opencode(request: pytest.FixtureRequest, install: Install) -> OpenCode:
    return install(request.param)


@pytest.fixture
def guard(opencode: OpenCode) -> Guarded:
    return Guarded(opencode)


@pytest.fixture
def server(opencode: OpenCode, guard: Guarded) -> Iterator[Server]:
    guard.install(cutoff=100)
    with opencode.serve() as server:
        yield server


def hold(guard: Guarded, settings: str) -> None:
    """Set further limits of a guard that is in use."""
    guard.set(cutoff=100, more=settings)
    guard.do("status")


def steps(model: ScriptedModel) -> int:
    return len(model.recorded)


def test_calls_a_minute_are_held_and_lifted(server: Server, guard: Guarded, model: ScriptedModel) -> None:
    hold(guard, "[guard]\ncalls_a_minute = 3")
    session = server.new_session()
    server.prompt(session, "AGAIN please")
    assert steps(model) == 3
    server.prompt(session, "go on")
    assert steps(model) == 3
    guard.do("lift", "rate", "--for", "10m")
    server.prompt(session, "go on")
    assert steps(model) == 4
    guard.do("lift", "rate", "--off")
    server.prompt(session, "go on")
    assert steps(model) == 4


def test_a_rate_of_one_agent_leaves_the_others_alone(server: Server, guard: Guarded, model: ScriptedModel) -> None:
    hold(guard, '[guard.rates.explorers]\nscope = "agent"\nonly = "explore"\ncalls_a_minute = 2')
    server.prompt(server.new_session(), "SUBAGENT please")
    server.settle(model)
    models = [request.model for request in model.recorded]
    assert models.count("glm-5") == 2
    assert models.count("kimi-k2.6") == 5


def test_spend_of_an_hour_is_held_and_lifted(server: Server, guard: Guarded, model: ScriptedModel) -> None:
    hold(guard, "[guard]\nhour_usd = 0.014")
    session = server.new_session()
    server.prompt(session, "AGAIN please")
    asked = steps(model)
    assert 1 < asked < 6
    assert total_nano(model.recorded[:-1]) < NANO * 14 // 1000
    server.prompt(session, "go on")
    assert steps(model) == asked
    guard.do("lift", "rate", "--for", "10m")
    server.prompt(session, "go on")
    assert steps(model) == asked + 1


def test_what_was_spent_before_this_hour_is_not_counted(server: Server, guard: Guarded, model: ScriptedModel) -> None:
    guard.spend(NANO, int(time.time() * 1000) - 61 * 60_000)
    hold(guard, "[guard]\nhour_usd = 0.5\ncalls_a_minute = 5")
    server.prompt(server.new_session(), "hello")
    assert steps(model) == 1
    guard.spend(NANO, int(time.time() * 1000) - 59 * 60_000)
    server.prompt(server.new_session(), "hello")
    assert steps(model) == 1


def test_a_loop_is_stopped_and_goes_on_with_a_prompt_or_a_lift(
    server: Server, guard: Guarded, model: ScriptedModel
) -> None:
    hold(guard, "[guard]\nsame_call = 4")
    session = server.new_session()
    server.prompt(session, "AGAIN please")
    assert steps(model) == 4
    server.prompt(session, "hello")
    assert steps(model) == 5
    guard.do("lift", "loop", "--for", "10m")
    server.prompt(session, "AGAIN once more")
    assert steps(model) == 5 + 13


def test_a_check_after_each_edit_is_no_loop(server: Server, guard: Guarded, model: ScriptedModel) -> None:
    hold(guard, "[guard]\nsame_call = 2")
    server.prompt(server.new_session(), "CHECK it")
    assert steps(model) == 14


def test_a_subagent_past_its_cap_is_stopped_and_its_parent_goes_on(
    server: Server, guard: Guarded, model: ScriptedModel
) -> None:
    hold(guard, "[guard]\nsubagent_usd = 0.001")
    session = server.new_session()
    server.prompt(session, "SUBAGENT please")
    server.settle(model)
    by = [request.session for request in model.recorded]
    assert by.count(session) == 3
    children = {each for each in by if each != session}
    assert len(children) == 2 and all(by.count(child) == 1 for child in children)
    guard.do("lift", "subagent", "--for", "10m")
    server.prompt(session, "SUBAGENT again")
    server.settle(model)
    assert len(model.recorded) == len(by) + 9


def test_nothing_of_this_is_held_unless_it_is_set(server: Server, guard: Guarded, model: ScriptedModel) -> None:
    session = server.new_session()
    server.prompt(session, "AGAIN please")
    assert steps(model) == 13
    assert not guard.trouble_file.exists()
