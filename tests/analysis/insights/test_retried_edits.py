"""A file edited again and again because something failed."""

from __future__ import annotations

from opencode_tui.analysis.call_figures import sum_left
from opencode_tui.analysis.insights.failed_edits import FailedEdits
from opencode_tui.analysis.insights.retried_edits import RetriedEdits
from tests.support.work import call, found, session, turn, words

RULE = RetriedEdits()
CENT = 10_000_000
EDIT, FAILS, PASSES = "edit src/cart.ts", "bash! npm test", "bash npm test"


def test_three_edits_after_failing_tests_cost_the_failures_and_the_edits() -> None:
    again = (call("0.02", FAILS), call("0.05", EDIT))
    work = session(turn(call("0.10", EDIT), *again, *again, *again, call("0.02", PASSES)))
    (finding,) = found(RULE, work)
    assert finding.calls == tuple(f"ses_1.c{number}" for number in range(2, 8))
    assert (finding.cost_nano, finding.saves_nano, finding.sure) == (21 * CENT, 15 * CENT, "measured")
    said = words(RULE, [finding])
    assert said.title == "cart.ts edited again 3 times after failures"
    assert said.what.endswith("as a command had failed: $0.21 and 30 seconds with the failures")
    assert said.sum_shown == "6 calls with a failure or another edit cost $0.21, the edits $0.15 of it"


FAILED = call("0.07", "edit! src/cart.ts")


def test_failing_edits_that_end_in_a_success_are_a_matter_of_the_rule_on_these() -> None:
    work = session(turn(call("0.10", "read src/cart.ts"), *[FAILED] * 9, call("0.05", EDIT)))
    assert not found(RULE, work)
    (finding,) = found(FailedEdits(), work)
    assert (finding.cost_nano, finding.saves_nano, finding.figures["count"]) == (63 * CENT, 63 * CENT, 9)


def test_a_failing_edit_between_a_failing_command_and_the_next_edit_is_not_counted() -> None:
    again = (call("0.02", FAILS), FAILED, call("0.05", EDIT))
    (finding,) = found(RULE, session(turn(FAILED, call("0.02", FAILS), call("0.10", EDIT), *again, *again, *again)))
    assert (finding.cost_nano, finding.saves_nano, sum_left([finding], "again")) == (21 * CENT, 15 * CENT, 3)


def test_two_retries_tests_that_passed_and_edits_of_other_files_are_none() -> None:
    again = (call("0.02", FAILS), call("0.05", EDIT))
    assert not found(RULE, session(turn(call("0.10", EDIT), *again, *again)))
    passed = (call("0.02", PASSES), call("0.05", EDIT))
    assert not found(RULE, session(turn(call("0.10", EDIT), *passed, *passed, *passed)))
    others = [each for n in range(9) for each in (call("0.02", FAILS), call("0.05", f"edit src/{n}.ts"))]
    assert not found(RULE, session(turn(*others)))


def test_retries_in_turns_of_their_own_are_none() -> None:
    once = (call("0.05", EDIT), call("0.02", FAILS))
    assert not found(RULE, session(*(turn(*once) for _ in range(9))))
    assert not found(RULE, session(turn(*once, *once, *once, *once, id="")))


def test_a_search_that_found_nothing_is_no_failure_and_the_setting_counts() -> None:
    searched = (call("0.02", "bash! grep"), call("0.05", EDIT))
    assert not found(RULE, session(turn(call("0.10", EDIT), *searched, *searched, *searched)))
    again = (call("0.02", FAILS), call("0.05", EDIT))
    work = session(turn(call("0.10", EDIT), *again, *again))
    assert len(found(RULE, work, retried_edits=2)) == 1
    assert not found(RULE, work, retried_edits=0)
