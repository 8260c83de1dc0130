"""No rule fails on what a store can hold, and none says anything of work that cost nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from opencode_tui.analysis.insights import PERIOD_RULES, SESSION_RULES
from opencode_tui.analysis.insights.rule import InsightRule, PeriodRule
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import OfferedServer, PeriodWork, SessionWork
from tests.support.periods import child, found_in, period, quarter, share
from tests.support.work import GLM, OPUS, call, found, session, turn, words

HUGE = 10**15
TITLE = '[bold]"Fix"[/] {0} %s \\ 標題'
EDIT = "edit node_modules/[x]/a.ts"


def busy(cost: str, **tokens: int) -> SessionWork:
    """Twelve turns with a bit of all that rules look for."""
    uses = (
        "read package-lock.json",
        "bash! npm test",
        EDIT,
        "edit! b.ts",
        "grep src",
        "task explore",
        "unknown",
        "read",
    )
    turns = [
        turn(
            *(call(cost, use, pause_s=400, model=OPUS, **tokens) for use in uses),
            call(cost, agent="title", model=GLM),
            call(cost, error="MessageAbortedError", completed_ms=None, model="x"),
            id="" if number == 5 else f"turn_{number}",
        )
        for number in range(12)
    ]
    below = child(cost, id="ses_x", parent="ses_a", depth=2, tokens=Tokens(), agent="", model="")
    return session(*turns, title=TITLE, children=(child(cost), below), parent_id=None)


WORKS = {
    "empty": session(),
    "one call": session(turn(call("0", input=0, output=0))),
    "free": busy("0"),
    "no tokens": busy("0.10", input=0, output=0),
    "huge": busy("999999", input=HUGE, output=HUGE, cache_read=HUGE, cache_write=HUGE),
    "long ago": session(*(turn(call("0.5", EDIT, input=HUGE)) for _ in range(5)), start_ms=-(10**14)),
    "a subagent": replace(busy("0.10"), parent_id="ses_0", children=(), rates={}, limits={}),
}
PERIODS = {
    "empty": period(),
    "free": period((share(cost="0", undone_nano=0),), (quarter("9:00", "0", prompts=1), quarter("12:00", "0"))),
    "unknown sessions": period((), (quarter("9:00", prompts=1), quarter("12:00", model="", tokens=Tokens()))),
    "huge": period(
        (
            share(cost="999999", undone_nano=HUGE, is_deleted=True, fork_of="x", title=TITLE, kind_of_use="CI"),
            share("b"),
        ),
        (quarter("9:00", "999999", calls=HUGE, tokens=Tokens(HUGE, HUGE, HUGE, HUGE, HUGE)), quarter("9:00", id="b")),
        servers=(OfferedServer('[red]"', ("/home/dev/shop",), 0),),
    ),
    "a circle": period((share("a", parent_id="b"), share("b", parent_id="a")), (quarter("9:00", id="a"),)),
}


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
@pytest.mark.parametrize("rule", SESSION_RULES, ids=lambda rule: rule.name)
def test_a_rule_on_sessions_takes_any_work(rule: InsightRule, work: SessionWork) -> None:
    findings = found(rule, work)
    assert len({finding.key for finding in findings}) == len(findings), "the ledger keeps one by its key"
    for finding in findings:
        assert 0 <= finding.saves_nano <= finding.cost_nano
        words(rule, [finding])
    if not work.cost_nano:
        assert not any(finding.cost_nano for finding in findings)


@pytest.mark.parametrize("work", PERIODS.values(), ids=PERIODS)
@pytest.mark.parametrize("rule", PERIOD_RULES, ids=lambda rule: rule.name)
def test_a_rule_on_periods_takes_any_work(rule: PeriodRule, work: PeriodWork) -> None:
    if findings := found_in(rule, work):
        assert all(0 <= finding.saves_nano <= finding.cost_nano for finding in findings)
        words(rule, findings)
