"""Calls that failed and were billed."""

from __future__ import annotations

from opencode_tui.analysis.insights.failed_calls import FailedCalls
from tests.support.work import GLM, call, found, session, turn, words

RULE = FailedCalls()
CENT = 10_000_000


def test_two_failed_calls_cost_what_they_cost() -> None:
    errors = ("APIError", "MessageOutputLengthError")
    (finding,) = found(RULE, session(turn(*(call("0.05", error=error) for error in errors), call("0.30"))))
    assert (finding.cost_nano, finding.saves_nano, finding.sure) == (10 * CENT, 10 * CENT, "measured")
    said = words(RULE, [finding])
    assert said.title == "2 failed calls of kimi-k2.6"
    assert said.what == (
        '2 calls of kimi-k2.6 in "Fix header" failed (APIError, MessageOutputLengthError): they cost $0.10 and took 10 '
        "seconds"
    )
    assert said.sum_shown == "2 failed calls cost $0.10, about $0.05 each"


def test_one_unpaid_and_stopped_calls_are_none() -> None:
    assert not found(RULE, session(turn(call("0.05", error="APIError"), call("0.05"))))
    assert not found(RULE, session(turn(*(call("0", error="APIError") for _ in range(9)))))
    assert not found(RULE, session(turn(*(call("0.05", error="MessageAbortedError") for _ in range(9)))))


def test_models_are_told_apart_and_the_setting_counts() -> None:
    work = session(turn(call("0.05", error="APIError"), call("0.05", error="APIError", model=GLM)))
    assert not found(RULE, work)
    assert len(found(RULE, work, failed_calls=1)) == 2
    assert not found(RULE, work, failed_calls=0)
