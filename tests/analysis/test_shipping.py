"""Whose commit it is, and what commits cost."""

from __future__ import annotations

from opencode_tui.analysis.shipping import AFTER_MS, caused_by, shipped_by_git
from opencode_tui.money import NANO
from opencode_tui.records.shipped import Commit, GitHistory, PaidCall
from tests.support.watched import NOON

KIMI, OPUS = "opencode/kimi-k2.6", "anthropic/claude-opus-4-5"
MINUTE = 60_000


def call(minute: int, session: str = "ses_1", model: str = KIMI, usd: int = 1) -> PaidCall:
    return PaidCall(NOON + minute * MINUTE, session, model, usd * NANO)


def commit(minute: int, **fields: object) -> Commit:
    return Commit(**{"id": f"c{minute}", "at_ms": NOON + minute * MINUTE, "added": 10, "removed": 0, **fields})  # type: ignore[arg-type]


def test_a_commit_belongs_to_the_last_call_before_it() -> None:
    calls = [call(0), call(5, "ses_2"), call(10)]
    assert caused_by(commit(4), calls) == calls[0]
    assert caused_by(commit(5), calls) == calls[1]
    assert caused_by(commit(30), calls) == calls[2]
    assert caused_by(commit(-1), calls) is None
    assert caused_by(commit(10 + AFTER_MS // MINUTE), calls) == calls[2]
    assert caused_by(commit(11 + AFTER_MS // MINUTE), calls) is None
    assert caused_by(commit(1), []) is None


def test_a_session_has_its_own_commits_and_what_became_of_them() -> None:
    calls = [call(0), call(5, "ses_2", usd=7), call(10, model=OPUS, usd=4)]
    history = GitHistory(
        (
            *(commit(1, standing=6), commit(2, state="reverted"), commit(3, state="abandoned")),
            *(commit(6, standing=10), commit(11, standing=3), commit(12)),
        )
    )
    shipped = shipped_by_git([(calls, history)], lambda each: each.session_id == "ses_1")
    assert shipped.spend_nano == 5 * NANO
    assert (shipped.commits, shipped.kept, shipped.reverted, shipped.abandoned) == (5, 3, 1, 1)
    assert (shipped.added, shipped.aged, shipped.standing, shipped.too_young) == (50, 20, 9, 1)
    assert [(each.model, each.spend_nano, each.commits, each.standing) for each in shipped.by_model] == [
        (OPUS, 4 * NANO, 2, 3),
        (KIMI, 1 * NANO, 1, 6),
    ]


def test_a_project_that_git_does_not_know_counts_in_no_price() -> None:
    known, unknown = ([call(0)], GitHistory((commit(1, standing=5),))), ([call(0, usd=9)], GitHistory(trouble="no git"))
    shipped = shipped_by_git([known, unknown, unknown], lambda _: True)
    assert (shipped.spend_nano, shipped.kept, shipped.troubles) == (NANO, 1, ("no git",))
