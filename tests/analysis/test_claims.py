"""No call's money counts twice, and a broad estimate hides no cause that is exact about its calls."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from msgspec.structs import replace as with_fields

from opencode_tui.analysis.claims import once
from opencode_tui.analysis.finding_parts import shares_of
from opencode_tui.analysis.insight_order import by_cause, insights_of
from opencode_tui.analysis.insights import RULE_OF, SESSION_RULES
from opencode_tui.money import apportion
from opencode_tui.records.insights import Finding
from opencode_tui.records.work import SessionWork
from tests.analysis.insights.test_context_decay import grown
from tests.analysis.test_insight_order import CENT, COSTS, WEEK, finding
from tests.support.histories import history
from tests.support.work import session


def claimed(*findings: Finding) -> list[tuple[str, int, tuple[str, ...]]]:
    return [(each.key, each.cost_nano, each.calls) for each in once(findings, COSTS)]


def test_an_exact_cause_within_a_costlier_estimate_stands_with_its_exact_cost() -> None:
    decay = finding(*range(1, 10), key="decay", cost=9 * CENT)  # a fifth of 45 cents
    edits = finding(2, 6, key="edits")
    assert claimed(decay, edits) == [
        ("edits", 8 * CENT, ("c2", "c6")),
        ("decay", 9 * CENT * 37 // 45, ("c1", "c3", "c4", "c5", "c7", "c8", "c9")),
    ]


def test_the_costliest_stands_first_where_it_stays_the_costliest() -> None:
    decay = finding(*range(1, 10), key="decay", cost=20 * CENT)
    assert [key for key, *_ in claimed(finding(4, key="edits"), decay)] == ["decay", "edits"]


def test_an_estimate_keeps_more_than_half_of_its_calls() -> None:
    decay = finding(1, 2, 3, 4, key="decay", cost=8 * CENT)
    assert claimed(decay, finding(2, 3, key="edits")) == [("decay", 8 * CENT, ("c1", "c2", "c3", "c4"))]
    both = claimed(decay, finding(4, key="edits"), finding(1, key="more"))
    assert [(key, calls) for key, _, calls in both] == [("decay", ("c1", "c2", "c3")), ("edits", ("c4",))]


def test_a_measured_cause_goes_before_an_estimate_that_costs_hardly_more() -> None:
    decay = with_fields(finding(*range(1, 10), key="decay", cost=40 * CENT), sure="estimated")
    loop = finding(5, 6, 7, 8, 9, key="loop")
    shares = apportion(40 * CENT, tuple(number * CENT for number in range(1, 10)))
    assert claimed(decay, loop) == [
        ("loop", 35 * CENT, ("c5", "c6", "c7", "c8", "c9")),
        ("decay", sum(shares[:4]), ("c1", "c2", "c3", "c4")),
    ]
    edits = with_fields(finding(*range(1, 10), key="edits"), sure="estimated")
    assert [each[:2] for each in claimed(edits, finding(*range(3, 10), key="loop"))] == [("loop", 42 * CENT)]
    small = finding(5, 6, key="small")
    assert [key for key, *_ in claimed(edits, small)] == ["edits", "small"], "it keeps more than half"


def test_two_shares_of_a_call_that_it_can_pay_both_stand_whole() -> None:
    first, second = finding(8, 9, key="a", cost=8 * CENT), finding(9, key="b", cost=4 * CENT)
    assert claimed(first, second) == [("a", 8 * CENT, ("c8", "c9")), ("b", 4 * CENT, ("c9",))]
    too_much = finding(9, key="b", cost=7 * CENT)
    assert [key for key, *_ in claimed(first, too_much)] == ["a"]


def claimed_with_broad(*findings: Finding) -> list[tuple[str, int, tuple[str, ...]]]:
    parts = once(findings, COSTS, lambda each: "broad" if each.key == "subagents" else "close")
    return [(each.key, each.cost_nano, each.calls) for each in parts]


def test_a_finding_about_subagents_gets_what_those_of_their_own_sessions_leave() -> None:
    fan_out = finding(1, 2, 3, 4, key="subagents", session="root")
    assert claimed_with_broad(fan_out, finding(2, key="loop")) == [
        ("subagents", 8 * CENT, ("c1", "c3", "c4")),
        ("loop", 2 * CENT, ("c2",)),
    ]
    loops = finding(4, key="loop"), finding(3, key="more", session="ses_2")
    assert [key for key, *_ in claimed_with_broad(fan_out, *loops)] == ["loop", "more"]


def test_a_finding_about_subagents_takes_the_calls_of_cheaper_estimates() -> None:
    fan_out = finding(1, 2, 3, 4, key="subagents", session="root")
    decay = finding(2, 3, 4, key="decay", cost=3 * CENT)
    assert claimed_with_broad(fan_out, decay) == [("subagents", 10 * CENT, ("c1", "c2", "c3", "c4"))]
    partly = finding(1, 8, 9, key="decay", cost=6 * CENT)
    assert claimed_with_broad(fan_out, partly) == [
        ("subagents", 10 * CENT, ("c1", "c2", "c3", "c4")),
        ("decay", -(-6 * CENT * 17 // 18), ("c8", "c9")),
    ]


def of_rules(work: SessionWork) -> tuple[list[Finding], dict[str, tuple[int, int]]]:
    found = [each for rule in SESSION_RULES if not rule.is_about_subagents for each in rule.find(work, {})]
    return found, {call.id: (call.created_ms, call.cost_nano) for call in work.calls}


def test_a_long_session_shows_its_failed_calls_beside_its_long_context() -> None:
    turns = grown(30)
    for place in (12, 18):
        calls, fields = turns[place]
        turns[place] = (replace(calls[0], fields={**calls[0].fields, "error": "APIError"}), *calls[1:]), fields
    work = session(*turns)
    found, costs = of_rules(work)
    insights = {each.rule: each for each in insights_of(by_cause(found, costs, RULE_OF), RULE_OF, WEEK)}
    exact = sum(call.cost_nano for call in work.calls if call.error)
    decay = next(each for each in found if each.rule == "context_decay")
    assert insights["failed_calls"].cost_nano == exact < decay.cost_nano
    assert decay.cost_nano * 9 // 10 < insights["context_decay"].cost_nano < decay.cost_nano


def test_no_money_counts_twice_in_any_history() -> None:
    for seed in range(150):
        work = history(Random(seed))
        found, costs = of_rules(work)
        kept = list(once(found, costs))
        paid: Counter[str] = Counter()
        for each in kept:
            paid.update(shares_of(each, costs))
        assert sum(each.cost_nano for each in kept) == paid.total()
        assert all(nano <= costs[id][1] for id, nano in paid.items())
        assert bool(kept) == bool(found)
