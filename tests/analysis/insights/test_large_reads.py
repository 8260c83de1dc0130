"""A large file read raw in turn after turn."""

from __future__ import annotations

from typing import Any

from opencode_tui.analysis.insights.large_reads import LargeReads
from tests.support.work import GLM, OPUS, call, found, session, turn, words

RULE = LargeReads()
READ = "read src/generated/api.ts"


def rounds(count: int, tokens: int, use: str = READ, **after: Any) -> list[Any]:
    """Turns that each read a file of so many tokens; the context starts at 20,000 and each answer has 100."""
    return [
        turn(
            call("0.02", use, input=1000, cache_read=19_000),
            call("0.10", input=tokens + 100, cache_read=20_000, **after),
            call("0.01", input=100, cache_read=20_100 + tokens),
        )
        for _ in range(count)
    ]


def test_a_file_of_30000_tokens_read_in_three_turns_costs_its_tokens_three_times() -> None:
    (finding,) = found(RULE, session(*rounds(3, 30_000)))
    assert finding.cost_nano == 3 * 30_000 * 950
    assert finding.saves_nano == 2 * 30_000 * 950
    assert finding.sure == "estimated"
    assert finding.calls == tuple(f"ses_1.c{number}" for number in (2, 5, 8))
    said = words(RULE, [finding])
    assert said.title == "api.ts read whole 3 times"
    assert said.what == '"Fix header" read api.ts 3 times, about 30k tokens each time'
    assert said.sum_shown.startswith("90k tokens when first read: $0.09; ")


def test_a_file_that_commands_showed_was_read_as_well() -> None:
    (finding,) = found(RULE, session(*rounds(3, 12_000, "bash cat < src/generated/api.ts")))
    assert (finding.cost_nano, finding.saves_nano) == (3 * 12_000 * 950, 2 * 12_000 * 950)
    for use in ("bash cat < src/a.ts < src/b.ts", "bash rg < src/a.ts", "bash cat; npm test < src/a.ts", "bash cat"):
        assert not found(RULE, session(*rounds(3, 12_000, use))), use


def test_a_smaller_file_two_turns_or_a_search_are_none() -> None:
    assert not found(RULE, session(*rounds(3, 9_999)))
    assert len(found(RULE, session(*rounds(3, 9_999)), large_read_tokens=9_999)) == 1
    assert not found(RULE, session(*rounds(2, 30_000)))
    assert not found(RULE, session(*rounds(3, 30_000, "grep src")))
    assert not found(RULE, session(*rounds(3, 30_000, READ.replace("read", "read!"))))
    assert not found(RULE, session(*rounds(3, 30_000)), large_read_tokens=0)


def test_two_reads_in_one_turn_are_of_one_turn() -> None:
    (twice, _), (once, _) = rounds(2, 30_000)
    assert not found(RULE, session(turn(*twice, *twice), turn(*once), turn(call("0.01"))))


def test_growth_that_another_model_or_a_price_unknown_made_is_none() -> None:
    assert not found(RULE, session(*rounds(3, 30_000, model=GLM)))
    assert not found(RULE, session(*rounds(3, 30_000, agent="compaction")))
    assert not found(RULE, session(*rounds(3, 30_000), rates={}))


def test_no_read_costs_more_than_the_call_that_it_came_with() -> None:
    turns = [
        turn(call("0", READ, input=20_000), call("0.001", input=30_000, cache_read=20_100), call("0.01"))
        for _ in range(3)
    ]
    (finding,) = found(RULE, session(*turns))
    assert finding.cost_nano == 3_000_000


def test_tokens_that_went_into_the_cache_cost_what_writing_it_does() -> None:
    turns = [
        turn(
            call("0.02", READ, input=10, cache_read=20_000, model=OPUS),
            call("0.30", input=10, cache_read=20_010, cache_write=30_100, model=OPUS),
        )
        for _ in range(3)
    ]
    (finding,) = found(RULE, session(*turns))
    assert (finding.cost_nano, finding.saves_nano) == (3 * 30_010 * 6250, 2 * 30_010 * 6250)
