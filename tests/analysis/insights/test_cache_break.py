"""A prefix that broke."""

from __future__ import annotations

from opencode_tui.analysis.insights.cache_break import CacheBreak
from opencode_tui.analysis.insights.cache_pause import CachePause
from tests.support.work import call, found, session, turn, words

RULE = CacheBreak()
CENT = 10_000_000
KEPT = call("0.02", input=1_000, cache_read=60_000)
BROKEN = call("0.07", input=62_000)


def test_a_call_that_read_nothing_of_what_was_held_a_minute_before() -> None:
    work = session(turn(KEPT, BROKEN, KEPT), turn(BROKEN))
    (finding,) = found(RULE, work)
    assert finding.calls == ("ses_1.c2", "ses_1.c4")
    assert (finding.cost_nano, finding.sure) == (14 * CENT, "measured")
    assert finding.saves_nano == 2 * 60_000 * (950 - 160)
    said = words(RULE, [finding])
    assert said.title == "the cache of kimi-k2.6 broke 2 times"
    assert said.what == (
        'in "Fix header" 2 calls found 120k tokens no longer in the cache that were there minutes before: $0.14'
    )
    assert said.sum_shown == "120k tokens cost $0.09 more than from the cache, which saved $0.09 there"
    assert not found(CachePause(), work)


def test_a_break_at_a_change_of_agents_says_so() -> None:
    (finding,) = found(RULE, session(turn(KEPT), turn(call("0.07", input=62_000, agent="plan"))))
    said = words(RULE, [finding])
    assert (
        "60k tokens no longer in the cache that were there minutes before, just after another agent took over"
        in said.what
    )
    assert said.how == "switch between plan and build less often within a session"


def test_a_compaction_half_of_the_cache_and_a_short_prefix_are_none() -> None:
    assert not found(RULE, session(turn(KEPT, call("0.02", input=20_000))))
    assert not found(RULE, session(turn(KEPT, call("0.05", input=29_000, cache_read=32_000))))
    assert not found(RULE, session(turn(call("0.02", cache_read=19_000), call("0.03", input=21_000))))
    assert not found(RULE, session(turn(call("0.06", input=60_000), BROKEN)))


def test_the_setting_counts() -> None:
    work = session(turn(KEPT, BROKEN))
    assert len(found(RULE, work)) == 1
    assert not found(RULE, work, cache_break_tokens=60_001)
    assert not found(RULE, work, cache_break_tokens=0)
