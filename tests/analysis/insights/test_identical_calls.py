"""The same tool call again and again in one turn."""

from __future__ import annotations

from opencode_tui.analysis.insights.identical_calls import IdenticalCalls
from tests.support.work import call, found, session, turn, words

RULE = IdenticalCalls()
CENT = 10_000_000
TEST = "bash#5 npm test"


def test_five_identical_commands_cost_their_calls() -> None:
    (finding,) = found(RULE, session(turn(*(call("0.05", TEST) for _ in range(5)), call("0.40"))))
    assert (finding.cost_nano, finding.saves_nano, finding.sure) == (25 * CENT, 20 * CENT, "measured")
    assert finding.calls == tuple(f"ses_1.c{number}" for number in range(1, 6))
    said = words(RULE, [finding])
    assert said.title == "npm test: 5 identical calls"
    assert said.what == '"Fix header" ran the same npm test 5 times with no file edited in between: $0.25'
    assert said.sum_shown == "5 calls cost $0.25; without the first of each run: $0.20"


def test_two_calls_in_turn_are_each_found() -> None:
    pairs = [call("0.05", use) for _ in range(5) for use in (TEST, "grep#2 src")]
    first, second = found(RULE, session(turn(*pairs)))
    assert {first.key, second.key} == {"npm test", "grep of src"}
    assert not set(first.calls) & set(second.calls)


def test_a_test_after_every_edit_four_times_or_in_turns_of_their_own_is_none() -> None:
    edited = [each for _ in range(6) for each in (call("0.05", TEST), call("0.05", "edit src/a.ts"))]
    assert not found(RULE, session(turn(*edited)))
    assert not found(RULE, session(turn(*(call("0.05", TEST) for _ in range(4)))))
    assert not found(RULE, session(*(turn(call("0.05", TEST)) for _ in range(9))))
    assert not found(RULE, session(turn(*(call("0.05", TEST) for _ in range(9)), id="")))


def test_inputs_that_differ_or_are_not_known_to_be_the_same_and_reads_are_none() -> None:
    assert not found(RULE, session(turn(*(call("0.05", f"bash#{number} npm test") for number in range(9)))))
    assert not found(RULE, session(turn(*(call("0.05", "grep src") for _ in range(9)))))
    assert not found(RULE, session(turn(*(call("0.05", "read#3 src/a.ts") for _ in range(9)))))


def test_calls_that_did_something_else_as_well_do_not_count() -> None:
    busy = [call("0.05", TEST, f"read src/{number}.ts") for number in range(4)]
    assert not found(RULE, session(turn(*busy, *(call("0.05", TEST) for _ in range(4)))))


def test_two_inputs_of_one_command_are_one_finding_and_the_setting_counts() -> None:
    work = session(*(turn(*(call("0.05", f"bash#{digest} npm test") for _ in range(5))) for digest in (1, 2)))
    (finding,) = found(RULE, work)
    assert (finding.cost_nano, finding.saves_nano) == (50 * CENT, 40 * CENT)
    assert not found(RULE, work, identical_calls=6)
    assert not found(RULE, work, identical_calls=0)
