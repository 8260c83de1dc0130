"""The same tool call again and again in one turn."""

from __future__ import annotations

from opencode_tui.analysis.insights.identical_calls import IdenticalCalls
from opencode_tui.records.insights import Finding
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
    assert said.what == '"Fix header" ran the same npm test 5 times with nothing changed in between: $0.25'
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


def test_a_command_that_is_new_and_may_change_files_makes_the_next_run_a_new_one() -> None:
    def after(*others: str) -> list[Finding]:
        return found(RULE, session(turn(*(call("0.05", use) for other in others for use in (other, TEST)))))

    assert not after(*(f"bash#{number} sed" for number in range(10, 18)))
    assert not after(*["bash sed"] * 8)  # of which nobody knows whether it was the same
    assert not after(*(f"task#{number} general" for number in range(10, 18)))
    looks = ("bash#{} git status", "bash#{} rg", "bash#{} cat < src/a.ts", "bash#{} sed < src/a.ts", "read#{} src/a.ts")
    for harmless in (*looks, "edit!#{} src/a.ts"):
        (finding,) = after(*(harmless.format(number) for number in range(10, 18)))
        assert (finding.cost_nano, finding.saves_nano) == (40 * CENT, 35 * CENT)


def test_a_file_that_a_command_shows_again_is_left_to_the_rule_of_reads() -> None:
    assert not found(RULE, session(turn(*(call("0.05", "bash#5 cat < src/a.ts") for _ in range(9)))))
    assert found(RULE, session(turn(*(call("0.05", "bash#5 rg < src/a.ts") for _ in range(9)))))


def test_the_state_of_a_repository_after_each_commit_is_a_new_one() -> None:
    commits = [(f"bash#{n} git add", f"bash#{n + 10} git commit", "bash#7 git status") for n in range(20, 28)]
    assert not found(RULE, session(turn(*(call("0.05", use) for commit in commits for use in commit))))


def test_two_commands_that_may_change_files_and_are_the_same_each_time_are_a_loop() -> None:
    pairs = [call("0.05", use) for _ in range(6) for use in ("bash#1 npm run", "bash#2 npm run")]
    (finding,) = found(RULE, session(turn(*pairs)))
    assert (finding.figures["count"], finding.cost_nano, finding.saves_nano) == (11, 55 * CENT, 45 * CENT)
    edited = [*pairs[:6], call("0.01", "edit src/a.ts"), *pairs[6:]]
    assert not found(RULE, session(turn(*edited)))


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
