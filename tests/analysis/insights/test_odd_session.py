"""Nothing that a ledger can hold makes a rule fail, and what it says of it stays plain text."""

from __future__ import annotations

from functools import cache

import pytest

from opencode_tui.analysis.insights import SESSION_RULES
from opencode_tui.analysis.insights.rule import InsightRule
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import SessionWork
from tests.support.work import OPUS, call, found, session, turn, words

ODD = ("[bold]x[/]", "\u202efile.ts", "", "a" * 400, "C:\\work\\a.ts", "src/ünï 😀.ts")
HUGE = Tokens(10**15, 10**15, 10**15, 10**15, 10**15)


@cache
def odd_session() -> SessionWork:
    """Turns without ids, calls at equal and falling times, without an end, of absurd sizes, of unknown models."""
    uses = [f"{tool}{ended}#{number} {target}" for number, target in enumerate(ODD) for tool in TOOLS for ended in "!?"]
    uses += [f"{tool} {target}" for target in ODD for tool in TOOLS]
    calls = [
        call("0", *uses, pause_s=0),
        call("999999", *uses, pause_s=-(10**9), tokens=HUGE, completed_ms=None),
        call("0.01", *uses, pause_s=10**9, tokens=Tokens(), error="\u202e[red]Abort"),
        call("0.01", tokens=Tokens(cache_read=10**15), model="nobody/knows"),
        call("0.01", input=60_000, cache_read=60_000, model=OPUS, completed_ms=0, agent="[title]"),
    ]
    return session(
        *(turn(*calls) for _ in range(22)),
        turn(*calls, id=""),
        turn(*(call("0.01", "read#1 x", "edit! x") for _ in range(9))),
        turn(call("0.01", error="aborted")),
        start_ms=0,
        title="[bold]\u202e%s{}",
    )


TOOLS = ("read", "edit", "grep", "bash", "apply_patch", "task", "unknown", "read")


@pytest.mark.parametrize("rule", SESSION_RULES, ids=lambda rule: rule.name)
def test_a_rule_says_something_plain_of_whatever_it_finds(rule: InsightRule) -> None:
    work = odd_session()
    ids = {each.id: each.cost_nano for each in work.calls}
    for settings in ({}, dict.fromkeys((each.name for each in rule.thresholds), 1)):
        findings = found(rule, work, **settings)
        assert len({finding.key for finding in findings}) == len(findings)
        for finding in findings:
            assert finding.calls and set(finding.calls) <= ids.keys()
            assert 0 <= finding.saves_nano <= finding.cost_nano <= sum(ids[id] for id in finding.calls)
            if finding.sure == "measured":
                assert finding.cost_nano == sum(ids[id] for id in finding.calls)
            words(rule, [finding])
