"""Calls after a pause longer than the cache lives."""

from __future__ import annotations

from opencode_tui.analysis.insights.cache_break import CacheBreak
from opencode_tui.analysis.insights.cache_pause import CachePause
from tests.support.work import OPUS, Written, call, found, session, turn, words

RULE = CachePause()
CENT = 10_000_000
KEPT = call("0.02", input=1_000, cache_read=60_000)


def missed(pause_s: int, cost: str = "0.07") -> Written:
    return call(cost, input=62_000, pause_s=pause_s)


def test_the_first_call_after_a_pause_of_ten_minutes_lost_what_the_cache_held() -> None:
    work = session(turn(KEPT), turn(missed(600), KEPT), turn(missed(900, "0.08")))
    (finding,) = found(RULE, work)
    assert finding.calls == ("ses_1.c2", "ses_1.c4")
    assert (finding.cost_nano, finding.sure) == (15 * CENT, "measured")
    assert finding.saves_nano == 2 * 60_000 * (950 - 160)
    said = words(RULE, [finding])
    assert said.title == "2 pauses that outlived the cache of kimi-k2.6"
    assert said.what == (
        'in "Fix header" 2 calls came after a pause longer than the cache lives, and sent 120k tokens that were no'
        " longer in it: $0.15"
    )
    assert said.sum_shown == "120k tokens cost $0.09 more than from the cache, which saved $0.09 there"
    assert not found(CacheBreak(), work)


def test_a_pause_while_a_tool_ran_is_said() -> None:
    (finding,) = found(RULE, session(turn(KEPT, missed(600))))
    said = words(RULE, [finding]).what
    assert "1 call came after a pause longer than the cache lives while a tool ran, and sent" in said


def test_a_shorter_pause_or_a_cache_that_was_kept_is_none() -> None:
    assert not found(RULE, session(turn(KEPT), turn(missed(300))))
    assert not found(RULE, session(turn(KEPT), turn(call("0.02", input=2_000, cache_read=60_000, pause_s=3600))))
    assert not found(RULE, session(turn(KEPT), turn(call("0.02", input=12_000, pause_s=3600))))
    assert not found(RULE, session(turn(KEPT), turn(missed(600)), rates={}))


def test_a_model_that_never_cached_lost_nothing() -> None:
    assert not found(RULE, session(turn(call("0.06", input=60_000)), turn(missed(600))))


def test_models_are_told_apart_and_the_setting_counts() -> None:
    kept, lost = (
        call("0.10", input=1_000, cache_read=60_000, model=OPUS),
        call("0.40", cache_write=62_000, pause_s=600, model=OPUS),
    )
    work = session(turn(KEPT), turn(missed(600)), turn(kept), turn(lost))
    by_model = {finding.key: finding.saves_nano for finding in found(RULE, work)}
    assert by_model[OPUS] == 60_000 * (6_250 - 500) and len(by_model) == 2
    assert not found(RULE, work, cache_pause_minutes=30)
    assert not found(RULE, work, cache_pause_minutes=0)
    (longer,) = (each for each in found(RULE, work, cache_pause_minutes=9) if each.key == OPUS)
    assert words(RULE, [longer]).how.endswith("what belongs together is cheapest within 9 minutes")
