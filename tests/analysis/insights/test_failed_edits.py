"""Edits that fail."""

from __future__ import annotations

from opencode_tui.analysis.insights.failed_edits import FailedEdits
from tests.support.work import GLM, call, found, session, turn, words

RULE = FailedEdits()
CENT = 10_000_000
FAILS = "edit! src/a.ts"


def test_three_calls_whose_edits_failed_cost_what_they_cost() -> None:
    work = session(turn(*(call("0.05", FAILS) for _ in range(3)), call("0.20", "edit src/a.ts")))
    (finding,) = found(RULE, work)
    assert (finding.cost_nano, finding.saves_nano, finding.sure) == (15 * CENT, 15 * CENT, "measured")
    assert finding.calls == ("ses_1.c1", "ses_1.c2", "ses_1.c3")
    said = words(RULE, [finding])
    assert said.title == "3 calls of kimi-k2.6 with failed edits"
    assert said.what.endswith("and cost $0.15; it asked for 4 edits there")
    assert said.sum_shown == "3 calls cost $0.15, about $0.05 each"


def test_two_calls_or_other_tools_that_fail_are_none() -> None:
    assert not found(RULE, session(turn(call("0.05", FAILS), call("0.05", FAILS))))
    assert not found(RULE, session(turn(*(call("0.05", "bash! npm test") for _ in range(5)))))
    assert not found(RULE, session(turn(*(call("0.05", "edit? src/a.ts") for _ in range(5)))))
    assert not found(RULE, session(turn(*(call("0.05") for _ in range(5)))))


def test_a_call_that_also_did_something_useful_is_not_among_them() -> None:
    work = session(turn(*(call("0.05", FAILS, "edit src/b.ts") for _ in range(5))))
    assert not found(RULE, work)


def test_models_are_told_apart_and_the_setting_counts() -> None:
    work = session(turn(*(call("0.05", FAILS, model=GLM) for _ in range(3)), call("0.05", FAILS), call("0.05", FAILS)))
    assert [finding.key for finding in found(RULE, work)] == [GLM]
    assert len(found(RULE, work, failed_edits=2)) == 2
    assert not found(RULE, work, failed_edits=0)
