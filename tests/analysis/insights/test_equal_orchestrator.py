"""An orchestrator that works as much as its fixer."""

from __future__ import annotations

from opencode_tui.analysis.insights.equal_orchestrator import EqualOrchestrator
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import ChildWork, SessionWork
from tests.support.periods import child
from tests.support.records import replace
from tests.support.work import KIMI, OPUS, RATES, call, found, session, turn, words

RULE = EqualOrchestrator()


def fixer(tokens: int = 100_000, **fields: object) -> ChildWork:
    known = {"agent": "fixer", "task": "coding", "tokens": Tokens(input=tokens), **fields}
    return child("0.10", **known)  # type: ignore[arg-type]


def orchestrated(*children: ChildWork, tool: str = "edit src/a.ts") -> SessionWork:
    """Two calls of 50,000 tokens by the orchestrator, one of which works itself."""
    calls = (
        call("0.25", "task fixer", input=50_000, output=0, model=OPUS),
        call("0.26", tool, input=50_000, output=0, model=OPUS),
    )
    return session(turn(*calls), children=children)


def test_what_it_did_itself_is_priced_on_the_model_of_its_fixer() -> None:
    (finding,) = found(RULE, orchestrated(fixer()))
    assert finding.calls == ("ses_1.c2",)
    assert (finding.cost_nano, finding.saves_nano) == (260_000_000, 260_000_000 - 50_000 * 950)
    said = words(RULE, [finding])
    assert said.what == (
        'in "Fix header" claude-opus-4-6 used 50% of the tokens (100k), its subagents on kimi-k2.6 100k; 1 call of '
        "claude-opus-4-6 read, edited or ran commands: $0.26"
    )
    assert said.sum_shown == "$0.26 on claude-opus-4-6; the same tokens at the price of kimi-k2.6: $0.05"


def test_a_fixer_that_is_new_here_worked_all_the_same() -> None:
    rates = {model: replace(each, worked_ms=None) for model, each in RATES.items()}
    (finding,) = found(RULE, replace(orchestrated(fixer()), rates=rates))
    assert finding.cost_nano == 260_000_000


def test_less_than_the_share_is_an_orchestrator_and_nearly_all_is_none() -> None:
    assert found(RULE, orchestrated(fixer(149_000)))
    assert not found(RULE, orchestrated(fixer(160_000)))
    assert found(RULE, orchestrated(fixer(160_000)), orchestrator_share=30)
    assert found(RULE, orchestrated(fixer(66_000)))
    assert not found(RULE, orchestrated(fixer(62_000)))


def test_explorers_fixers_on_the_same_model_and_an_orchestrator_that_only_asks_are_none() -> None:
    assert not found(RULE, orchestrated(child("0.10", tokens=Tokens(input=100_000))))
    assert not found(RULE, orchestrated(fixer(agent="explore")))
    assert not found(RULE, orchestrated(fixer(model=OPUS)))
    assert not found(RULE, orchestrated(fixer(model="ollama/qwen3")))
    assert not found(RULE, orchestrated(fixer(), tool="todowrite"))
    assert not found(RULE, orchestrated())
    assert not found(RULE, session(children=(fixer(model=KIMI),)))
