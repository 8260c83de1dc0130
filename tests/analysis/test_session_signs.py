"""A rule that the signs of a session keep from looking would have found nothing in it."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from opencode_tui.analysis.insights import SESSION_RULES
from opencode_tui.analysis.session_signs import signs_of
from opencode_tui.records.signs import FamilySigns, SessionSigns
from opencode_tui.records.work import SessionWork
from tests.support.histories import history
from tests.support.records import replace
from tests.support.work import OPUS, call, session, turn

LOW = {threshold.name: max(1, threshold.default // 3) for rule in SESSION_RULES for threshold in rule.thresholds}
LOW["fan_out"] = 4  # else hardly any subagents are left to the rule on costly ones
HISTORIES = 250


def signs(work: SessionWork) -> SessionSigns:
    """The signs of a session, and those of its subagents as the ledger sums them up."""
    tokens: Counter[str] = Counter()
    for each in work.calls:
        tokens[each.model] += each.tokens.total
    family = FamilySigns(
        many=len(work.children),
        direct=sum(child.parent_id == work.id for child in work.children),
        depth=max((child.depth for child in work.children), default=0),
        nano=sum(child.nano for child in work.children),
        tokens=sum(child.tokens.total for child in work.children),
        own_tokens=min(tokens.values()),
    )
    return signs_of(work, work.calls, family)


@pytest.mark.parametrize("settings", [{}, LOW], ids=["defaults", "low thresholds"])
def test_no_finding_is_missed(settings: dict[str, int]) -> None:
    found: Counter[str] = Counter()
    spared: Counter[str] = Counter()
    for seed in range(HISTORIES):
        work = history(Random(seed))
        seen = signs(work)
        for rule in SESSION_RULES:
            may, findings = rule.may_find(seen, settings), any(each.cost_nano for each in rule.find(work, settings))
            assert may or not findings, f"{rule.name} in history {seed}"
            found[rule.name] += findings
            spared[rule.name] += not may
    assert {rule.name for rule in SESSION_RULES if not spared[rule.name]} == set()
    if settings:
        assert {rule.name for rule in SESSION_RULES if not found[rule.name]} == set()


def test_rules_that_are_about_subagents_say_so() -> None:
    for seed in range(HISTORIES):
        work = history(Random(seed))
        alone = replace(work, children=())
        for rule in SESSION_RULES:
            if not rule.is_about_subagents:
                assert list(rule.find(work, LOW)) == list(rule.find(alone, LOW))


def test_an_ordinary_session_shows_no_signs() -> None:
    first = call("0.02", "read src/a.ts", input=9_000, cache_write=3_000, model=OPUS)
    second = call("0.02", "edit src/a.ts", input=100, cache_read=12_000, model=OPUS)
    seen = signs(session(turn(first, second)))
    assert [rule.name for rule in SESSION_RULES if rule.may_find(seen, {})] == ["small_edits"], "one edit may be one"


def test_builds_are_a_sign_only_where_their_output_can_be_measured() -> None:
    def loud(*contexts: int) -> int:
        calls = [call("0.02", "bash npm test", input=context, model=OPUS) for context in contexts]
        return signs(session(turn(*calls))).loud

    assert loud(10_000, 20_000, 30_000, 40_000) == 4
    assert loud(40_000, 10_000, 40_000, 10_000) == 0
