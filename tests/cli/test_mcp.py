"""`mcp`: what its tools answer an agent, what they keep from it, and that nothing but the protocol is on stdout."""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from opencode_tui.cli import EXIT_OK, EXIT_TROUBLE, agent_tools, main
from opencode_tui.cli.agent_tools import MCP_TOOL_OF
from tests.stores import V1, tool
from tests.support.ledgers import lay_out
from tests.support.shell import GPT, OPUS, Shell, assert_one_sentence, at

SHOP, CART = Path("/home/dev/shop"), Path("/home/dev/cart")


@pytest.fixture
def store(shell: Shell) -> V1:
    return V1(shell.home)


@pytest.fixture
def asked(shell: Shell, store: V1, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """Two projects: a session in the shop with a subagent, a costlier one in the cart."""
    monkeypatch.setattr(agent_tools, "now_ms", lambda: at("14:23"))
    lay_out(shell.ledger)
    (shell.home / "config.toml").touch()
    with store.database.connection():
        first = store.session("Fix header", created=at("10:00"), directory=str(SHOP))
        store.call(first, cost="0.200000001", model=OPUS, at=at("10:01"))
        dig = store.session("dig", parent=first, created=at("10:02"), directory=str(SHOP))
        store.call(dig, cost="0.05", model=GPT, at=at("10:03"), agent="explore")
        second = store.session("Secret cart", created=at("11:00"), directory=str(CART))
        store.call(second, cost="0.40", model=GPT, at=at("11:01"))
    return shell


def arguments(shell: Shell) -> argparse.Namespace:
    config = shell.home / "config.toml"
    return argparse.Namespace(data_dir=str(shell.data_dir), ledger=str(shell.ledger), config=str(config))


def answer_call(shell: Shell, directory: Path, name: str, given: dict[str, Any], told: object) -> tuple[str, bool]:
    from opencode_tui.cli.mcp_server import answer_call  # its library takes half a second to import

    return answer_call(arguments(shell), directory, name, given, told)


def ask(shell: Shell, name: str, directory: Path = SHOP, told: object = None, **given: Any) -> Any:
    text, is_error = answer_call(shell, directory, name, given, told)
    assert not is_error, text
    return json.loads(text)


def refused(shell: Shell, name: str, directory: Path = SHOP, told: object = None, **given: Any) -> str:
    text, is_error = answer_call(shell, directory, name, given, told)
    assert is_error and "\n" not in text and "Traceback" not in text
    return text


def session_id(shell: Shell, title: str) -> str:
    (id,) = (each["id"] for each in shell.json("sessions", "--period", "all") if each["title"] == title)
    return str(id)


def allow(shell: Shell) -> None:
    (shell.home / "config.toml").write_text("[privacy]\nother_projects = true\n")


def test_the_budget_left_is_the_cutoff_less_what_today_cost(asked: Shell) -> None:
    found = ask(asked, "budget_left")
    assert (found["spent_usd"], found["left_to_warning_usd"], found["left_usd"]) == (
        0.650000001,
        0.149999999,
        0.849999999,
    )
    assert (found["schema_version"], found["day"], found["band"]) == (1, "2026-05-13", "calm")


def test_a_raised_cutoff_counts_and_what_is_left_is_never_below_zero(asked: Shell) -> None:
    (asked.home / "config.toml").write_text("[budget]\nwarning_usd = 0.10\ncutoff_usd = 0.20\n")
    found = ask(asked, "budget_left")
    assert (found["left_to_warning_usd"], found["left_usd"], found["band"]) == (0, 0, "cutoff")


def test_a_raise_of_the_guard_counts_and_a_lift_leaves_what_is_left(
    asked: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opencode_tui.cli.guard.now_ms", lambda: at("14:23"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(asked.home / "config"))
    asked.said("guard", "install")

    def left() -> tuple[float, float, float]:
        found = ask(asked, "budget_left")
        return found["cutoff_usd"], found["left_usd"], found["left_to_warning_usd"]

    assert left() == (1.5, 0.849999999, 0.149999999)
    asked.said("guard", "raise", "2.50")
    assert left() == (2.5, 1.849999999, 0.149999999)
    asked.said("guard", "lift", "--for", "30m")
    assert left() == (2.5, 1.849999999, 0.149999999), "calls pass, and the line stands"
    asked.said("guard", "raise", "--off")
    assert left() == (1.5, 0.849999999, 0.149999999)


def test_a_session_costs_its_own_calls_and_its_subagents(asked: Shell) -> None:
    found = ask(asked, "session_cost")
    assert (found["total_usd"], found["own_usd"], found["subagents_usd"]) == (0.250000001, 0.200000001, 0.05)
    assert [(each["title"], each["own_usd"]) for each in found["subagents"]] == [("dig (@explore subagent)", 0.05)]
    assert (found["title"], found["calls"], found["more_subagents"]) == ("Fix header", 1, 0)
    assert "newest one of the directory" in found["how"]


def test_the_session_that_opencode_tells_wins_over_the_directory(asked: Shell) -> None:
    found = ask(asked, "session_cost", told=session_id(asked, "Secret cart"))
    assert (found["total_usd"], found["how"]) == (0.4, "OpenCode named the session that asks")


def test_a_session_that_the_ledger_does_not_know_is_one_sentence(asked: Shell) -> None:
    assert refused(asked, "session_cost", told="ses_unknown").startswith("no session ses_unknown is in the ledger yet")
    assert "no session of this directory" in refused(asked, "session_cost", directory=Path("/nowhere"))


def test_usage_adds_up_by_each_group(asked: Shell) -> None:
    for by in MCP_TOOL_OF["usage"].arguments["by"]["enum"]:
        found = ask(asked, "usage", by=by)
        assert (found["spend_usd"], found["by"], found["calls"]) == (0.650000001, by, 3)
        if by != "tool":
            assert sum(each["spend_usd"] for each in found["groups"]) == pytest.approx(0.650000001, abs=1e-12)


def test_other_projects_have_no_path_unless_it_is_allowed(asked: Shell) -> None:
    hidden = ask(asked, "usage", by="project")
    assert [(each["key"], each["spend_usd"]) for each in hidden["groups"]] == [
        ("another project (1)", 0.4),
        (str(SHOP), 0.250000001),
    ]
    allow(asked)
    assert ask(asked, "usage", by="project")["groups"][0]["key"] == str(CART)


def rework(store: V1, directory: Path, file: str, cost: str) -> None:
    """A session of five turns that each edit the same file."""
    edit = tool("edit", str(directory / file))
    with store.database.connection():
        session = store.session(f"Title of {file}", created=at("12:00"), directory=str(directory))
        for turn in range(5):
            prompt = store.prompt(session, at=at(f"12:{turn}0"))
            store.call(session, cost=cost, model=GPT, at=at(f"12:{turn}1"), turn=prompt, tools=[edit])


def test_the_costliest_insight_keeps_the_words_of_other_projects(asked: Shell, store: V1) -> None:
    assert ask(asked, "costliest_insight", period="2026-05-01")["costliest"] is None
    rework(store, CART, "secret.tsx", "0.30")
    hidden = ask(asked, "costliest_insight", period="today")
    assert hidden["costliest"]["cost_usd"] > 1 and "withheld" in hidden["costliest"]
    assert "ecret" not in json.dumps(hidden)
    assert "ecret" in ask(asked, "costliest_insight", directory=CART, period="today")["costliest"]["title"]
    allow(asked)
    shown = ask(asked, "costliest_insight", period="today")
    assert "secret.tsx" in shown["costliest"]["title"] and "costliest_here" not in shown


def test_the_costliest_of_the_own_project_is_beside_a_withheld_one(asked: Shell, store: V1) -> None:
    rework(store, CART, "secret.tsx", "0.30")
    rework(store, SHOP, "header.tsx", "0.10")
    found = ask(asked, "costliest_insight")
    assert "withheld" in found["costliest"] and "ecret" not in json.dumps(found)
    assert "header.tsx" in found["costliest_here"]["title"]


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("drop", {}, "there is no tool drop"),
        ("usage", {"period": "soonish"}, "soonish"),
        ("usage", {"by": "title"}, "write one of model, provider"),
        ("usage", {"by": 7}, "by is no text"),
        ("usage", {"where": "x"}, "usage takes no where; it takes period, by"),
        ("budget_left", {"a\nb": "x"}, "it takes nothing"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(name: str, given: dict[str, Any], words: str, asked: Shell) -> None:
    assert words in refused(asked, name, **given)


def test_trouble_and_the_unexpected_are_tool_errors(asked: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (asked.home / "config.toml").write_text("[budget]\nwarning_usd = 'much'\n")
    assert "warning_usd" in refused(asked, "budget_left")
    (asked.home / "config.toml").write_text("")
    monkeypatch.setattr(agent_tools, "read_day", lambda *_: 1 // 0)
    assert "ZeroDivisionError" in refused(asked, "budget_left")


def test_without_a_store_the_answer_says_so(shell: Shell) -> None:
    shell.data_dir.mkdir(exist_ok=True)
    (shell.home / "config.toml").touch()
    found = ask(shell, "budget_left")
    assert found["lower_bound"] and "no OpenCode store" in found["notes"][0]


async def test_a_client_gets_the_tools_and_tells_its_session(asked: Shell) -> None:
    from mcp.client.client import Client

    from opencode_tui.cli import mcp_server

    wanted = session_id(asked, "Secret cart")
    meta: Any = {mcp_server.SESSION_KEY: wanted}
    async with Client(mcp_server.make_server(arguments(asked), SHOP)) as client:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == list(MCP_TOOL_OF)
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        told = await client.call_tool("session_cost", {}, meta=meta)
        wrong = await client.call_tool("usage", {"period": "soonish"})
    assert json.loads(told.content[0].text)["session_id"] == wanted  # type: ignore[union-attr]
    assert wrong.is_error


class Answers(io.BytesIO):
    """A standard output that closes standard input once so many lines are written."""

    def __init__(self, lines: int, wire: int) -> None:
        super().__init__()
        self._lines, self._wire = lines, wire

    def write(self, data: Any) -> int:
        written = super().write(data)
        if self.getvalue().count(b"\n") >= self._lines and self._wire >= 0:
            os.close(self._wire)
            self._wire = -1
        return written


def test_nothing_but_the_protocol_is_on_standard_output(asked: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "opencode", "version": "1"}}
    call = {"name": "budget_left", "arguments": {}}
    requests = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call},
    ]
    reading, writing = os.pipe()
    os.write(writing, "".join(json.dumps(each) + "\n" for each in requests).encode())
    out = Answers(2, writing)
    with open(reading, encoding="utf-8") as wire:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", wire)
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, write_through=True))
        code = main(["mcp", *asked.places])
    hello_back, answer = map(json.loads, out.getvalue().splitlines())
    assert (code, hello_back["id"], hello_back["result"]["serverInfo"]["name"]) == (EXIT_OK, 0, "opencode-tui")
    assert json.loads(answer["result"]["content"][0]["text"])["spent_usd"] == 0.650000001


def test_without_the_extra_it_says_how_to_install_it(asked: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opencode_tui.cli.mcp.find_spec", lambda name: None)
    code, out, err = asked.run("mcp")
    assert (code, out) == (EXIT_TROUBLE, "")
    assert_one_sentence(err, "pip install 'opencode-tui[mcp]'")
    assert importlib.util.find_spec("mcp")
