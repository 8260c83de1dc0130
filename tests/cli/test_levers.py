"""`levers`: what it offers, what it writes after a yes, and that it can be taken back."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import pytest

from opencode_tui.cli import EXIT_TROUBLE, EXIT_USAGE
from opencode_tui.cli.levers.offers import HINT
from opencode_tui.pricing.jsonc import jsonc_value
from opencode_tui.records.insights import LEVERS
from tests.stores import V1, Tokens
from tests.stores.tools import tool
from tests.support.ledgers import lay_out
from tests.support.prices import cost, models_json
from tests.support.shell import GPT, OPUS, Shell, assert_one_sentence, at

LARGE = Tokens(input=20_000, output=1_000)


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.cli.levers.now_ms", lambda: at("14:23"))


@pytest.fixture
def shop(shell: Shell) -> Path:
    """A project of two models, with a subagent on the expensive one and reads below node_modules, some by a command."""
    project = shell.home / "shop"
    project.mkdir()
    limits = {"limit": {"context": 200_000, "output": 8_000}}
    models_json(
        shell.home,
        anthropic={"claude-opus-4-5": {**cost(5, 25), **limits}},
        openai={"gpt-5": {**cost(1, 10), **limits}},
    )
    lay_out(shell.ledger)
    store = V1(shell.home)
    with store.database.connection():
        root = store.session("Fix header", created=at("10:00"), directory=str(project))
        for minute in range(4):
            file = f"{project}/node_modules/react/{minute}.js"
            used = tool("read", file) if minute < 2 else tool("bash", f"head -n 99 {file}")
            store.call(root, cost="0.03", model=GPT, tokens=LARGE, tools=[used], at=at(f"10:0{minute}"))
        child = store.session("look", parent=root, created=at("10:10"), directory=str(project))
        for minute in range(3):
            store.call(child, cost="0.125", model=OPUS, tokens=LARGE, at=at(f"10:1{minute}"))
    return project


@pytest.fixture
def settings(shell: Shell) -> Path:
    return shell.home / ".config/opencode/opencode.json"


def test_the_levers_come_in_their_order_with_what_can_be_changed(shell: Shell, shop: Path) -> None:
    said = shell.json("levers")
    assert [lever["lever"] for lever in said["levers"]] == ["context", "routing", "compaction", "quota"]
    context, routing = said["levers"][:2]
    assert context["next"] == "opencode-tui levers apply ignore-shop"
    assert "+node_modules/" in context["changes"][0]["diff"].splitlines()
    (change,) = routing["changes"]
    assert change["name"] == "model-explore"
    # 3 calls of 20,000 input and 1,000 output: $0.375 as billed, $0.09 at $1 and $10 a million
    assert "cost $0.38 in 3 calls" in change["what"]
    assert "the same tokens cost $0.09 on openai/gpt-5, $0.28 less (estimated" in change["what"]
    text = shell.said("levers")
    assert "1 context discipline" in text
    assert "4 quota-aware switching: no insight in this period" in text
    assert not (shell.home / ".config").exists()
    assert list(shop.iterdir()) == []


def test_an_insight_is_the_evidence_of_its_lever(shell: Shell, store: V1) -> None:
    with store.database.connection():
        session = store.session("Fix header", created=at("12:00"))
        for minute in range(5):
            store.call(session, cost="0.10", tools=[tool("edit", "src/Button.tsx")], at=at(f"12:0{minute}"))
    context = shell.json("levers", "--period", "today")["levers"][0]
    (insight,) = context["insights"]
    assert (insight["rule"], insight["cost_usd"], insight["saves_usd"]) == ("redesign_loop", 0.5, 0.4)
    assert (context["cost_usd"], context["saves_usd"], context["sure"]) == (0.5, 0.4, "measured")
    assert context["next"] == insight["how"]
    said = shell.said("levers", "--period", "today")
    assert "1 context discipline: 1 insight, $0.50; at most $0.40 would not have been spent (measured)" in said
    assert f"  next: {insight['how']}" in said


def test_an_undone_round_of_a_redesign_is_no_second_insight(shell: Shell, store: V1) -> None:
    with store.database.connection():
        session = store.session("Fix header", created=at("12:00"))
        for minute in range(5):
            turn = store.prompt(session, at=at(f"12:0{minute}"))
            edit = tool("edit", "src/Button.tsx")
            store.call(session, turn=turn, cost="0.10", tools=[edit], at=at(f"12:0{minute}"))
    shell.json("levers", "--period", "today")
    store.revert(session, turn)
    context = shell.json("levers", "--period", "today")["levers"][0]
    assert {each["rule"]: each["cost_usd"] for each in context["insights"]} == {"redesign_loop": 0.5}
    assert (context["cost_usd"], context["saves_usd"]) == (0.5, 0.4)
    said = shell.said("levers", "--period", "today")
    assert "1 insight, $0.50; at most $0.40 would not have been spent" in said


def test_a_quota_that_is_nearly_full_has_the_model_to_switch_to(shell: Shell, store: V1) -> None:
    with store.database.connection():
        session = store.session("Fix header", created=at("13:00"))
        store.call(session, cost="10.50", model="opencode-go/kimi-k2.6", tokens=LARGE, at=at("13:01"))
    quota = shell.json("levers")["levers"][3]
    assert quota["facts"][0].startswith("opencode-go: ≥87% of the 5 hours, ")
    assert quota["next"].startswith("/models in OpenCode, to ")
    said = shell.said("levers")
    assert f"  {quota['facts'][0]}\n" in said
    assert f"  next: {quota['next']}" in said


def test_what_is_edited_as_well_is_not_ignored(shell: Shell, shop: Path) -> None:
    store = V1(shell.home, name="opencode-dev.db")
    with store.database.connection():
        root = store.session("Patch it", created=at("11:00"), directory=str(shop))
        edit = tool("edit", f"{shop}/node_modules/react/1.js")
        store.call(root, cost="0.01", model=GPT, tools=[edit], at=at("11:01"))
    assert shell.json("levers")["levers"][0]["changes"] == []


def test_another_period_has_other_evidence(shell: Shell, shop: Path) -> None:
    assert shell.json("levers", "--period", "yesterday")["levers"][1]["changes"] == []
    assert "no change of a file is offered" in shell.said("levers", "apply", "--yes", "--period", "yesterday")
    code, _, err = shell.run("levers", "--period", "soon")
    assert code == EXIT_USAGE
    assert_one_sentence(err, "'soon' is no period")


def test_nothing_is_written_without_a_yes(shell: Shell, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = shell.run("levers", "apply", "ignore-shop")
    assert (code, "+node_modules/" in out) == (EXIT_USAGE, True)
    assert_one_sentence(err, "--yes")
    for answer in ("\n", "n\n", ""):
        _answer(monkeypatch, answer)
        assert "stays as it is" in shell.said("levers", "apply", "context")
    assert not (shop / ".ignore").exists()
    assert "no lever has changed a file" in shell.said("levers", "list")
    _answer(monkeypatch, "y\n")
    assert "is written" in shell.said("levers", "apply", "context")
    assert (shop / ".ignore").read_text() == "node_modules/\n"


def test_what_is_written_was_shown_and_is_taken_back(shell: Shell, shop: Path, settings: Path) -> None:
    settings.parent.mkdir(parents=True)
    mine = b'\xef\xbb\xbf{\r\n  // mine\r\n  "share": "disabled"\r\n}'
    settings.write_bytes(mine)
    settings.chmod(0o640)
    said = shell.said("levers", "apply", "model-explore", "--yes")
    assert '+    "explore": {' in said.splitlines()
    written = settings.read_bytes()
    assert written.startswith(b'\xef\xbb\xbf{\r\n  // mine\r\n  "share": "disabled",\r\n')
    assert b"\n" not in written.replace(b"\r\n", b"")
    value = jsonc_value(written.decode("utf-8-sig"))
    assert value == {"share": "disabled", "agent": {"explore": {"model": "openai/gpt-5"}}}
    assert settings.stat().st_mode & 0o777 == 0o640
    (applied,) = shell.json("levers", "list")["applied"]
    assert (applied["name"], applied["undone_at"]) == ("model-explore", None)
    assert "as it was before" in shell.said("levers", "undo")
    assert settings.read_bytes() == mine
    assert settings.stat().st_mode & 0o777 == 0o640
    assert shell.json("levers", "list")["applied"][0]["undone_at"] is not None
    code, _, err = shell.run("levers", "undo")
    assert code == EXIT_USAGE
    assert_one_sentence(err, "no change")


def test_a_file_that_was_not_there_is_gone_again(shell: Shell, shop: Path) -> None:
    shell.said("levers", "apply", "ignore-shop", "--yes")
    assert "gone again" in shell.said("levers", "undo", "ignore-shop")
    assert not (shop / ".ignore").exists()


def test_undo_refuses_a_file_that_was_changed_since(shell: Shell, shop: Path) -> None:
    file = shop / ".ignore"
    file.write_text("mine")
    shell.said("levers", "apply", "ignore-shop", "--yes")
    assert file.read_text() == "mine\nnode_modules/\n"
    file.write_text("mine\nnode_modules/\nmore\n")
    code, _, err = shell.run("levers", "undo")
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, "was changed since", "--force")
    assert file.read_text() == "mine\nnode_modules/\nmore\n"
    said = shell.said("levers", "undo", "--force")
    assert "-more" in said
    assert file.read_text() == "mine"


def test_a_link_stays_a_link(shell: Shell, shop: Path, settings: Path) -> None:
    real = shell.home / "dotfiles" / "opencode.json"
    real.parent.mkdir()
    real.write_text("{}\n")
    settings.parent.mkdir(parents=True)
    settings.symlink_to(real)
    shell.said("levers", "apply", "routing", "--yes")
    assert settings.is_symlink()
    assert "explore" in real.read_text()
    shell.said("levers", "undo")
    assert real.read_text() == "{}\n"
    assert settings.is_symlink()


def test_what_is_ignored_already_is_not_offered(shell: Shell, shop: Path) -> None:
    (shop / ".gitignore").write_text("/node_modules\n")
    assert shell.json("levers")["levers"][0]["changes"] == []


@pytest.mark.parametrize("text", ['{"agent": {env:AGENTS}}', '{"agent": 1}'])
def test_settings_that_cannot_be_edited_are_left_to_the_person(
    shell: Shell, shop: Path, settings: Path, text: str
) -> None:
    settings.parent.mkdir(parents=True)
    settings.write_text(text)
    (sentence,) = shell.json("levers")["by_hand"]
    assert '"model": "openai/gpt-5"' in sentence
    assert "by hand" in shell.said("levers", "apply", "--yes")
    assert settings.read_text() == text


def test_a_model_that_is_set_elsewhere_is_changed_there(
    shell: Shell, shop: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = shell.home / "other.json"
    other.write_text(json.dumps({"agent": {"explore": {"model": "anthropic/claude-opus-4-5"}}}))
    monkeypatch.setenv("OPENCODE_CONFIG", str(other))
    assert "Its model is set by ~/other.json; write openai/gpt-5 there" in shell.json("levers")["by_hand"][0]
    monkeypatch.delenv("OPENCODE_CONFIG")
    project = shop / ".opencode" / "opencode.jsonc"
    project.parent.mkdir()
    project.write_text('{"agent": {"explore": {"model": "anthropic/claude-opus-4-5"}}, /* mine */}')
    assert "its model is set by ~/shop/.opencode/opencode.jsonc" in shell.json("levers")["by_hand"][0].casefold()
    project.unlink()
    agent = settings.parent / "agent" / "explore.md"
    agent.parent.mkdir(parents=True)
    agent.write_text("---\nmodel: anthropic/claude-opus-4-5\n---\n")
    assert "explore.md" in shell.json("levers")["by_hand"][0]


@pytest.mark.parametrize("used", [("edit", "a.py"), ("bash", "npm install")])
def test_a_subagent_that_changes_something_keeps_its_model(shell: Shell, shop: Path, used: tuple[str, str]) -> None:
    store = V1(shell.home, name="opencode-dev.db")
    with store.database.connection():
        root = store.session("More", created=at("11:00"), directory=str(shop))
        child = store.session("change", parent=root, created=at("11:01"), directory=str(shop))
        store.call(child, cost="0.125", model=OPUS, tokens=LARGE, tools=[tool(*used)], at=at("11:02"))
    assert shell.json("levers")["levers"][1]["changes"] == []


def test_long_sessions_are_answered_with_a_hint_that_is_there_once(shell: Shell, store: V1) -> None:
    with store.database.connection():
        long = store.session("Go on", created=at("12:00"))
        for minute in range(21):
            store.call(long, cost="0.01", model=GPT, tokens=LARGE, at=at(f"12:{minute:02}"))
    said = shell.said("levers", "apply", "compaction", "--yes")
    assert "1 session of more than 20 turns cost $0.21" in said
    assert (shell.home / ".config/opencode/AGENTS.md").read_text() == HINT
    compaction = shell.json("levers")["levers"][2]
    assert (compaction["changes"], compaction["next"]) == ([], None)
    assert compaction["already_set"] == ["~/.config/opencode/AGENTS.md speaks of /compact, since 14:23"]


def test_two_changes_of_one_file_are_taken_back_one_by_one(shell: Shell, shop: Path, settings: Path) -> None:
    store = V1(shell.home, name="opencode-dev.db")
    with store.database.connection():
        root = store.session("More", created=at("11:00"), directory=str(shop))
        child = store.session("dig", parent=root, created=at("11:01"), directory=str(shop), agent="research")
        store.call(child, cost="0.125", model=OPUS, tokens=LARGE, at=at("11:02"))
    shell.said("levers", "apply", "routing", "--yes")
    value = jsonc_value(settings.read_text())
    assert isinstance(value, dict)
    assert value["agent"].keys() == {"explore", "research"}
    code, _, err = shell.run("levers", "undo", "1")
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, "was changed since")
    shell.said("levers", "undo")
    shell.said("levers", "undo")
    assert not settings.exists()


def test_projects_of_one_name_have_changes_of_their_own(shell: Shell, shop: Path) -> None:
    other = shell.home / "old" / "shop"
    other.mkdir(parents=True)
    store = V1(shell.home, name="opencode-dev.db")
    with store.database.connection():
        root = store.session("Look", created=at("11:00"), directory=str(other))
        lock = tool("read", f"{other}/package-lock.json")
        store.call(root, cost="0.01", model=GPT, tools=[lock] * 3, at=at("11:01"))
    shell.said("levers", "apply", "context", "--yes")
    assert (shop / ".ignore").read_text() == "node_modules/\n"
    assert (other / ".ignore").read_text() == "package-lock.json\n"
    assert {each["name"] for each in shell.json("levers", "list")["applied"]} == {"ignore-shop", "ignore-shop-2"}


def test_what_is_applied_is_not_offered_again(shell: Shell, shop: Path) -> None:
    shell.said("levers", "apply", "--yes")
    assert not any(lever["changes"] for lever in shell.json("levers")["levers"])


def test_a_name_that_is_none_is_said(shell: Shell, shop: Path) -> None:
    code, _, err = shell.run("levers", "apply", "nope")
    assert code == EXIT_USAGE
    assert_one_sentence(err, "'nope'", "ignore-shop", "model-explore")


def test_a_file_that_is_changed_before_the_yes_stays(shell: Shell, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change() -> str:
        (shop / ".ignore").write_text("somebody's\n")
        return "y\n"

    _answer(monkeypatch, "y\n")
    monkeypatch.setattr(sys.stdin, "readline", change)
    code, _, err = shell.run("levers", "apply", "ignore-shop")
    assert code == EXIT_TROUBLE
    assert_one_sentence(err, "was changed meanwhile")
    assert (shop / ".ignore").read_text() == "somebody's\n"
    assert "no lever has changed a file" in shell.said("levers", "list")


def test_the_help_names_the_levers(shell: Shell) -> None:
    said = " ".join(shell.run("levers", "apply", "--help", places=())[1].split())
    assert f"a lever: {', '.join(LEVERS)}" in said


def test_an_empty_ledger_has_four_levers_and_no_change(shell: Shell) -> None:
    lay_out(shell.ledger)
    V1(shell.home)
    said = shell.json("levers", "--period", "all")
    assert len(said["levers"]) == 4
    assert not any(lever["changes"] for lever in said["levers"])


def _answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    stdin = StringIO(text)
    monkeypatch.setattr(stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stdin)


def test_levers_without_a_file_say_what_to_do_by_hand(shell: Shell, shop: Path) -> None:
    """A subagent of which the costly half has an insight, and the cheap half would be moved by the same setting."""
    store = V1(shell.home, name="opencode-dev.db")
    with store.database.connection():
        root = store.session("Redesign", created=at("11:00"), directory=str(shop))
        for minute in range(4):
            edit = tool("edit", f"{shop}/src/Button.tsx")
            store.call(root, cost="0.10", model=GPT, tools=[edit], at=at(f"11:0{minute}"))
        looks = [tool("read", f"{shop}/a.ts"), tool("grep", "src")]
        for model, cost, calls in ((OPUS, "0.125", 2), (GPT, "0.09", 12)):
            child = store.session("look", parent=root, created=at("11:10"), agent="scout", directory=str(shop))
            for minute in range(calls):
                at_ms = at(f"11:{10 + minute}")
                store.call(child, cost=cost, model=model, tokens=LARGE, agent="scout", tools=looks, at=at_ms)
    by_hand = shell.json("levers")["by_hand"]
    (scout,) = [sentence for sentence in by_hand if "scout" in sentence]
    assert "one setting would replace them all" in scout
    assert scout.endswith('by hand: in opencode.json: "agent": {"scout": {"model": "openai/gpt-5"}}')
    said = shell.said("levers", "apply", "--period", "today", "--yes")
    assert scout in said
    assert "scout" not in (shell.home / ".config/opencode/opencode.json").read_text()
    again = shell.said("levers", "apply", "context", "--period", "today", "--yes")
    assert again.startswith("no change of a file is offered")
    assert "context discipline: no change of a file is offered; do by hand: " in again


def test_a_setting_that_is_there_already_is_said_and_not_advised(shell: Shell, shop: Path) -> None:
    shell.said("levers", "apply", "model-explore", "--yes")
    sentence = "the model of the subagent explore is openai/gpt-5 already, by ~/.config/opencode/opencode.json"
    said = shell.said("levers", "apply", "routing")
    assert said.splitlines()[1:] == [f"{sentence}; sessions take it up once OpenCode is started again"]
    assert sentence in shell.json("levers")["by_hand"][0]
    assert "routing" not in shell.said("levers", "apply", "compaction")


def test_what_was_applied_is_said_to_be_set_since_then(shell: Shell, shop: Path) -> None:
    shell.said("levers", "apply", "--yes")
    context, routing = shell.json("levers")["levers"][:2]
    (ignored,) = context["already_set"]
    assert ignored.startswith("~/shop/.ignore has node_modules/, since 14:23; ")
    settings = "~/.config/opencode/opencode.json"
    assert routing["already_set"] == [f"the model of the subagent explore is openai/gpt-5 by {settings}, since 14:23"]
    assert (context["next"], routing["next"]) == (None, None)
    said = shell.said("levers")
    assert f"  already set: {routing['already_set'][0]}\n" in said
    assert "next:" not in said
    assert "not offered:" not in said
    shell.said("levers", "undo")
    shell.said("levers", "undo")
    assert not any(lever["already_set"] for lever in shell.json("levers")["levers"])


def test_what_was_set_by_hand_is_set_without_a_moment(shell: Shell, shop: Path, settings: Path) -> None:
    (shop / ".gitignore").write_text("/node_modules\n")
    settings.parent.mkdir(parents=True)
    settings.write_text('{"agent": {"explore": {"model": "openai/gpt-5"}}} // mine')
    context, routing = shell.json("levers")["levers"][:2]
    assert context["already_set"][0].startswith("~/shop/.gitignore has node_modules/; ")
    set_by = f"~/{settings.relative_to(shell.home)}"
    assert routing["already_set"] == [f"the model of the subagent explore is openai/gpt-5 by {set_by}"]
    (shop / "opencode.json").write_text('{"agent": {"explore": {"model": "anthropic/claude-opus-4-5"}}}')
    assert shell.json("levers")["levers"][1]["already_set"] == []  # as it is another one in this project


@pytest.mark.parametrize("folder", ["agent", "agents"])
@pytest.mark.parametrize("value", ["openai/gpt-5", '"openai/gpt-5"  # cheap', "'openai/gpt-5'"])
def test_a_model_that_markdown_sets_for_the_agent_is_set_already(
    shell: Shell, shop: Path, settings: Path, folder: str, value: str
) -> None:
    described = settings.parent / folder / "explore.md"
    described.parent.mkdir(parents=True)
    described.write_text(f"---\ndescription: Looks\nmode: subagent\nmodel: {value}\n---\nmodel: none/none\n")
    said = shell.json("levers")
    by = f"~/{described.relative_to(shell.home)}"
    assert said["levers"][1]["already_set"] == [f"the model of the subagent explore is openai/gpt-5 by {by}"]
    assert said["levers"][1]["changes"] == []
    assert said["by_hand"][0].startswith(f"the model of the subagent explore is openai/gpt-5 already, by {by}")
    described.write_text("---\nmode: subagent\n---\nmodel: openai/gpt-5\n")
    assert shell.json("levers")["levers"][1]["already_set"] == [], "it stands in the prompt, not before it"


def test_markdown_in_a_project_comes_after_the_projects_json(shell: Shell, shop: Path, settings: Path) -> None:
    """As in OpenCode 1.18.34 and 2.0.15."""
    dotted = shop / ".opencode"
    (dotted / "agent").mkdir(parents=True)
    (dotted / "opencode.json").write_text('{"agent": {"explore": {"model": "openai/gpt-5"}}}')
    settings.parent.mkdir(parents=True)
    settings.write_text('{"agent": {"explore": {"model": "openai/gpt-5"}}}')
    assert shell.json("levers")["levers"][1]["already_set"] == []  # not the same file everywhere
    (dotted / "opencode.json").unlink()
    assert len(shell.json("levers")["levers"][1]["already_set"]) == 1
    (dotted / "agent" / "explore.md").write_text("---\nmodel: anthropic/claude-opus-4-5\n---\n")
    assert shell.json("levers")["levers"][1]["already_set"] == []


def test_where_opencode_1_and_2_read_in_another_order_nothing_is_said_to_be_set(
    shell: Shell, shop: Path, settings: Path
) -> None:
    """OpenCode 1.18.34 reads the global Markdown after the project's JSON, OpenCode 2.0.15 before it."""
    (settings.parent / "agent").mkdir(parents=True)
    (settings.parent / "agent" / "explore.md").write_text("---\nmodel: openai/gpt-5\n---\n")
    assert len(shell.json("levers")["levers"][1]["already_set"]) == 1
    (shop / "opencode.json").write_text('{"agent": {"explore": {"model": "anthropic/claude-opus-4-5"}}}')
    assert shell.json("levers")["levers"][1]["already_set"] == []


def test_the_advice_of_an_insight_ends_where_its_setting_is_there(shell: Shell, shop: Path, settings: Path) -> None:
    store = V1(shell.home, name="opencode-dev.db")
    looks = [tool("read", f"{shop}/a.ts"), tool("grep", "src")]
    with store.database.connection():
        root = store.session("Look", created=at("11:00"), directory=str(shop))
        child = store.session("look", parent=root, created=at("11:10"), directory=str(shop))
        store.call(root, cost="0.001", at=at("11:09"), tools=[tool("task", "look", child=child)])
        for minute in range(3):
            store.call(child, cost="0.125", model=OPUS, tokens=LARGE, tools=looks, at=at(f"11:1{minute}"))
    (insight,) = shell.json("levers")["levers"][1]["insights"]
    assert insight["rule"] == "subagent_model"
    assert insight["how"] == 'in opencode.json: "agent": {"explore": {"model": "openai/gpt-5"}}'
    settings.parent.mkdir(parents=True)
    settings.write_text('{"agent": {"explore": {"model": "openai/other"}}}')
    routing = shell.json("levers")["levers"][1]
    assert (routing["already_set"], routing["next"]) == ([], "opencode-tui levers apply model-explore")
    settings.write_text('{"agent": {"explore": {"model": "openai/gpt-5"}}}')
    routing = shell.json("levers")["levers"][1]
    assert (len(routing["insights"]), len(routing["already_set"]), routing["next"]) == (1, 1, None)
