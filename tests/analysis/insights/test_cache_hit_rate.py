"""A cache that keeps less and less."""

from __future__ import annotations

from opencode_tui.analysis.insights.cache_hit_rate import CacheHitRate
from tests.support.work import Written, call, found, session, turn, words

RULE = CacheHitRate()
CENT = 10_000_000


def calls(count: int, percent: int, start: int = 40_000, pause_s: int = 60) -> list[Written]:
    """Calls that each read this share of the context of the one before, which is always as large."""
    return [
        call("0.03", input=start - start * percent // 100, cache_read=start * percent // 100, pause_s=pause_s)
        for _ in range(count)
    ]


def test_a_hit_rate_that_fell_from_90_to_60_percent() -> None:
    work = session(turn(call("0.04", input=40_000), *calls(9, 90), *calls(9, 60)))
    (finding,) = found(RULE, work)
    assert (finding.cost_nano, finding.sure) == (18 * CENT, "measured")
    assert finding.calls == tuple(f"ses_1.c{number}" for number in range(14, 20))
    assert finding.saves_nano == 6 * 12_000 * (950 - 160)
    said = words(RULE, [finding])
    assert said.what == (
        'in "Fix header" the cache gave 90% of the conversation at first and 60% in the last 6 calls, which cost $0.18'
    )
    assert said.sum_shown == "at the first hit rate the last 6 calls would have cost $0.06 less than $0.18"


def test_a_smaller_drop_fewer_calls_or_much_new_input_are_none() -> None:
    assert not found(RULE, session(turn(call("0.04", input=40_000), *calls(9, 90), *calls(9, 66))))
    assert not found(RULE, session(turn(call("0.04", input=40_000), *calls(8, 90), *calls(8, 60))))
    grown = [call("0.05", input=40_000, cache_read=40_000 * number) for number in range(19)]
    assert not found(RULE, session(turn(*grown)))


def test_misses_after_pauses_are_left_to_their_own_rule() -> None:
    first = call("0.04", input=40_000), *calls(9, 90)
    assert not found(RULE, session(turn(*first, *calls(9, 60, pause_s=900))))
    assert not found(RULE, session(turn(*first, *calls(9, 10))))


def test_a_short_conversation_is_none() -> None:
    assert not found(RULE, session(turn(call("0.01", input=9_000), *calls(9, 90, 9_000), *calls(9, 60, 9_000))))


def test_the_setting_counts() -> None:
    work = session(turn(call("0.04", input=40_000), *calls(9, 90), *calls(9, 60)))
    assert not found(RULE, work, cache_hit_drop=31)
    assert not found(RULE, work, cache_hit_drop=0)
