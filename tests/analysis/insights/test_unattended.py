"""What was spent with nobody there, and by automation."""

from __future__ import annotations

from opencode_tui.analysis.insights.automation import Automation
from opencode_tui.analysis.insights.unattended import AwayFromKeyboard
from opencode_tui.records.calls import Tokens
from opencode_tui.records.work import PeriodWork, QuarterShare
from tests.support.periods import found_in, period, quarter, share
from tests.support.work import OPUS, words

AWAY, RUNS = AwayFromKeyboard(), Automation()
SESSIONS = (
    share(),
    share("ses_a", parent_id="ses_1", kind_of_use="subagent"),
    share("ses_run", kind_of_use="opencode run"),
    share("ses_below", parent_id="ses_run", kind_of_use="subagent"),
)


def week(*quarters: QuarterShare) -> PeriodWork:
    return period(SESSIONS, sorted(quarters, key=lambda each: each.start_ms))


def left_alone(*quarters: QuarterShare) -> PeriodWork:
    return period(SESSIONS, quarters, alone=quarters)


def test_what_ran_long_after_the_last_prompt() -> None:
    work = left_alone(
        quarter("23:00", "0.20"),
        quarter("23:07", "0.30"),
        quarter("+1 3:00", "0.40", id="ses_a"),
    )
    findings = found_in(AWAY, work)
    assert [(f.session_id, f.cost_nano) for f in findings] == [("ses_1", 500_000_000), ("ses_a", 400_000_000)]
    assert findings[0].last_ms == quarter("23:15").start_ms
    said = words(AWAY, findings)
    assert said.title == "$0.90 spent long after the last prompt"
    assert said.what == (
        '6 calls of "Title of ses_1" and 1 more session were made 60 minutes and more after the last prompt in any '
        "session: $0.90, $0.40 of it between 0:00 and 6:00"
    )
    assert said.sum_shown == "$0.90, the sum of those calls; what of it was wanted only you know"
    assert "made 30 minutes and more" in words(AWAY, found_in(AWAY, work, unattended_minutes=30)).what
    assert not found_in(AWAY, work, unattended_minutes=0)


def test_runs_are_no_ones_absence_nor_are_their_subagents() -> None:
    work = left_alone(
        quarter("21:45", "0.40", id="ses_run"), quarter("22:00", "0.10", id="ses_below"), quarter("22:00", "0.20")
    )
    assert [(f.session_id, f.cost_nano) for f in found_in(AWAY, work)] == [("ses_1", 200_000_000)]


def test_where_somebody_was_there_all_the_time_there_is_none() -> None:
    assert not found_in(AWAY, week(quarter("9:00", "0.30")))
    assert not found_in(AWAY, period())


def test_automation_is_set_beside_what_people_spent() -> None:
    work = week(quarter("9:00", "0.70"), quarter("9:00", "0.20", id="ses_run"), quarter("9:15", "0.10", id="ses_below"))
    findings = found_in(RUNS, work)
    assert [(f.session_id, f.cost_nano) for f in findings] == [("ses_below", 100_000_000), ("ses_run", 200_000_000)]
    said = words(RUNS, findings)
    assert said.title == "30% spent by automation"
    assert said.what.endswith("were made for `opencode run` or CI: $0.30, beside $0.70 for people")
    assert not found_in(RUNS, work, automation_share=31)
    assert not found_in(RUNS, work, automation_share=0)


def test_a_machine_that_only_runs_automation_and_one_without_it_are_none() -> None:
    assert not found_in(RUNS, week(quarter("9:00", id="ses_run")))
    (nightly,) = found_in(RUNS, week(quarter("3:00", id="ses_run")))
    assert words(RUNS, [nightly]).what.endswith("$0.10, $0.10 of it between 0:00 and 6:00, beside $0.00 for people")
    assert not found_in(RUNS, week(quarter("9:00")))
    assert not found_in(RUNS, week())


def test_what_nobody_waits_for_is_priced_on_the_cheaper_model() -> None:
    tokens = Tokens(input=40_000, output=2000)
    work = week(quarter("9:00", "0.70"), quarter("9:00", "0.25", id="ses_run", model=OPUS, tokens=tokens))
    (finding,) = found_in(RUNS, work)
    assert finding.saves_nano == 250_000_000 - (40_000 * 950 + 2000 * 4000)
    assert (
        words(RUNS, [finding]).sum_shown == "$0.25, the sum of those calls; $0.20 less for the same tokens on kimi-k2.6"
    )


def test_sessions_of_a_timer_cost_what_they_and_their_subagents_spent_at_night() -> None:
    night = (quarter("5:30", "0.20"), quarter("5:45", "0.300000001", id="ses_a"))
    day = (quarter("6:00", "0.40"), quarter("14:00", "0.80", id="ses_2"))
    shares = (*SESSIONS, share("ses_2"))
    work = period(shares, (*night, *day), timed=frozenset(("ses_1",)), alone=(night[1], day[1]))
    away, *timed = found_in(AWAY, work)
    assert (away.key, away.cost_nano) == ("away", 800_000_000), "what is a timer's counts there"
    assert [(each.key, each.cost_nano) for each in timed] == [("nights", 200_000_000), ("nights", 300_000_001)]
    said = words(AWAY, timed)
    assert said.title == "$0.50 spent at night, as by a timer"
    assert said.what == (
        '4 calls of "Title of ses_a" and 1 more session were made between 0:00 and 6:00 for one prompt each, with '
        "nobody who went on in any session: $0.50"
    )
    assert not found_in(AWAY, work, unattended_minutes=0)
