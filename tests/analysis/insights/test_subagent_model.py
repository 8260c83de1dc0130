"""Subagents that only read, on an expensive model."""

from __future__ import annotations

from typing import Any

from opencode_tui.analysis.insights.subagent_model import SubagentModel
from opencode_tui.records.work import SessionWork
from tests.support.work import GLM, OPUS, call, found, session, turn, words

RULE = SubagentModel()
LOOKS = ("read src/a.ts", "grep src", "bash git log", "bash sed < src/a.ts", "todowrite")


def explorer(*uses: str, model: str = OPUS, cost: str = "0.50", id: str = "ses_a", **fields: object) -> SessionWork:
    calls = (call(cost, *uses, model=model, input=100_000), call("0.05", model=model, input=2000))
    known: dict[str, Any] = {"parent_id": "ses_1", "agent": "explore", "title": "Find the callers", **fields}
    return session(turn(*calls), id=id, **known)


def test_an_explorer_is_priced_on_the_cheaper_model_that_is_in_use() -> None:
    findings = [*found(RULE, explorer(*LOOKS)), *found(RULE, explorer("read a", "read b", id="ses_b"))]
    assert [finding.cost_nano for finding in findings] == [550_000_000, 550_000_000]
    assert findings[0].saves_nano == 550_000_000 - (102_000 * 950 + 200 * 4_000)
    assert findings[0].key == findings[1].key == "explore", "one setting holds for all of its sessions"
    said = words(RULE, findings)
    assert said.title == "2 explore subagents on claude-opus-4-6 only read and searched"
    assert said.what.startswith('2 explore subagents ("Find the callers" and 1 more session) changed nothing')
    assert said.how == 'in opencode.json: "agent": {"explore": {"model": "opencode/kimi-k2.6"}}'
    general = words(RULE, found(RULE, explorer(*LOOKS, agent="general")))
    assert general.how == f"ask for the explore agent where only reading is needed, and {said.how}"


def test_explorers_on_two_dear_models_are_one_insight_with_one_setting() -> None:
    dearer, dear = explorer(*LOOKS, cost="0.90"), explorer(*LOOKS, model="opencode/gpt-5.2", id="ses_b")
    said = words(RULE, [*found(RULE, dearer), *found(RULE, dear)])
    assert said.title == "2 explore subagents on claude-opus-4-6 or gpt-5.2 only read and searched"
    assert said.how.count('"model"') == 1


def test_one_that_edits_or_runs_something_needs_its_model() -> None:
    for use in ("edit src/a.ts", "bash npm test", "bash", "bash sed", "bash curl", "shop_order x", "task explore"):
        assert not found(RULE, explorer(*LOOKS, use))


def test_one_lookup_a_cheap_model_two_models_and_a_session_of_its_own_are_none() -> None:
    assert not found(RULE, explorer("read src/a.ts"))
    assert not found(RULE, explorer(*LOOKS, model=GLM, cost="0.07"))
    assert not found(RULE, explorer(*LOOKS, parent_id=None))
    two = session(turn(call("0.5", *LOOKS, model=OPUS), call("0.1", model=GLM)), parent_id="ses_1")
    assert not found(RULE, two)


def test_the_multiple_is_a_setting() -> None:
    assert found(RULE, explorer(*LOOKS), subagent_price=5)
    assert not found(RULE, explorer(*LOOKS), subagent_price=12)
    assert not found(RULE, explorer(*LOOKS), subagent_price=0)
