"""All insight rules keep to what the others count on."""

from __future__ import annotations

import re

import pytest

from opencode_tui.analysis.insights import RULE_OF, RULES, THRESHOLDS
from opencode_tui.analysis.insights.rule import AnyInsightRule
from opencode_tui.records.insights import LEVERS
from tests.support.options import INSIGHT_OPTIONS
from tests.support.work import call, found, session, turn


def test_each_rule_and_each_threshold_has_a_name_of_its_own() -> None:
    assert len(RULE_OF) == len(RULES)
    assert len(INSIGHT_OPTIONS) == len(THRESHOLDS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_a_plain_name_a_lever_and_can_be_turned_off(rule: AnyInsightRule) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", rule.name)
    assert rule.lever in LEVERS
    assert rule.is_on({}) == bool(rule.thresholds[0].default)
    assert not rule.is_on({rule.thresholds[0].name: 0})
    assert all((each.unit == "usd") == each.name.endswith("_nano") for each in rule.thresholds)


def test_a_finding_counts_a_call_once_and_saves_no_more_than_it_cost() -> None:
    from opencode_tui.analysis.insights import SESSION_RULES

    work = session(turn(call("0.10"), call("0.20")))
    finding = SESSION_RULES[0].finding(work, (*work.calls, *work.calls), key="x", saves_nano=10**12)
    assert finding.cost_nano == finding.saves_nano == 300_000_000
    assert finding.calls == ("ses_1.c1", "ses_1.c2")
    with pytest.raises(ValueError):
        SESSION_RULES[0].finding(work, (), key="x", saves_nano=0)
    assert not found(SESSION_RULES[0], session())
