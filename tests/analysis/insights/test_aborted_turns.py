"""Turns that were stopped before their answer came."""

from __future__ import annotations

import pytest

from opencode_tui.analysis.insights.aborted_turns import AbortedTurns
from tests.support.work import call, found, session, turn, words

RULE = AbortedTurns()
CENT = 10_000_000


@pytest.mark.parametrize("error", ["MessageAbortedError", "aborted"])
def test_a_stopped_turn_costs_its_calls_and_without_an_edit_nothing_is_left_of_it(error: str) -> None:
    work = session(
        turn(call("0.20", "read src/a.ts"), call("0.10", "edit! src/a.ts"), call("0", error=error)),
        turn(call("0.30", "edit src/a.ts"), call("0", error=error)),
        turn(call("0.40", "edit src/a.ts"), call("0.01")),
    )
    (finding,) = found(RULE, work)
    assert (finding.cost_nano, finding.saves_nano, finding.sure) == (60 * CENT, 30 * CENT, "measured")
    assert finding.turn_id == "turn_1"
    said = words(RULE, [finding])
    assert said.title == "2 turns stopped before the end"
    assert (
        said.what == '2 turns of "Fix header" had cost $0.60 in 25 seconds when stopped; 1 of them had changed nothing'
    )


def test_a_turn_that_went_on_failed_or_cost_nothing_is_none() -> None:
    assert not found(RULE, session(turn(call("0.20"), call("0", error="aborted"), call("0.20"))))
    assert not found(RULE, session(turn(call("0.20"), call("0", error="APIError"))))
    assert not found(RULE, session(turn(call("0", error="aborted"))))
    assert not found(RULE, session(turn(call("0.20", error="aborted"), id="")))


def test_the_setting_counts() -> None:
    work = session(turn(call("0.20"), call("0", error="aborted")))
    (finding,) = found(RULE, work)
    assert words(RULE, [finding]).what.endswith("in 10 seconds when stopped and had changed nothing")
    assert not found(RULE, work, aborted_turns=2)
    assert not found(RULE, work, aborted_turns=0)
