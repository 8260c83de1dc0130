"""What undone calls, deleted sessions and forks cost."""

from __future__ import annotations

from opencode_tui.analysis.insights.deleted_sessions import DeletedSessions
from opencode_tui.analysis.insights.forks import Forks
from opencode_tui.analysis.insights.undone_calls import UndoneCalls
from tests.support.periods import found_in, period, share
from tests.support.work import words

CENT = 10_000_000
WORK = period(
    (
        share("ses_1", "6.00", undone_nano=50 * CENT, undone_calls=3),
        share("ses_2", "2.00", is_deleted=True, undone_nano=25 * CENT, undone_calls=1),
        share("ses_3", "1.50", fork_of="ses_1", inherited_nano=90 * CENT),
        share("ses_5", "0.50", copied_calls=2),
        share("ses_4", "0.00", fork_of="ses_1", is_deleted=True),
    )
)


def test_undone_calls_are_paid_and_given_away() -> None:
    findings = found_in(UndoneCalls(), WORK)
    assert [(f.session_id, f.cost_nano, f.saves_nano) for f in findings] == [
        ("ses_1", 50 * CENT, 50 * CENT),
        ("ses_2", 25 * CENT, 25 * CENT),
    ]
    said = words(UndoneCalls(), findings)
    assert said.what == ('4 calls of "Title of ses_1" and 1 more session were undone: $0.75, which stays spent')
    assert not found_in(UndoneCalls(), WORK, undone_share=8)


def test_deleted_sessions_count_without_what_was_undone_and_save_nothing_for_sure() -> None:
    (finding,) = found_in(DeletedSessions(), WORK)
    assert (finding.session_id, finding.cost_nano, finding.saves_nano) == ("ses_2", 175 * CENT, 0)
    assert words(DeletedSessions(), [finding]).what == ('"Title of ses_2", 1 deleted session with 9 calls, cost $1.75')
    assert not found_in(DeletedSessions(), WORK, deleted_share=18)


def test_forks_cost_their_own_calls() -> None:
    findings = found_in(Forks(), WORK, fork_share=20)
    assert [(each.session_id, each.cost_nano, each.saves_nano) for each in findings] == [
        ("ses_3", 150 * CENT, 0),
        ("ses_5", 50 * CENT, 0),
    ]
    assert words(Forks(), findings).sum_shown == (
        "$2.00, the sum of their own calls; the $0.90 of the calls that they copied is not paid again"
    )
    assert not found_in(Forks(), WORK, fork_share=21)
    assert not found_in(Forks(), WORK)


def test_a_period_without_any_has_none() -> None:
    for rule in (UndoneCalls(), DeletedSessions(), Forks()):
        assert not found_in(rule, period((share(),)))
        assert not found_in(rule, period())
