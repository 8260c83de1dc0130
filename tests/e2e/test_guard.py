"""The guard on the real OpenCode 1.18.34: past a line the scripted model is asked nothing more.

No dashboard and no other process of ours runs in these tests but what the plugin itself starts.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing

import pytest

from opencode_tui.money import NANO, nano_from_usd
from tests.e2e.bill import as_charged_by, total_nano
from tests.e2e.guarded import HOW_TO_GO_ON, Guarded, as_if_once_online, refused, toasts
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install, OpenCode, binary
from tests.e2e.server import PATIENCE_S

pytestmark = pytest.mark.e2e


@pytest.fixture
def opencode(install: Install) -> OpenCode:
    return install(LATEST, subagent_depth=2)


@pytest.fixture
def guard(opencode: OpenCode) -> Guarded:
    return Guarded(opencode)


def test_a_plain_prompt_past_the_cutoff_is_refused_and_the_model_hears_nothing(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    opencode.run("hello")
    guard.install(cutoff=0.001)
    asked = len(model.answered)
    said = refused(opencode, "hello again")
    assert len(model.answered) == asked  # not even for a title
    assert "is spent today and the cutoff is $0.0010, so this call was not made." in said
    assert guard.errors()[-1].startswith("opencode-tui guard: $0.0")
    guard.do("lift", "--for", "30m")
    opencode.run("lifted")
    guard.do("lift", "--off")
    refused(opencode, "held again")
    guard.do("raise", "2.50")
    opencode.run("raised")
    assert len(model.recorded) == 3
    guard.do("remove")
    opencode.run("without a guard")
    assert len(model.recorded) == 4


def test_a_running_tool_loop_stops_at_the_call_after_the_cutoff(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=0.010)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "EDIT it")
        bill = model.recorded
        assert total_nano(bill[:-1]) < nano_from_usd("0.010") <= total_nano(bill)
        assert 1 < len(bill) < 4
        assert HOW_TO_GO_ON in guard.errors()[-1]
        server.prompt(session, "go on")
        assert model.recorded == bill
        guard.do("lift", "--for", "2h")
        server.prompt(session, "go on")
        assert len(model.recorded) == len(bill) + 1


def test_a_subagent_is_stopped_and_its_parent_too(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    guard.install(cutoff=0.012)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "SUBAGENT please")
        by_child = [request for request in model.recorded if request.model == "glm-5"]
        assert total_nano(by_child[:-1]) < nano_from_usd("0.012") <= total_nano(by_child) + model.recorded[0].nano
        assert 1 < len(by_child) < 4
        assert len(model.recorded) == 1 + len(by_child)
        assert all(HOW_TO_GO_ON in error for error in guard.errors())
        assert len(server.children(session)) == 1
        asked = len(model.recorded)
        guard.do("raise", "5")
        server.prompt(session, "DIG on")
        assert len(model.recorded) == asked + 2


def test_a_compaction_is_refused_too(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "hello")
    guard.install(cutoff=0.001)
    asked = len(model.answered)
    with opencode.serve() as server:
        server.compact(session)
    assert len(model.answered) == asked
    assert HOW_TO_GO_ON in guard.errors()[-1]


def test_the_ledger_is_kept_up_to_date_while_nothing_of_ours_runs(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=100)
    opencode.run("EDIT it")
    guard.wait_for(total_nano(model.recorded))
    with opencode.serve() as server:
        server.prompt(server.new_session(), "SUBAGENT please")
        guard.wait_for(total_nano(model.recorded))
    assert not guard.trouble_file.exists()


def test_a_call_that_the_ledger_has_read_before_it_had_ended_counts_once(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=0.0105)
    guard.without_sync()
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "hello")
        guard.ours_says("sync")
        with closing(sqlite3.connect(guard.ledger)) as ledger:
            ledger.execute("UPDATE call SET completed_ms = NULL")  # a store has the cost a moment before the end
            ledger.commit()
        first = model.recorded[0].nano
        assert guard.held_nano() == first < nano_from_usd("0.0105") < 2 * first
        server.prompt(session, "go on")
        assert len(model.recorded) == 2
        assert guard.errors() == []


def test_one_opencode_is_held_to_what_another_spends(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    guard.install(cutoff=0.012)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "hello")
        assert total_nano(model.recorded) < nano_from_usd("0.012")
        opencode.run("EDIT it")
        guard.wait_for(total_nano(model.recorded))
        assert total_nano(model.recorded) >= nano_from_usd("0.012")
        asked = len(model.answered)
        server.prompt(session, "and now?")
        assert len(model.answered) == asked


def test_the_copies_in_a_fork_cost_nothing(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "EDIT it")
        spent = total_nano(model.recorded)
        guard.install(cutoff=1.5 * spent / NANO)
    with opencode.serve() as server:
        for _ in range(2):
            fork = server.fork(session)
            server.prompt(fork, "on another way")
    assert guard.errors() == []


def test_a_cap_on_a_folder_of_a_project_holds_in_that_folder(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    opencode.run("hello")
    package = opencode.project / "package"
    package.mkdir()
    guard.install(cutoff=100, more=f'[guard.projects]\n"{package}" = 0.001')
    opencode.run("hello in the project")
    assert guard.errors() == []
    opencode.started_in = package
    opencode.run("hello in the folder")
    asked = len(model.answered)
    assert "is spent today in this project and its cap is $0.0010" in refused(opencode, "hello again")
    assert len(model.answered) == asked


@pytest.mark.parametrize("cap", ["the project's", "another's"])
def test_a_projects_cap_holds_in_that_project(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, cap: str
) -> None:
    opencode.run("hello")
    place = opencode.project if cap == "the project's" else opencode.project.parent / "proj"
    guard.install(cutoff=100, more=f'[guard.projects]\n"{place}" = 0.001')
    asked = len(model.answered)
    if cap == "the project's":
        said = refused(opencode, "hello again")
        assert "is spent today in this project and its cap is $0.0010" in said
        assert len(model.answered) == asked
    else:
        opencode.run("hello again")
        assert len(model.answered) > asked


def test_an_agents_cap_stops_that_agent_alone(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    guard.install(cutoff=100, more="[guard.agents]\nexplore = 0.001")
    opencode.run("SUBAGENT please")
    models = [request.model for request in model.recorded]
    assert models.count("glm-5") == 1
    # The parent goes on: its two calls after the subagents' answers, and all of the general agent's.
    assert models.count("kimi-k2.6") == 5
    assert all("by this agent and its cap is $0.0010" in error for error in guard.errors())


def test_the_warning_is_a_toast_once_a_day_for_all(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    guard.install(warning=0.001, cutoff=100)
    with opencode.serve() as server, toasts(server) as seen:
        session = server.new_session()
        server.prompt(session, "EDIT it")
        server.prompt(session, "hello")
        (toast,) = seen
        assert toast["variant"] == "warning"
        assert toast["message"].endswith("is spent today, past the warning $0.0010; the cutoff is $100.00.")
    with opencode.serve() as server, toasts(server) as seen:
        server.prompt(session, "hello")
        assert seen == []


@pytest.mark.parametrize("text", ["", "{", "{}", '{"version": 9}', None], ids=repr)
def test_a_broken_state_lets_calls_pass_and_says_so(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, text: str | None
) -> None:
    guard.install(cutoff=0.001)
    if text is None:
        guard.state_file.unlink()
    else:
        guard.state_file.write_text(text)
    with opencode.serve() as server, toasts(server) as seen:
        session = server.new_session()
        server.prompt(session, "EDIT it")
        assert len(model.recorded) == 4
        (toast,) = seen
        assert toast["variant"] == "error"
        assert "guard.json cannot be read (" in toast["message"]
        assert toast["message"].endswith("; calls are not held.")
        assert guard.noted()["state"]["held"] is False
        assert "not guarded: " in guard.do("status")
        guard.do("install")
        server.prompt(session, "and now?")
    assert len(model.recorded) == 4
    assert not guard.trouble_file.exists()


def test_a_ledger_that_cannot_be_read_lets_calls_pass_and_says_so(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    opencode.run("hello")
    guard.install(cutoff=0.001)
    for file in guard.ours.glob("ledger.db*"):
        file.unlink()
    guard.ledger.write_text("this is no database")
    with opencode.serve() as server, toasts(server) as seen:
        server.prompt(server.new_session(), "hello")
        assert len(model.recorded) == 2
        assert any("ledger.db cannot be read (" in toast["message"] for toast in seen)
    assert guard.noted()["ledger"]["held"] is False


def test_a_sync_that_cannot_be_started_is_said_and_calls_are_held_all_the_same(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=0.010)
    state = json.loads(guard.state_file.read_text())
    guard.state_file.write_text(json.dumps(state | {"sync": ["/nowhere/python"]}))
    with opencode.serve() as server:
        server.prompt(server.new_session(), "EDIT it")
    assert total_nano(model.recorded[:-1]) < nano_from_usd("0.010") <= total_nano(model.recorded)
    assert 1 < len(model.recorded) < 4
    trouble = guard.noted()["sync"]
    assert (trouble["held"], "/nowhere/python cannot bring the ledger up to date" in trouble["reason"]) == (True, True)


def test_an_opencode_that_runs_while_the_guard_is_removed_goes_on_without_a_word(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=0.001)
    with opencode.serve() as server, toasts(server) as seen:
        session = server.new_session()
        server.prompt(session, "EDIT it")
        assert len(model.recorded) == 1
        guard.do("remove")
        server.prompt(session, "go on")
        assert len(model.recorded) == 2
        assert seen == []
    assert not guard.trouble_file.exists()


@pytest.mark.parametrize("dollars", [429, 1500, 5040])
def test_an_amount_like_an_error_of_the_network_is_not_tried_again(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, dollars: int
) -> None:
    guard.install(cutoff=dollars)
    guard.spend(dollars * NANO)
    said = refused(opencode, "hello")  # OpenCode would try for longer than this waits
    assert f"{dollars:,}.00 is spent today" in said.replace("\u2060", "")
    assert model.answered == []


@pytest.mark.parametrize("what", ["null", "a directory", "a pipe"])
def test_a_note_that_is_none_neither_holds_a_call_up_nor_lets_it_pass(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, what: str
) -> None:
    guard.install(warning=0.5, cutoff=2, more="[guard.agents]\nbuild = 0.5")
    guard.spend(NANO)
    for name in ("guard-warned.json", "guard-trouble.json", "guard-seen-1.json"):
        note = guard.ours / name
        if what == "a directory":
            note.mkdir()
        elif what == "a pipe":
            os.mkfifo(note)
        else:
            note.write_text(what)
    assert "by this agent and its cap is $0.50" in refused(opencode, "hello")
    assert model.recorded == []  # a title is another agent's


@pytest.mark.parametrize("more", ["", "[guard.agents]\nexplore = 1"], ids=["without caps", "with a cap"])
def test_amounts_that_add_up_to_more_than_64_bits_are_held(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, more: str
) -> None:
    guard.install(cutoff=1, more=more)
    for _ in range(2):
        guard.spend(9 * 10**18)
    assert "is spent today and the cutoff is $1.00" in refused(opencode, "hello")
    assert model.answered == []
    assert not guard.trouble_file.exists()
    assert guard.do("status").startswith("guarded: ")


def test_it_is_loaded_beside_another_configuration_directory(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=0.001)
    guard.spend(NANO)
    other = opencode.home / "other"
    as_if_once_online(other)
    assert HOW_TO_GO_ON in refused(opencode, "hello", OPENCODE_CONFIG_DIR=str(other))
    assert model.answered == []


@pytest.mark.parametrize("version", ["1.2.27", "1.14.48"])
def test_an_older_opencode_is_held_as_well(install: Install, model: ScriptedModel, version: str) -> None:
    opencode = install(version)
    guard = Guarded(opencode)
    guard.install(cutoff=0.010)
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "EDIT it")
        # 1.14 tells a plugin nothing of its calls, so that the ledger has to say it first.
        guard.wait_for(total_nano(as_charged_by(version, model.recorded)))
        asked = len(model.answered)
        server.prompt(session, "go on")
    assert len(model.answered) == asked
    assert HOW_TO_GO_ON in guard.errors()[-1]


def test_the_making_of_an_agent_runs_no_hook_and_is_held_where_it_leaves(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    opencode.run("hello")
    guard.install(cutoff=0.001)
    opencode.fetches_list = True  # what it fetches with before the plugin is there cannot be held
    asked = model.asked
    where = ["--path", str(opencode.project / ".opencode"), "--mode", "all", "--tools", ""]
    command = ["agent", "create", "--description", "reviews code", *where, "-m", "opencode/kimi-k2.6"]
    done = subprocess.run(
        [str(binary(opencode.version)), *command],
        **opencode._where(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, model.asked) == (1, asked)
    assert "so this call was not made" in done.stdout
    guard.do("lift", "--for", "30m")
    subprocess.run(
        [str(binary(opencode.version)), *command], **opencode._where(), capture_output=True, timeout=PATIENCE_S
    )
    assert model.asked > asked


def test_the_naming_of_a_projects_copy_is_held_where_it_leaves(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=1)
    guard.spend(NANO)
    opencode.fetches_list = True
    with opencode.serve() as server:
        project = server._call("GET", "/project/current")["id"]
        for held in (True, False):
            server._call("POST", f"/experimental/project/{project}/copy/generate-name", {"context": "the header"})
            assert (model.asked == 0) == held
            guard.do("lift", "--for", "30m")


def test_a_worktree_of_a_project_is_held_to_its_cap(opencode: OpenCode, guard: Guarded, model: ScriptedModel) -> None:
    opencode.run("hello")
    guard.install(cutoff=100, more=f'[guard.projects]\n"{opencode.project}" = 0.001')
    tree = opencode.project.with_name("tree")
    opencode._git("worktree", "add", "-q", str(tree))
    opencode.started_in = tree
    asked = model.asked
    assert "is spent today in this project and its cap is $0.0010" in refused(opencode, "hello again")
    assert model.asked == asked


def test_own_prices_count_before_the_ledger_knows_of_the_call(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    guard.install(cutoff=10, more='[pricing.custom."opencode/kimi-k2.6"]\ninput = 1000\noutput = 1000')
    guard.without_sync()
    with opencode.serve() as server:
        server.prompt(server.new_session(), "EDIT it")
    amounts = [(each.input + each.output + each.reasoning) / 1000 for each in model.recorded]
    assert sum(amounts[:-1]) < 10 <= sum(amounts)


@pytest.mark.parametrize("zone", ["CET", "America/Coyhaique"])
def test_a_zone_that_only_python_knows_is_held_as_any_other(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel, zone: str
) -> None:
    opencode.run("hello")
    config = opencode.home / ".config" / "opencode-tui" / "config.toml"
    guard.set(cutoff=0.001)
    config.write_text(f'timezone = "{zone}"\n{config.read_text()}')
    guard.do("install")
    asked = model.asked
    assert "so this call was not made" in refused(opencode, "hello again")
    assert model.asked == asked


def test_a_state_that_others_can_write_starts_no_program_and_holds(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    opencode.run("hello")
    guard.install(cutoff=0.001)
    state = json.loads(guard.state_file.read_text())
    started = opencode.home / "started"
    guard.state_file.write_text(json.dumps(state | {"sync": ["touch", str(started)]}))
    guard.state_file.chmod(0o666)
    asked = model.asked
    assert "so this call was not made" in refused(opencode, "hello again")
    assert model.asked == asked
    assert not started.exists()
    assert guard.noted()["exposed"]["held"] is True


def test_an_opencode_that_has_run_since_before_the_guard_is_not_held_and_that_is_said(
    opencode: OpenCode, guard: Guarded, model: ScriptedModel
) -> None:
    with opencode.serve() as server:
        session = server.new_session()
        server.prompt(session, "hello")
        guard.install(cutoff=0.001)
        guard.was_so_before(minutes=5)
        asked = model.asked
        server.prompt(session, "go on")
        assert model.asked > asked
        assert "not guarded: 1 call past the cutoff was not held, the last at " in guard.do("status")
        assert "the guard does not hold: 1 call past the cutoff was not held" in guard.alerts()
