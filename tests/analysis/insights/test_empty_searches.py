"""Searches that find next to nothing."""

from __future__ import annotations

from opencode_tui.analysis.insights.empty_searches import EmptySearches
from opencode_tui.analysis.session_signs import signs_of
from tests.support.work import GLM, Written, call, found, session, turn, words

RULE = EmptySearches()
CENT = 10_000_000


def searches(count: int, grown: int, use: str = "grep src") -> list[Written]:
    """Calls that each search, after which the context grows by so many tokens beside the answer of 100, and an end."""
    sizes = [20_000 + number * (100 + grown) for number in range(count + 1)]
    return [call("0.05", *([use] if number < count else []), input=size) for number, size in enumerate(sizes)]


def test_four_searches_after_which_the_context_hardly_grew() -> None:
    (finding,) = found(RULE, session(turn(*searches(4, 12))))
    assert (finding.cost_nano, finding.saves_nano) == (20 * CENT, 15 * CENT)
    assert (finding.calls, finding.sure) == (tuple(f"ses_1.c{number}" for number in (1, 2, 3, 4)), "estimated")
    said = words(RULE, [finding])
    assert said.title == "4 searches that found next to nothing"
    assert said.sum_shown == "4 calls cost $0.20; without the first of each row: $0.15"


def test_searches_that_said_that_they_found_nothing_are_measured_wherever_they_stand() -> None:
    def asks(cost: str, *uses: str) -> Written:
        return call(cost, *uses, input=90_000)

    first = turn(asks("0.051", "grep0"), asks("0.052", "grep src"), asks("0.053", "glob0", "grep0"), asks("0.01"))
    second = turn(asks("0.054", "glob0"), asks("0.055", "grep0", "read src/a.ts"), asks("0.056", "grep0"))
    (finding,) = found(RULE, session(first, second))
    assert (finding.cost_nano, finding.sure) == (51_000_000 + 53_000_000 + 54_000_000 + 56_000_000, "measured")
    assert finding.saves_nano == 53_000_000 + 56_000_000, "each turn may search once in vain"
    said = words(RULE, [finding])
    assert said.title == "4 searches that found nothing"
    assert said.what == '4 calls of "Fix header" did nothing but search, and found nothing: $0.21'
    assert said.sum_shown == "4 calls cost $0.21; without the first of each turn: $0.11"
    assert not found(RULE, session(first, turn(asks("0.054", "glob0"))))
    assert signs_of(session(first, second), ()).searches == 6, "those that found nothing, of all turns"
    assert signs_of(session(turn(*searches(4, 12)), turn(*searches(3, 12))), ()).searches == 4, "the most of one turn"


def test_commands_that_only_searched_say_by_their_exit_code_that_they_found_nothing() -> None:
    def asks(*uses: str) -> Written:
        return call("0.051", *uses, input=90_000)

    four = turn(asks("bash! rg"), asks("bash! grep"), asks("bash! git grep", "grep0"), asks("bash! rg"), asks())
    (finding,) = found(RULE, session(four))
    assert (finding.cost_nano, finding.saves_nano, finding.sure) == (4 * 51_000_000, 3 * 51_000_000, "measured")
    assert signs_of(session(four), ()).searches == 5
    for other in ("bash rg", "bash! rg; npm test", "bash! npm test", "bash? rg", "bash! cat"):
        assert not found(RULE, session(turn(*(asks(other) for _ in range(9)), asks()))), other


def test_one_match_is_more_than_nothing_and_three_are_too_few() -> None:
    assert not found(RULE, session(turn(*searches(4, 25))))
    assert not found(RULE, session(turn(*searches(3, 12))))
    assert len(found(RULE, session(turn(*searches(3, 12))), empty_searches=3)) == 1
    assert not found(RULE, session(turn(*searches(4, 12))), empty_searches=0)


def test_a_read_in_between_other_tools_and_a_context_that_fell_are_none() -> None:
    two = searches(3, 12)[:2]
    assert not found(RULE, session(turn(*two, call("0.05", "read src/a.ts", input=30_000), *searches(2, 12))))
    assert not found(RULE, session(turn(*searches(6, 12, "glob src"))))
    assert not found(RULE, session(turn(*searches(6, 12, "bash npm test"))))
    assert not found(RULE, session(turn(*searches(6, -50))))
    *four, last = searches(4, 12)
    assert not found(RULE, session(turn(*four, call("0.05", input=20_448, model=GLM))))
    assert last.fields["tokens"].input == 20_448
