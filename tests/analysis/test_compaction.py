"""Where a /compact would have paid."""

from __future__ import annotations

from opencode_tui.analysis.compaction import best_compaction, growth_percent
from tests.support.work import KIMI, RATES, Written, call, session, turn


def grown(turns: int, step: int = 4_000, cost: str = "0.05") -> list[tuple[tuple[Written, ...], dict[str, object]]]:
    """Turns of one call; the context begins at 12,000, and what was read is in the cache at the next call."""
    calls = [
        call(cost, input=step if number else 12_000, cache_read=12_000 + step * (number - 1) if number else 0)
        for number in range(turns)
    ]
    return [turn(each) for each in calls]


def test_the_sum_of_the_best_place() -> None:
    best = best_compaction(session(*grown(60)).calls, RATES)
    assert best is not None
    place = int(best.turn_id.removeprefix("turn_")) - 1
    context = 12_000 + 4_000 * (place - 1)
    assert best.context == context
    assert best.dropped == (context - 12_000) * 75 // 100
    assert len(best.later) == 60 - place
    kept = context - best.dropped
    assert best.price_nano == context * 950 + 2_000 * 4_000 + kept * (950 - 160)
    paid = (min(best.dropped, max(0, each.tokens.cache_read - kept)) for each in best.later)
    plain = (min(best.dropped - max(0, each.tokens.cache_read - kept), 4_000) for each in best.later)
    assert best.carried_nano == sum(tokens * 160 for tokens in paid) + sum(max(0, tokens) * 950 for tokens in plain)
    assert best.net_nano > 0


def test_a_short_session_an_unknown_price_or_calls_for_free_have_none() -> None:
    assert best_compaction(session(*grown(8)).calls, RATES) is None
    assert best_compaction(session(*grown(60)).calls, {}) is None
    assert best_compaction(session(*grown(60, cost="0")).calls, RATES) is None
    assert best_compaction((), RATES) is None


def test_one_turn_has_no_place_for_it() -> None:
    (calls,) = session(turn(*(each for (each,), _ in grown(60)))).turns
    assert best_compaction(calls.calls, {KIMI: RATES[KIMI]}) is None


def test_growth_compares_the_last_quarter_with_the_first() -> None:
    assert growth_percent(session(turn(*(call(cost) for cost in ("0.10", "0.20", "0.30", "0.40")))).calls) == 400
    assert growth_percent(session(turn(call("0"), call("1"))).calls) == 0
    assert growth_percent(()) == 0
