"""The agent asks what it costs: the real OpenCode offers our tools to the model, and the model calls them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.e2e import asked
from tests.e2e import model as scripted
from tests.e2e import plan as plans
from tests.e2e.answer import Json
from tests.e2e.bill import knowable, nano_by_session, total_nano
from tests.e2e.hold import NewLedger
from tests.e2e.model import ScriptedModel
from tests.e2e.opencode import LATEST, Install
from tests.e2e.opencode2 import LATEST_2, OpenCode2
from tests.e2e.server import until
from tests.support.paths import ROOT

pytestmark = pytest.mark.e2e

TOOLS = ("cost_budget_left", "cost_session_cost", "cost_costliest_insight", "cost_usage")
MOST_DESCRIPTION = 1_300
"""Characters that the tools' description adds to each request: the README says 1,200."""

IN_CATALOG = re.compile(r"^- cost \(4 tools\)\n(?:(?:  |\}).*\n)+", re.MULTILINE)
"""The tools in the catalog of OpenCode 2's Code Mode, which it sends with the conversation."""
MOST_IN_CATALOG = 800
"""Its characters: the README says 770."""


def test_the_model_calls_the_tools_and_gets_what_the_bill_says(
    install: Install, new_ledger: NewLedger, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, offers = list[tuple[str, ...]](), list[int]()

    def plan(prompt: str, offered: frozenset[str], answered: tuple[str, ...]) -> list[plans.Call]:
        answers.append(answered)
        return [(tool, {}) for tool in TOOLS] if "COSTS" in prompt else plans.plan(prompt, offered, answered)

    def read(path: str, headers: Any, body: Json) -> asked.Asked:
        if "COSTS" in json.dumps(body["messages"][-1]):
            offers.append(len(json.dumps(body["tools"], separators=(",", ":"), ensure_ascii=False)))
        return read_request(path, headers, body)

    read_request = asked.read
    monkeypatch.setattr(scripted, "plan", plan)
    monkeypatch.setattr(asked, "read", read)
    opencode = install(LATEST)
    ledger = new_ledger(opencode)
    opencode.run("COSTS")
    settings = opencode.home / ".config" / "opencode" / "opencode.json"
    server = {"type": "local", "command": ledger.command("mcp"), "environment": {"PYTHONPATH": str(ROOT)}}
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"mcp": {"cost": server}}))
    session = opencode.run("SUBAGENT please")
    before = knowable(LATEST, model.answered)
    asked_before = len(model.answered)
    opencode.run("COSTS", session=session)
    steps = knowable(LATEST, model.answered[asked_before:])
    budget, cost, insight, usage = map(json.loads, answers[-1])
    everything, own = total_nano(before), nano_by_session(before)[session]
    assert nano_of(budget["spent_usd"]) == everything, "the call that asks is not over"
    others = {request.session for request in model.answered[:asked_before]} - cost_sessions(cost)
    below = total_nano(request for request in before if request.session not in {session, *others})
    assert "newest one of the directory" in cost["how"] and cost["session_id"] == session
    assert nano_of(cost["own_usd"]) == own + total_nano(steps[:1])
    assert nano_of(cost["subagents_usd"]) == below and len(cost["subagents"]) == 2
    assert nano_of(cost["total_usd"]) == own + total_nano(steps[:1]) + below
    assert insight["period"] == "week"
    assert nano_of(usage["spend_usd"]) == everything + total_nano(steps[:3])
    assert 0 < offers[1] - offers[0] < MOST_DESCRIPTION


def nano_of(amount: float) -> int:
    return round(amount * 1_000_000_000)


def cost_sessions(cost: Json) -> set[str]:
    return {cost["session_id"], *(each["session_id"] for each in cost["subagents"])}


def test_opencode_2_tells_which_session_asks(
    install: Install, new_ledger: NewLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, described = list[tuple[str, ...]](), list[int]()

    def read(path: str, headers: Any, body: Json) -> asked.Asked:
        catalogs = (IN_CATALOG.search(asked.text_of(each["content"])) for each in body["messages"])
        described.extend(len(found.group()) for found in catalogs if found)
        return read_request(path, headers, body)

    read_request = asked.read
    monkeypatch.setattr(asked, "read", read)

    def plan(prompt: str, offered: frozenset[str], answered: tuple[str, ...]) -> list[plans.Call]:
        answers.append(answered)
        code = "return await tools.cost.session_cost({})"
        return [("execute", {"code": code})] if "COSTS" in prompt else plans.plan(prompt, offered, answered)

    monkeypatch.setattr(scripted, "plan", plan)
    opencode = install(LATEST_2)
    assert isinstance(opencode, OpenCode2)
    ledger = new_ledger(opencode)
    settings = opencode.home / ".config" / "opencode" / "opencode.json"
    server = {"type": "local", "command": ledger.command("mcp"), "environment": {"PYTHONPATH": str(ROOT)}}
    settings.write_text(json.dumps(json.loads(settings.read_text()) | {"mcp": {"cost": server}}))
    with opencode.serve() as running:
        asking = opencode.run("hello", server=running)
        opencode.run("hello", server=running)  # a newer session, which is not the one that asks

        def is_answered() -> bool:
            opencode.run("COSTS", session=asking, server=running)
            return "OpenCode named the session that asks" in "".join(answers[-1])

        until(is_answered, lambda: f"the answer is {answers[-1]}", 25.0)
    assert asking in "".join(answers[-1])
    assert described and all(0 < characters < MOST_IN_CATALOG for characters in described), described
