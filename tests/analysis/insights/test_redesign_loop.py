"""One file edited in turn after turn."""

from __future__ import annotations

from opencode_tui.analysis.finding_parts import part_within
from opencode_tui.analysis.insight_order import by_cause, insights_of
from opencode_tui.analysis.insights.redesign_loop import RedesignLoop
from opencode_tui.clock import Span
from opencode_tui.records.insights import Finding
from tests.support.work import Written, call, found, session, turn, words

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
    assert said.sum_shown == "4 rounds cost $0.77, the first $0.32 of it; at most the other $0.45 could be saved"


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
    said = words(RULE, findings)
    assert said.what.startswith('8 turns of "ses_1" and 1 more session edited Button.tsx')
    assert said.sum_shown.startswith(
        "8 rounds cost $2.40, the first of each session $0.60 of it; at most the other $1.80"
    )


LOOP = session(*(turn(call("0.10", EDIT), call("0.05"), call("0.01")) for _ in range(5)))
COSTS = {each.id: (each.created_ms, each.cost_nano) for each in LOOP.calls}


def part(first: int, last: int) -> Finding | None:
    """The part of the loop from one of its calls to another, counted from 1."""
    times = [each.created_ms for each in LOOP.calls]
    (finding,) = found(RULE, LOOP)
    return part_within(finding, Span(times[first - 1], times[last - 1] + 1), COSTS)


def test_a_period_says_its_own_turns_of_a_loop_that_began_before() -> None:
    later = part(8, 15)
    assert later is not None
    assert (later.cost_nano, later.saves_nano, later.sure) == (38 * CENT, 38 * CENT, "measured")
    said = words(RULE, [later])
    assert said.title == "Button.tsx edited again in 3 turns"
    assert said.what == (
        '3 turns of "Fix header" edited Button.tsx again, about $0.13 a round, of 5 rounds in all, '
        "without what lies in other periods or in costlier insights"
    )
    assert said.sum_shown == "3 rounds cost $0.38, all after the first; at most that could be saved"


def test_a_period_that_ends_within_a_loop_says_its_turns_and_their_first() -> None:
    begun = part(1, 7)
    assert begun is not None
    assert (begun.cost_nano, begun.saves_nano, begun.sure) == (42 * CENT, 26 * CENT, "measured")
    said = words(RULE, [begun])
    assert said.title == "Button.tsx edited in 3 turns"
    assert said.sum_shown == "3 rounds cost $0.42, the first $0.16 of it; at most the other $0.26 could be saved"


def test_the_first_round_alone_is_no_loop_yet() -> None:
    assert part(1, 3) is None


def test_what_could_be_saved_is_said_to_be_the_most() -> None:
    (insight,) = insights_of(by_cause(found(RULE, LOOP), COSTS, {RULE.name: RULE}), {RULE.name: RULE}, Span(0, 1))
    assert (insight.saves_at_most, insight.saves_nano) == (True, 64 * CENT)


def feature(name: str, *more: str) -> tuple[Written, ...]:
    """A request of its own: two new files, and a line in a file that all of them add a line to."""
    files = [call("0.04", f"write src/{name}/{part}.ts") for part in ("view", "state")]
    return (*files, call("0.01", "edit locales/en.json", *more))


FEATURES = ("coupons", "wishlist", "reviews", "search", "export", "darkmode")


def test_new_requests_that_each_add_a_line_to_one_file_are_no_rounds_on_it() -> None:
    assert not found(RULE, session(*(turn(*feature(name)) for name in FEATURES)))
    assert not found(RULE, session(*(turn(*feature(name, "edit CHANGELOG.md")) for name in FEATURES)))
    line = call("0.01", "edit locales/en.json")
    assert not found(RULE, session(*(turn(call("0.04", f"write src/{name}.ts"), line) for name in FEATURES)))


def test_only_the_turns_that_are_about_the_file_are_rounds_of_it() -> None:
    about = (call("0.20", EDIT), call("0.05", EDIT, "edit src/theme.ts"))
    work = session(*(turn(*about) for _ in range(4)), turn(*feature("coupons", EDIT)))
    (finding,) = found(RULE, work)
    assert (finding.cost_nano, finding.saves_nano, finding.figures["rounds"]) == (100 * CENT, 75 * CENT, 4)
    assert not found(RULE, session(*(turn(*about) for _ in range(3)), turn(*feature("coupons", EDIT))))


def test_files_that_are_edited_together_each_time_have_the_same_rounds() -> None:
    together = call("0.20", EDIT, "edit src/Button.css", "edit src/Button.test.tsx")
    findings = found(RULE, session(*(turn(together) for _ in range(5))))
    assert {(finding.cost_nano, finding.saves_nano) for finding in findings} == {(100 * CENT, 80 * CENT)}
    assert findings[0].figures["file"] == "/home/dev/shop/src/Button.tsx"
