"""The same part of a file read again and again."""

from __future__ import annotations

from opencode_tui.analysis.insights.identical_calls import IdenticalCalls
from opencode_tui.analysis.insights.repeated_reads import RepeatedReads
from tests.support.work import call, found, session, turn, words

RULE = RepeatedReads()
CENT = 10_000_000
READ = "read#7 /home/dev/shop/db/schema.sql"


def test_four_reads_cost_their_calls_and_all_but_the_first_were_not_needed() -> None:
    work = session(
        turn(call("0.05", READ), call("0.02", "grep src"), call("0.06", READ)),
        turn(call("0.07", READ, "read#1 src/other.ts"), call("0.01", "bash git status")),
        turn(call("0.08", READ)),
    )
    (finding,) = found(RULE, work)
    assert finding.calls == ("ses_1.c1", "ses_1.c3", "ses_1.c4", "ses_1.c6")
    assert (finding.cost_nano, finding.saves_nano, finding.sure) == (26 * CENT, 21 * CENT, "measured")
    said = words(RULE, [finding])
    assert said.title == "schema.sql read 4 times"
    assert said.what.startswith('4 calls of "Fix header" did nothing but look, and read schema.sql')
    assert said.sum_shown.endswith("cost $0.26, the first of each row of reads $0.05 of it; the others $0.21")


def test_an_edit_of_the_file_in_between_makes_it_new() -> None:
    two = (call("0.05", READ), call("0.05", READ))
    assert len(found(RULE, session(turn(*two, *two)))) == 1
    for change in ("edit /home/dev/shop/db/schema.sql", "apply_patch src/other.ts", "bash sed", "bash git checkout"):
        assert not found(RULE, session(turn(*two, call("0.01", change), *two))), change
    for harmless in ("edit src/other.ts", "edit! /home/dev/shop/db/schema.sql", "bash npm test", "bash git status"):
        assert len(found(RULE, session(turn(*two, call("0.01", harmless), *two)))) == 1, harmless


def test_a_compaction_in_between_takes_away_what_was_read() -> None:
    two = (call("0.05", READ), call("0.05", READ))
    assert not found(RULE, session(turn(*two, call("0.03", agent="compaction"), *two)))


def test_other_parts_of_the_file_failed_reads_and_reads_beside_work_are_none() -> None:
    assert not found(RULE, session(turn(*(call("0.05", READ.replace("7", str(part))) for part in range(9)))))
    assert not found(RULE, session(turn(*(call("0.05", READ.replace("read", "read!")) for _ in range(9)))))
    assert not found(RULE, session(turn(*(call("0.05", READ, "edit src/other.ts") for _ in range(9)))))


SHOWN = "bash#7 sed < /home/dev/shop/db/schema.sql"


def test_a_command_that_shows_the_file_reads_it() -> None:
    """Such as `sed -n 1,200p schema.sql`, the same lines each time."""
    run = tuple(call(cost, SHOWN) for cost in ("0.05", "0.06", "0.07", "0.08"))
    work = session(turn(*run, call("0.01", "bash cat > src/other.ts")))
    (finding,) = found(RULE, work)
    assert (finding.cost_nano, finding.saves_nano, finding.sure) == (26 * CENT, 21 * CENT, "measured")
    assert words(RULE, [finding]).title == "schema.sql read 4 times"


def test_other_lines_of_it_searches_and_commands_that_do_more_are_none() -> None:
    assert not found(RULE, session(turn(*(call("0.05", SHOWN.replace("#7", f"#{part}")) for part in range(9)))))
    for other in ("bash#7 rg", "bash#7 cat; npm test", "bash#7 cat && sed -i", "bash#7 awk", "bash sed", "bash!#7 sed"):
        use = f"{other} < /home/dev/shop/db/schema.sql"
        assert not found(RULE, session(turn(*(call("0.05", use) for _ in range(9))))), other


def test_a_log_that_a_command_shows_again_and_again_is_one_that_is_waited_for() -> None:
    tail = "bash#7 tail < /home/dev/shop/logs/app.log"
    waits = session(turn(*(call("0.05", tail) for _ in range(5))))
    assert not found(RULE, waits)
    assert [each.cost_nano for each in found(IdenticalCalls(), waits)] == [25 * CENT]


def test_an_edit_ends_a_row_of_commands_but_a_command_that_shows_another_file_does_not() -> None:
    two = (call("0.05", SHOWN), call("0.05", SHOWN))
    for change in ("edit /home/dev/shop/db/schema.sql", "bash sed -i", "bash cat >", "bash sed"):
        assert not found(RULE, session(turn(*two, call("0.01", change), *two))), change
    for use in (SHOWN, READ):
        two = (call("0.05", use), call("0.05", use))
        assert len(found(RULE, session(turn(*two, call("0.01", "bash cat < src/other.ts"), *two)))) == 1


def test_three_are_none_unless_the_setting_says_so() -> None:
    work = session(turn(*(call("0.05", READ) for _ in range(3))))
    assert not found(RULE, work)
    assert len(found(RULE, work, repeated_reads=3)) == 1
    assert not found(RULE, work, repeated_reads=0)


def test_runs_on_both_sides_of_an_edit_are_one_finding() -> None:
    four = tuple(call("0.05", READ) for _ in range(4))
    (finding,) = found(RULE, session(turn(*four, call("0.30", "edit /home/dev/shop/db/schema.sql"), *four)))
    assert (finding.cost_nano, finding.saves_nano) == (40 * CENT, 30 * CENT)
