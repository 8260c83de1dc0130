"""How much of a model's cache the calls read."""

from __future__ import annotations

from opencode_tui.analysis.cache_use import CacheUse, cache_misses, cache_saved_nano, cache_uses, extra_nano
from tests.support.work import KIMI, OPUS, RATES, Written, call, session, turn


def uses(*calls: Written) -> list[CacheUse]:
    return list(cache_uses(session(turn(*calls)).calls))


def test_what_was_read_or_written_before_is_held() -> None:
    first, second = uses(
        call(input=50_000),
        call(input=2_000, cache_read=50_000),
        call(input=3_000, cache_read=20_000, cache_write=31_000),
    )
    assert (first.held, first.lost, first.is_miss, first.hit_percent) == (0, 0, False, 100)
    assert (second.held, second.lost, second.is_miss, second.hit_percent) == (50_000, 30_000, True, 38)


def test_a_pause_begins_when_the_cache_was_last_used() -> None:
    (use,) = uses(call(input=50_000), call(input=51_000, pause_s=400))
    assert use.pause_ms == 400_000


def test_a_context_that_fell_another_model_and_asides_are_no_loss() -> None:
    held = call(input=1_000, cache_read=50_000)
    assert not uses(held, call(input=20_000))
    assert not uses(held, call(input=60_000, model=OPUS))
    assert not uses(held, call(input=60_000, agent="compaction"))
    assert not uses(held, call("0", input=60_000))


def test_the_cache_of_a_model_is_known_across_calls_of_another() -> None:
    (use,) = uses(call(input=1_000, cache_read=50_000), call(input=52_000, model=OPUS), call(input=53_000))
    assert (use.before.model, use.lost) == (KIMI, 50_000)


def test_a_few_lost_tokens_are_no_miss() -> None:
    (few,) = uses(call(cache_read=9_000), call(input=11_000))
    (part,) = uses(call(cache_read=50_000), call(input=21_000, cache_read=30_000))
    assert (few.lost, few.is_miss, part.lost, part.is_miss) == (9_000, False, 20_000, False)


def test_misses_are_those_uses_that_are_one() -> None:
    calls = session(turn(call(cache_read=50_000), call(input=51_000), call(input=21_000, cache_read=31_000))).calls
    assert list(cache_misses(calls)) == [use for use in cache_uses(calls) if use.is_miss] != []


def test_lost_tokens_cost_the_difference_of_the_rates_of_writes_first() -> None:
    (plain,) = session(turn(call("1", input=60_000))).calls
    assert extra_nano(plain, 50_000, RATES[KIMI]) == 50_000 * (950 - 160)
    (written,) = session(turn(call("1", input=60_000, cache_write=20_000, model=OPUS))).calls
    assert extra_nano(written, 50_000, RATES[OPUS]) == 20_000 * 6_250 + 30_000 * 5_000 - 50_000 * 500
    (cheap,) = session(turn(call("0.001", input=60_000))).calls
    assert extra_nano(cheap, 50_000, RATES[KIMI]) == 1_000_000


def test_what_the_cache_saved() -> None:
    (paid,) = session(turn(call("1", cache_read=50_000))).calls
    (unpaid,) = session(turn(call("0", cache_read=50_000))).calls
    assert cache_saved_nano(paid, RATES[KIMI]) == 50_000 * (950 - 160)
    assert cache_saved_nano(unpaid, RATES[KIMI]) == 0
