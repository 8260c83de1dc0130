"""One file edited in turn after turn."""

from __future__ import annotations

from opencode_tui.analysis.insights.redesign_loop import RedesignLoop
from tests.support.work import call, found, session, turn, words

RULE = RedesignLoop()
CENT = 10_000_000
EDIT = "edit /home/dev/shop/src/Button.tsx"


def test_a_file_edited_in_four_turns_costs_all_of_those_turns() -> None:
    work = session(
        turn(call("0.30", EDIT), call("0.02")),
        turn(call("0.50", "read src/other.ts")),
        turn(call("0.20", EDIT, EDIT)),
        turn(call("0.10", EDIT)),
        turn(call("0.15", EDIT)),
    )
    (finding,) = found(RULE, work)
    assert (finding.cost_nano, finding.saves_nano) == (77 * CENT, 45 * CENT)
    assert finding.calls == ("ses_1.c1", "ses_1.c2", "ses_1.c4", "ses_1.c5", "ses_1.c6")
    assert (finding.turn_id, finding.sure) == ("turn_5", "measured")
    said = words(RULE, [finding])
    assert said.title == "Button.tsx edited in 4 turns"
    assert said.what == '4 turns of "Fix header" edited Button.tsx, about $0.19 a round'
    assert said.sum_shown == "4 rounds cost $0.77; at most what came after the first ($0.32): $0.45"


def test_three_turns_or_four_edits_in_one_turn_are_none() -> None:
    assert not found(RULE, session(*(turn(call("0.30", EDIT)) for _ in range(3))))
    assert not found(RULE, session(turn(*(call("0.30", EDIT) for _ in range(4)))))


def test_failed_edits_reads_and_calls_without_a_turn_are_none() -> None:
    assert not found(RULE, session(*(turn(call("0.30", EDIT.replace("edit", "edit!"))) for _ in range(4))))
    assert not found(RULE, session(*(turn(call("0.30", EDIT.replace("edit", "read"))) for _ in range(4))))
    assert not found(RULE, session(*(turn(call("0.30", EDIT), id="") for _ in range(4))))


def test_the_threshold_is_a_setting_and_off_is_off() -> None:
    work = session(*(turn(call("0.30", EDIT)) for _ in range(3)))
    assert len(found(RULE, work, redesign_rounds=3)) == 1
    assert not found(RULE, work, redesign_rounds=0)


def test_loops_of_two_sessions_are_said_together() -> None:
    sessions = (session(*(turn(call("0.30", EDIT)) for _ in range(4)), id=id, title=id) for id in ("ses_1", "ses_2"))
    findings = [finding for work in sessions for finding in found(RULE, work)]
    assert {finding.key for finding in findings} == {"/home/dev/shop/src/Button.tsx"}
    assert words(RULE, findings).what.startswith('8 turns of "ses_1" and 1 more session edited Button.tsx')
